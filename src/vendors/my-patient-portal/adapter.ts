import { VendorError } from '../../domain/errors.ts';
import type { VendorAdapter, VendorId } from '../../domain/vendor.ts';
import { worse } from '../../http/gates.ts';
import type { ProbeParts, VendorParts, VendorProbe } from '../vendor-definition.ts';
import { createAppointmentBook } from './appointment-book.ts';
import { type Authorization, createAuthorization } from './auth.ts';
import { createFunnel } from './booking-funnel.ts';
import { type Client, createClient } from './client.ts';
import type { Settings } from './environment.ts';
import { claimsToProfile, toProfile } from './map.ts';
import { createOAuth } from './oauth.ts';
import { probePortal } from './probe.ts';

/** What the capabilities of this door share. */
export interface DoorParts {
  vendor: VendorId;
  authorization: Authorization;
  client: Client;
  clock: () => number;
  timeZone: string;
}

/** Last segment of the gateway's callback route; samedi registers the whole address. */
const callbackName = 'my-patient-portal';
/** Where the portal sends the browser back to, below the gateway's own address. */
export const callbackUrl = (publicUrl: URL) =>
  new URL(`${publicUrl.href.replace(/\/$/, '')}/oauth/${callbackName}/callback`);

/** Milliseconds: bookings were recorded at up to 1.8 s, reads at 0.25 s (section 7). */
const timeouts = { read: 5_000, write: 15_000 };
const concurrency = 20;

/** The ways to the portal, and what speaks over them. */
function connect(parts: ProbeParts<Settings>) {
  const { id: vendor, settings, clock } = parts;
  const issuer = settings.MY_PATIENT_PORTAL_ISSUER;
  const apiUrl = settings.MY_PATIENT_PORTAL_API_URL;
  const limit = settings.MY_PATIENT_PORTAL_TIMEOUT_MS;
  const limits = {
    timeouts: limit === undefined ? timeouts : { read: limit, write: limit },
    concurrency: settings.MY_PATIENT_PORTAL_CONCURRENCY ?? concurrency,
  };
  const resources = parts.transport({ ...limits, baseUrl: apiUrl });
  const shared = new URL(issuer).origin === apiUrl.origin;
  const authority = shared ? resources : parts.transport({ ...limits, baseUrl: new URL(issuer) });
  const oauth = createOAuth({
    vendor,
    issuer,
    clientId: settings.MY_PATIENT_PORTAL_CLIENT_ID,
    clientSecret: settings.MY_PATIENT_PORTAL_CLIENT_SECRET,
    redirectUri: callbackUrl(parts.publicUrl),
    transport: authority,
    clock,
  });
  return {
    oauth,
    client: createClient(resources, settings.MY_PATIENT_PORTAL_PATHS),
    health: () => (shared ? resources.health() : worse(resources.health(), authority.health())),
  };
}

/** What `portico doctor` asks of one portal. */
export function createProbe(parts: ProbeParts<Settings>): VendorProbe {
  const { oauth, client } = connect(parts);
  return probePortal(oauth, client);
}

/** A patient's profile, appointments and booking at one portal, on behalf of the patient. */
export function createAdapter(parts: VendorParts<Settings>, label: string): VendorAdapter {
  const { id: vendor, settings, clock } = parts;
  const { oauth, client, health } = connect(parts);
  const authorization = createAuthorization({ vendor, tokens: parts.tokens, oauth, clock });
  const timeZone = settings.MY_PATIENT_PORTAL_TIME_ZONE;
  const door: DoorParts = { vendor, authorization, client, clock, timeZone };

  return {
    id: vendor,
    label,
    health,

    /** The profile of the resource API, or userinfo where the portal does not serve one. */
    profile: async (scope, account) => {
      const call = { operation: 'profile', access: 'profile' } as const;
      return await authorization.withAccess(scope, account, call, async (token) => {
        try {
          return toProfile(vendor, await client.profile(scope, token));
        } catch (error) {
          if (error instanceof VendorError && error.kind === 'NOT_FOUND') {
            return claimsToProfile(vendor, await oauth.userinfo(scope, account, token));
          }
          throw error;
        }
      });
    },

    connection: {
      callbackName,
      begin: oauth.begin,
      finish: oauth.finish,
      revoke: authorization.revoke,
    },

    funnel: createFunnel(door),
    appointments: createAppointmentBook(door),
  };
}
