import type { RequestScope } from '../../domain/request.ts';
import type { Capability, VendorAdapter } from '../../domain/vendor.ts';
import {
  credential,
  type ProbeParts,
  type VendorCheck,
  type VendorParts,
  type VendorProbe,
} from '../vendor-definition.ts';
import { createEnqueuedPortalCapabilities } from './adapter.ts';
import { createEnqueuedPortalClient } from './client.ts';

/** What both vendors offer. */
export const enqueuedPortalCapabilities = [
  'staffLinking',
  'profile',
  'portalRequests',
  'invitations',
  'directory',
] as const satisfies readonly Capability[];

/** The Basic user name: a colon would end it. */
export const portalUserName = (description: string) =>
  credential(description).refine((name) => !name.includes(':'), 'must not contain a colon');

/** One vendor's host and account, free of the names of its environment variables. */
export interface EnqueuedPortalSettings {
  label: string;
  /** Includes `/api/v1/`. */
  url: URL;
  username: string;
  password: string;
  /** Milliseconds per attempt; default 5 s for reads, 15 s for writes. */
  timeout: number | undefined;
  /** Default 16. */
  concurrency: number | undefined;
}

const connect = <Settings>(
  { transport: open }: Pick<ProbeParts<Settings>, 'transport'>,
  { url, timeout, concurrency, username, password }: EnqueuedPortalSettings,
) => {
  const transport = open({
    baseUrl: url,
    timeouts: { read: timeout ?? 5000, write: timeout ?? 15_000 },
    concurrency: concurrency ?? 16,
  });
  return { transport, client: createEnqueuedPortalClient(transport, { username, password }) };
};

/** MD HQ is Cerbo's former name: one contract, two hosts. */
export function createEnqueuedPortal<Settings>(
  parts: Pick<VendorParts<Settings>, 'id' | 'transport'>,
  settings: EnqueuedPortalSettings,
): VendorAdapter {
  const { id } = parts;
  const { transport, client } = connect(parts, settings);
  return {
    id,
    label: settings.label,
    health: () => transport.health(),
    ...createEnqueuedPortalCapabilities(id, client),
  };
}

/** `.invalid` is nobody's domain for good (RFC 2606), so the search is about no patient. */
const nobody = { email: 'nobody@portico.invalid', limit: 1, offset: 0 };

/** A search that finds nobody: there is no documented call that is about no patient at all. */
export function probeEnqueuedPortal<Settings>(
  parts: Pick<ProbeParts<Settings>, 'transport'>,
  settings: EnqueuedPortalSettings,
  variables: Omit<VendorCheck, 'run'>,
): VendorProbe {
  const { client } = connect(parts, settings);
  const run = async (scope: RequestScope) => {
    await client.searchPatients(scope, nobody);
  };
  return { checks: [{ ...variables, run }] };
}
