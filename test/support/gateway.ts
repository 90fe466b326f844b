import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { encodeOwnId } from '../../src/domain/ids.ts';
import type { VendorCallRecord } from '../../src/domain/request.ts';
import { type Gateway, openGateway } from '../../src/gateway.ts';
import { seed } from '../../src/sandbox/seed.ts';
import type { ReceivedCall } from '../../src/sandbox/simulator.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts';

/** A whole gateway over the sandbox, asked through the server's own fetch: no port of its own. */

export type Who = 'staff' | 'admin' | 'ana' | 'ben' | 'stranger';

const callers: Record<Who, { subject: string; roles: string[] }> = {
  staff: { subject: 'sandbox-staff', roles: ['STAFF'] },
  admin: { subject: 'sandbox-admin', roles: ['ADMIN'] },
  ana: { subject: 'sandbox-ana', roles: ['PATIENT'] },
  ben: { subject: 'sandbox-ben', roles: ['PATIENT'] },
  /** A PATIENT without a record. */
  stranger: { subject: 'sandbox-stranger', roles: ['PATIENT'] },
};

// biome-ignore lint/suspicious/noExplicitAny: answers are read by tests that assert what they find
export type Data = any;

export interface Answer {
  status: number;
  headers: Headers;
  data: Data;
  errors: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[];
  extensions: { vendorCalls: VendorCallRecord[] };
  /** The body as it was sent. */
  text: string;
}

export interface TestGateway {
  sandbox: Sandbox;
  /** Global ids of the sandbox's patients by first name, for example `ids.Ana`. */
  ids: Record<'Ana' | 'Ben' | 'Chloe' | 'David' | 'Emi', string>;
  publicUrl: URL;
  query(document: string, variables?: Record<string, unknown>, as?: Who): Promise<Answer>;
  /** For what is no query: other routes, other methods, other headers. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  token(who: Who): Promise<string>;
  /** `METHOD path` of the calls that the vendors got since the last `forget`, by vendor. */
  calls(vendor: keyof Sandbox['simulators']): ReceivedCall[];
  /** As `calls`, over all vendors, as `VENDOR METHOD path`, in no particular order between vendors. */
  allCalls(): string[];
  /** Ends faults and latency and forgets the calls of all vendors. */
  forget(): void;
  /** Everything that was logged, for leak checks. */
  logged(): string;
  close(): Promise<void>;
}

/** A gateway in this very process. */
export interface StartedGateway extends TestGateway {
  /** As `run.ts` hands it to Node's server. */
  listener: Gateway['listener'];
  /** The GraphQL server behind it. */
  server: Gateway['server'];
  /** For tests that need it to fail in its own way. */
  store: Gateway['store'];
  endStreams: Gateway['endStreams'];
  idle: Gateway['idle'];
}

export interface TestGatewayOptions {
  /** Added to, or with undefined removed from, what the sandbox says. */
  environment?: Record<string, string | undefined>;
  /** Milliseconds since the epoch; default the system's. */
  clock?: () => number;
  /** Default true. */
  seeded?: boolean;
  /** One that other gateways use as well; it is left open. Default its own. */
  sandbox?: Sandbox;
  encryptionKey?: Buffer;
}

export interface AskedThrough {
  sandbox: Sandbox;
  publicUrl: URL;
  fetch: (request: Request) => Promise<Response> | Response;
  seeded?: boolean;
  /** Milliseconds since the epoch; default the system's. */
  clock?: () => number;
  /** The register, where limits under test may be too small for a query, or forbid its document. */
  patients?: () => Promise<{ id: string; firstName: string }[]>;
}

/** What tests ask, through whatever takes requests: all but the log and the end of a `TestGateway`. */
export async function askThrough({
  sandbox,
  publicUrl,
  fetch: send,
  seeded = true,
  clock = Date.now,
  patients,
}: AskedThrough): Promise<Omit<TestGateway, 'logged' | 'close'>> {
  const tokens = new Map<string, Promise<string>>();
  const token = (who: Who) => {
    // Of this hour: they expire, and clocks of tests may leap.
    const key = `${who}/${Math.floor(clock() / 3_600_000)}`;
    const known = tokens.get(key) ?? sandbox.identityProvider.token(callers[who]);
    tokens.set(key, known);
    return known;
  };
  const fetch = async (path: string, init?: RequestInit) =>
    send(new Request(new URL(path, publicUrl), init));

  const query: TestGateway['query'] = async (document, variables = {}, as = 'staff') => {
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await token(as)}` },
      body: JSON.stringify({ query: document, variables }),
    });
    const text = await response.text();
    const body = JSON.parse(text);
    return {
      status: response.status,
      headers: response.headers,
      data: body.data,
      errors: body.errors ?? [],
      extensions: body.extensions,
      text,
    };
  };

  if (seeded) {
    await seed({ fetch: send, publicUrl, token: await token('staff') });
  }
  const listed = async () => {
    const { data } = await query('{ patients(first: 100) { nodes { id firstName } } }');
    return data.patients.nodes as { id: string; firstName: string }[];
  };
  const people = await (patients ?? listed)();
  const forget = () => {
    for (const simulator of Object.values(sandbox.simulators)) {
      simulator.clear();
    }
  };
  forget();
  return {
    sandbox,
    ids: Object.fromEntries(
      people.map(({ id, firstName }) => [firstName, id]),
    ) as TestGateway['ids'],
    publicUrl,
    query,
    fetch,
    token,
    calls: (vendor) => [...sandbox.simulators[vendor].calls],
    allCalls: () =>
      Object.entries(sandbox.simulators).flatMap(([vendor, { calls }]) =>
        calls.map(({ method, path }) => `${vendor} ${method} ${path}`),
      ),
    forget,
  };
}

/** Tests write to one patient more often in a minute than a clinic does in a month. */
export const unhurried = {
  INVITATIONS_PER_PATIENT_PER_DAY: '10000',
  PORTAL_ACCESS_PER_PATIENT_PER_DAY: '10000',
  RATE_LIMIT_PER_MINUTE: '60000',
};

/** Start it in `beforeAll` and share it: it takes some seconds. */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<StartedGateway> {
  const { environment = {}, clock = Date.now, seeded = true } = options;
  const { encryptionKey = randomBytes(32) } = options;
  const publicUrl = new URL('http://localhost:4000/');
  const sandbox = options.sandbox ?? (await startSandbox({ publicUrl, firstPort: 0, clock }));
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  // Loaded here: other helpers of this file are used where no tests run.
  const { ownDatabase } = await import('./shared-postgres.ts');
  const database = environment.DATABASE_URL === undefined ? await ownDatabase() : undefined;
  const config = readConfig(
    {
      ...{ ...sandbox.environment, PUBLIC_URL: publicUrl.href, ...unhurried, ...environment },
      ...(database && { DATABASE_URL: database.url }),
    },
    'sandbox',
  );
  const gateway = await openGateway(config, {
    logger,
    clock,
    encryptionKey,
    dataDirectory: undefined,
    // As `serve` does it, where a test asks for that.
    showVendorCalls: config.showVendorCalls ? 'STAFF' : 'EVERYBODY',
    graphiql: config.graphiql ? {} : undefined,
  });
  const asked = await askThrough({
    sandbox,
    publicUrl,
    seeded,
    clock,
    fetch: (request) => gateway.server.fetch(request),
    async patients() {
      const { rows } = await gateway.store.patients.search(null, { limit: 100 });
      return rows.map(({ value: { id, firstName } }) => ({
        id: encodeOwnId('Patient', id),
        firstName,
      }));
    },
  });
  return {
    ...asked,
    listener: gateway.listener,
    server: gateway.server,
    store: gateway.store,
    endStreams: gateway.endStreams,
    idle: gateway.idle,
    logged: () => lines.join(''),
    close: async () => {
      await gateway.close();
      await database?.drop();
      await (options.sandbox ? undefined : sandbox.close());
    },
  };
}
