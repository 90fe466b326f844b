import { once } from 'node:events';
import { startPostgres } from './postgres.ts';

/** A PostgreSQL in a process of its own: says its URL, and ends with its standard input. */

const postgres = await startPostgres({ max_connections: '500' });
process.stdout.write(`${postgres.url}\n`);
await once(process.stdin.resume(), 'close');
await postgres.stop();
