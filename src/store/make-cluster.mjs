// Run by `embedded-cluster.ts`: makes an empty database as a file and, where it is told one, in a folder.
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const [archive, directory, ...startParams] = process.argv.slice(2);

// A terminal or a service manager tells both processes to end; it is for the other to say so.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => undefined);
}
process.once('disconnect', () => process.exit(1));
if (!process.connected) {
  process.exit(1);
}
// Loaded here, as it takes long.
const { PGlite } = await import('@electric-sql/pglite');

async function made() {
  const client = await PGlite.create({ startParams });
  const empty = await client.dumpDataDir('gzip');
  await client.close();
  const draft = `${archive}-${randomUUID()}`;
  try {
    writeFileSync(draft, Buffer.from(await empty.arrayBuffer()));
    renameSync(draft, archive);
  } catch {
    // Not ours to write to, or the disk is full: it is made again next time.
    if (existsSync(draft)) {
      rmSync(draft);
    }
  }
  return empty;
}

function kept() {
  try {
    return new Blob([gunzipSync(readFileSync(archive))]);
  } catch {
    return undefined;
  }
}

const empty = kept() ?? (await made());
if (directory) {
  const client = await PGlite.create(directory, { startParams, loadDataDir: empty });
  await client.close();
}
process.exit(0);
