import pg from 'pg';
import { codeOf, StoreError } from './store-error.ts';

/** How a PostgreSQL server is connected to, by its URL. */

export const connectionTimeout = 3_000;
/** Milliseconds of quiet after which a connection's other end is asked for a sign of life; the system's own are hours. */
const keepAliveInitialDelayMillis = 10_000;

/** An `error` event that nobody listens to ends the process; statements get the error anyway. */
export const ignored = () => undefined;

/** Written in ISO and in UTC whatever the server's defaults, so that instants are read rightly. */
const sessionOptions = '-c TimeZone=UTC -c DateStyle=ISO';

/** Where pg finds options in a URL, it leaves out all others: ours come after them, and win. */
export function connectionTo(databaseUrl: string, ...options: string[]) {
  const asked = new URLSearchParams(/\?([^#]*)/.exec(databaseUrl)?.[1]).getAll('options');
  return {
    connectionString: databaseUrl.replace(/(?<=[?&])options=[^&#]*/g, ''),
    options: [...asked, sessionOptions, ...options].join(' '),
    ...{ keepAlive: true, keepAliveInitialDelayMillis },
  };
}

/** What the driver cannot make anything of. Its own words may quote the password. */
const unreadable = (error?: unknown) => {
  const ofFile = error instanceof Error && 'syscall' in error;
  return new StoreError(
    'UNUSABLE',
    ofFile
      ? `DATABASE_URL cannot be used: a file that sslrootcert, sslcert or sslkey there names cannot be read (${codeOf(error)}). Check its path and who may read it.`
      : 'DATABASE_URL cannot be used: it is no postgres:// URL that can be read. Check host, port and parameters; in user and password, write @ : / ? # % as %40 %3A %2F %3F %23 %25.',
  );
};

/**
 * A client that is not connected yet.
 * @param options for its session, beside ours
 * @throws StoreError UNUSABLE where the URL cannot be read, without the URL
 */
export function clientFor(
  databaseUrl: string,
  settings: Omit<pg.ClientConfig, 'options'> = {},
  ...options: string[]
): pg.Client {
  let client: pg.Client;
  try {
    client = new pg.Client({
      ...connectionTo(databaseUrl, ...options),
      connectionTimeoutMillis: connectionTimeout,
      ...settings,
    });
  } catch (error) {
    throw unreadable(error);
  }
  if (!(client.port >= 0 && client.port <= 65_535)) {
    throw unreadable();
  }
  return client;
}

/** PostgreSQL's own codes: it has answered. */
export const isAnswer = (error: unknown) => /^[0-9][0-9A-Z]{4}$/.test(codeOf(error) ?? '');
