// Run by `embedded-cluster.ts`: makes PostgreSQL's files in a folder, with the settings that it is told.
import { PGlite } from '@electric-sql/pglite';

const [directory, ...startParams] = process.argv.slice(2);

// A terminal or a service manager tells both processes to end; it is for the other to say so.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => undefined);
}
process.once('disconnect', () => process.exit(1));

const client = new PGlite(directory, { startParams });
await client.waitReady;
await client.close();
process.exit(0);
