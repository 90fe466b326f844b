import * as client from 'openid-client';
import { VendorError } from '../../domain/errors.ts';
import { type RequestScope, scopeForWrites } from '../../domain/request.ts';
import type { VendorId } from '../../domain/vendor.ts';
import { answerIn, asVendorError } from './oauth-errors.ts';

/** Milliseconds for which a discovery document is taken to be current. */
const timeToLive = 60 * 60 * 1000;

/** The paths of section 2, used where the portal publishes no document or leaves one out. */
const documentedEndpoints = {
  authorization_endpoint: 'oauth/authorize',
  token_endpoint: 'oauth/token',
  revocation_endpoint: 'oauth/revoke',
  introspection_endpoint: 'oauth/introspect',
  userinfo_endpoint: 'oauth/userinfo',
  jwks_uri: 'oauth/discovery/keys',
} as const;

export const operationOfDiscovery = 'openid-configuration';

interface MetadataParts {
  vendor: VendorId;
  issuer: string;
  clientId: string;
  options: (scope: RequestScope) => client.DiscoveryRequestOptions;
  clock: () => number;
}

/** The portal's discovery document: fetched when first needed, shared, renewed after an hour. */
export function createMetadata({ vendor, issuer, clientId, options, clock }: MetadataParts) {
  let known: { metadata: client.ServerMetadata; at: number } | undefined;
  let running: Promise<client.ServerMetadata> | undefined;

  const refused = () =>
    new VendorError({ vendor, operation: operationOfDiscovery, kind: 'UNEXPECTED_SHAPE' });

  /** Fills what is missing and holds the rest to the portal's own origin: it gets secrets. */
  function complete(discovered: client.ServerMetadata): client.ServerMetadata {
    const base = issuer.replace(/\/*$/, '/');
    const metadata: Record<string, unknown> = { ...discovered };
    for (const [name, path] of Object.entries(documentedEndpoints)) {
      const address = metadata[name] ?? base + path;
      if (typeof address !== 'string' || !URL.canParse(address)) {
        throw refused();
      }
      if (new URL(address).origin !== new URL(issuer).origin) {
        throw refused();
      }
      metadata[name] = address;
    }
    return metadata as unknown as client.ServerMetadata;
  }

  async function discover(scope: RequestScope): Promise<client.ServerMetadata> {
    let metadata: client.ServerMetadata = { issuer };
    try {
      const found = await client.discovery(
        new URL(issuer),
        clientId,
        undefined,
        undefined,
        options(scope),
      );
      metadata = found.serverMetadata();
    } catch (error) {
      if (answerIn(error)?.status !== 404) {
        throw asVendorError(error, {
          vendor,
          operation: operationOfDiscovery,
          otherwise: { kind: 'UNEXPECTED_SHAPE' },
          clock,
        });
      }
    }
    // The library compares normalised URLs; an issuer is a string.
    if (metadata.issuer !== issuer) {
      throw refused();
    }
    known = { metadata: complete(metadata), at: clock() };
    return known.metadata;
  }

  /** @throws VendorError, after which the next caller tries again */
  return async function metadata(scope: RequestScope): Promise<client.ServerMetadata> {
    if (known && clock() - known.at < timeToLive) {
      return known.metadata;
    }
    const begun = running;
    if (begun) {
      try {
        return await begun;
      } catch {
        // Whoever began it may have had less time left: each waiter has a try of its own.
      }
    }
    // A caller that goes away must not end what others wait for.
    running ??= discover(scopeForWrites(scope)).finally(() => {
      running = undefined;
    });
    return await running;
  };
}
