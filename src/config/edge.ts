import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { wholeNumber } from '../vendors/vendor-definition.ts';

/** What stands between the socket and the resolvers: limits, rates, proxies, documents. */

export const flag = z.enum(['true', 'false']).transform((word) => word === 'true');

const limit = (usual: number, most: number) => wholeNumber(1, most).default(usual);

/** `10.0.0.0/8, 192.0.2.7` as a list that addresses are checked against. */
const networks = z.string().transform((text, context) => {
  const list = new BlockList();
  for (const entry of text.split(',').map((part) => part.trim())) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    const length = prefix === undefined ? most : Number(prefix);
    if (family === 0 || !/^\d{1,3}$/.test(prefix ?? '0') || length > most) {
      context.addIssue({
        code: 'custom',
        message: 'must be a comma-separated list of addresses or networks such as 10.0.0.0/8',
      });
      return z.NEVER;
    }
    list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
});

export const edgeVariables = z.object({
  REQUEST_MAX_CONCURRENCY: limit(1000, 100_000),
  REQUEST_WRITE_RESERVE: limit(100, 100_000),
  EVENT_LOOP_LAG_MS: limit(20, 10_000),
  REQUEST_MAX_BYTES: limit(262_144, 16_777_216),
  REQUEST_MAX_BATCH: limit(1, 100),
  QUERY_MAX_LENGTH: limit(20_000, 1_000_000),
  QUERY_MAX_TOKENS: limit(1000, 100_000),
  QUERY_MAX_DEFINITIONS: limit(100, 1000),
  QUERY_MAX_DEPTH: limit(10, 100),
  QUERY_MAX_ALIASES: limit(30, 10_000),
  QUERY_MAX_DIRECTIVES: limit(50, 10_000),
  QUERY_MAX_ROOT_FIELDS: limit(30, 10_000),
  QUERY_MAX_MUTATIONS: limit(10, 1000),
  QUERY_MAX_VENDOR_CALLS: limit(1000, 1_000_000),
  QUERY_MAX_FIELDS: limit(50_000, 10_000_000),
  RATE_LIMIT_PER_MINUTE: wholeNumber(1, 10_000_000).optional(),
  AUTH_FAILURES_PER_MINUTE: limit(300, 1_000_000),
  INVITATIONS_PER_PATIENT_PER_DAY: limit(5, 10_000),
  PORTAL_ACCESS_PER_PATIENT_PER_DAY: limit(20, 10_000),
  SUBSCRIPTION_POLL_INTERVAL_MS: limit(60_000, 86_400_000),
  SUBSCRIPTION_CALLS_PER_MINUTE: limit(60, 100_000),
  SUBSCRIPTIONS_PER_CALLER: limit(10, 10_000),
  TRUSTED_PROXIES: networks.optional(),
  PERSISTED_DOCUMENTS: z.string().min(1).optional(),
  PERSISTED_DOCUMENTS_ONLY: flag.default(false),
});

/** Everybody is one caller in a sandbox, tools that try out a whole schema included. */
const sandboxRate = 60_000;

/** The same by subject, as the server takes it. */
export const edgeSettingsOf = (data: z.infer<typeof edgeVariables>, isSandbox: boolean) => ({
  /** What is in hand at once, see `createAdmission`. */
  admission: {
    most: data.REQUEST_MAX_CONCURRENCY,
    reserve: data.REQUEST_WRITE_RESERVE,
    targetLag: data.EVENT_LOOP_LAG_MS,
  },
  requestLimits: { bytes: data.REQUEST_MAX_BYTES, batch: data.REQUEST_MAX_BATCH },
  queryLimits: {
    length: data.QUERY_MAX_LENGTH,
    tokens: data.QUERY_MAX_TOKENS,
    definitions: data.QUERY_MAX_DEFINITIONS,
    depth: data.QUERY_MAX_DEPTH,
    aliases: data.QUERY_MAX_ALIASES,
    directives: data.QUERY_MAX_DIRECTIVES,
    rootFields: data.QUERY_MAX_ROOT_FIELDS,
    mutations: data.QUERY_MAX_MUTATIONS,
    vendorCalls: data.QUERY_MAX_VENDOR_CALLS,
    fields: data.QUERY_MAX_FIELDS,
  },
  rateLimits: {
    perMinute: data.RATE_LIMIT_PER_MINUTE ?? (isSandbox ? sandboxRate : 6000),
    authFailuresPerMinute: data.AUTH_FAILURES_PER_MINUTE,
  },
  /** Writes that one patient may be the subject of, within a day. */
  dailyWrites: {
    invitePatientToPortal: data.INVITATIONS_PER_PATIENT_PER_DAY,
    enablePortalAccess: data.PORTAL_ACCESS_PER_PATIENT_PER_DAY,
  },
  subscriptions: {
    pollInterval: data.SUBSCRIPTION_POLL_INTERVAL_MS,
    callsPerMinute: data.SUBSCRIPTION_CALLS_PER_MINUTE,
    perCaller: data.SUBSCRIPTIONS_PER_CALLER,
  },
  /** Undefined: none is trusted. */
  trustedProxies: data.TRUSTED_PROXIES,
  persistedDocuments: { file: data.PERSISTED_DOCUMENTS, only: data.PERSISTED_DOCUMENTS_ONLY },
});
