// What `npm pack` makes is for frontends: the client, and nothing of the gateway. npm installs everything
// under `dependencies`, which would be some 150 packages and 120 MB of server in every frontend project,
// so the tarball's package.json names the client's only. npm knows no other way to say that than to change
// the file while it packs: `node pack.mjs before` does, `node pack.mjs after` puts it back.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'graphql';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const manifest = join(root, 'package.json');
const kept = join(root, 'dist', 'package.json.kept');

/** The gateway's, or a developer's. */
const notForClients = ['bin', 'scripts', 'devDependencies', 'overrides'];
const ofClients = ['@graphql-typed-document-node/core'];

/**
 * What `schema/operations` has of fragments, for documents of somebody's own: with the operations beside them,
 * no operation of theirs could have the name of one of ours.
 */
function fragments() {
  const folder = join(root, 'schema', 'operations');
  const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'));
  return texts
    .flatMap((text) =>
      parse(text)
        .definitions.filter(({ kind }) => kind === 'FragmentDefinition')
        .map(({ loc }) => text.slice(loc.start, loc.end)),
    )
    .join('\n\n');
}

if (process.argv[2] === 'after') {
  renameSync(kept, manifest);
} else {
  const text = readFileSync(manifest, 'utf8');
  const content = JSON.parse(text);
  if (content.scripts === undefined) {
    throw new Error(
      'An earlier packing was interrupted: `git checkout package.json` puts it back.',
    );
  }
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  execFileSync(process.execPath, [compiler, '-p', join(root, 'src', 'client')], {
    stdio: 'inherit',
  });
  cpSync(
    join(root, 'src', 'client', 'generated', 'persisted-documents.json'),
    join(root, 'dist', 'client', 'persisted-documents.json'),
  );
  writeFileSync(join(root, 'dist', 'client', 'fragments.graphql'), `${fragments()}\n`);
  for (const name of notForClients) {
    delete content[name];
  }
  content.dependencies = Object.fromEntries(
    Object.entries(content.dependencies).filter(([name]) => ofClients.includes(name)),
  );
  writeFileSync(kept, text);
  // At once, or not at all: whoever reads it meanwhile finds the one or the other.
  writeFileSync(`${manifest}.new`, `${JSON.stringify(content, null, 2)}\n`);
  renameSync(`${manifest}.new`, manifest);
}
