import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';

/** A real pooler: Debian's package `pgbouncer`. */
const place = '/usr/sbin/pgbouncer';
export const hasPooler = existsSync(place);

/** Of a test of the pooler: why it is skipped, where it is. */
export const withoutPooler = hasPooler
  ? ''
  : ' (skipped: there is no PgBouncer here; `apt-get install pgbouncer`)';

/** Longest wait for it to answer, milliseconds. */
const patience = 10_000;

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/**
 * PgBouncer in front of a database, which gives its few connections out by transaction.
 * @param databaseUrl with user and password
 */
export async function startPooler(databaseUrl: string) {
  const { hostname, port, pathname, username, password } = new URL(databaseUrl);
  const own = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'portico-pooler-'));
  const file = join(folder, 'pgbouncer.ini');
  const user = decodeURIComponent(username);
  writeFileSync(
    file,
    `[databases]
${pathname.slice(1)} = host=${hostname} port=${port} user=${user} password=${decodeURIComponent(password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
ignore_startup_parameters = extra_float_digits,options,statement_timeout,idle_in_transaction_session_timeout
`,
  );
  // It does not run as root, and has to read the file as somebody else.
  chmodSync(folder, 0o755);
  const child = spawn(place, [...(process.getuid?.() === 0 ? ['-u', 'nobody'] : []), file], {
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const end = Date.now() + patience;
  while (!(await answers(own))) {
    if (Date.now() > end || child.exitCode !== null) {
      child.kill();
      throw new Error('PgBouncer does not answer.');
    }
    await delay(50);
  }
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(own);
  return {
    url: url.href,
    async stop() {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
