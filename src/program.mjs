// The sources and the packages that they load as one program, put together by esbuild when it is run for the
// first time, or after a change. Loading four hundred files one by one, through hooks, took each process a second
// of its start, a thread, and a process of esbuild's for as long as it ran; the files of packages, seven tenths
// of a second more, and half of all that a start computes.
import { createHash, randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = join(root, 'node_modules');
/** Programs by what they are made of. */
const kept = join(packages, '.cache', 'portico');
/** Packages that read files beside their own, or are large and loaded by few commands only. */
const apart = [
  ...['@electric-sql/pglite', '@graphql-yoga/render-graphiql', '@opentelemetry/*', 'oidc-provider'],
];
/** What npm says of the packages that are there. */
const installed = join(packages, '.package-lock.json');
/** Milliseconds after which one goes, once there is another: what still runs of it has loaded all that it needs. */
const longestKept = 7 * 24 * 60 * 60 * 1000;

/** Changes with whatever the program is made of, and with its place, which is in it. */
function nameOfProgram() {
  const sources = join(root, 'src');
  const hash = createHash('sha256').update(`${process.versions.node} ${root}`);
  const files = fs
    .readdirSync(sources, { recursive: true })
    .filter((path) => /\.tsx?$/.test(path) && !path.startsWith(`front-desk${sep}`))
    .concat('program.mjs')
    .sort();
  for (const path of files) {
    hash.update(`\0${path}\0`).update(fs.readFileSync(join(sources, path)));
  }
  if (fs.existsSync(installed)) {
    hash.update('\0').update(fs.readFileSync(installed));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Each file's own place, where it asks for it: beside it lie migrations and helpers. */
const ownPlaces = {
  name: 'own places',
  setup({ onLoad }) {
    onLoad({ filter: /\.tsx?$/ }, ({ path }) => ({
      contents: fs
        .readFileSync(path, 'utf8')
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      loader: path.endsWith('x') ? 'tsx' : 'ts',
    }));
  },
};

async function putTogether(folder) {
  // Loaded here: a program that is there already needs none of it.
  const { build } = await import('esbuild');
  await build({
    ...{ entryPoints: [join(root, 'src', 'main.ts')], outdir: folder, plugins: [ownPlaces] },
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', external: apart },
    // Of each package the files that Node would load.
    conditions: [],
    // But for graphql, of which Node would load the CommonJS: in a program, each name of that is a call that asks
    // for it, at every field of every answer (W1 and W2 8 % slower, median of six).
    alias: { graphql: createRequire(import.meta.url).resolve('graphql/index.mjs') },
    // Whatever the environment says, this is what is served: no checks of packages that are for their authors.
    define: { 'process.env.NODE_ENV': '"production"' },
    // For packages in CommonJS that load what is Node's own.
    banner: {
      js: "import { createRequire as forFile } from 'node:module'; const require = forFile(import.meta.url);",
    },
    ...{ target: `node${process.versions.node}`, outExtension: { '.js': '.mjs' } },
    // An image has no tsconfig.json: the program must not differ there.
    tsconfigRaw: {},
    // Files that are imported for what they do: "sideEffects" of package.json is about the client.
    ignoreAnnotations: true,
    // `{ ...{ a, b }, c }` as it is takes V8 thirty times as long as `{ a, b, c }`.
    ...{ minifySyntax: true, sourcemap: 'linked', sourcesContent: false, logLevel: 'error' },
  });
}

function removeOld() {
  for (const name of fs.readdirSync(kept)) {
    const folder = join(kept, name);
    // Another process may be at it, too.
    const made = fs.statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (made < Date.now() - longestKept) {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** In a folder of this process's own, which nobody else could have filled. */
async function forThisProcess() {
  const folder = fs.mkdtempSync(join(tmpdir(), 'portico-program-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  fs.symlinkSync(packages, join(folder, 'node_modules'), 'dir');
  await putTogether(folder);
  return join(folder, 'main.mjs');
}

async function entryOfProgram() {
  const folder = join(kept, nameOfProgram());
  const entry = join(folder, 'main.mjs');
  if (fs.existsSync(entry)) {
    return entry;
  }
  const draft = `${folder}-${randomUUID()}`;
  try {
    fs.mkdirSync(draft, { recursive: true });
  } catch {
    // Not ours to write to.
    return forThisProcess();
  }
  try {
    await putTogether(draft);
    fs.renameSync(draft, folder);
    removeOld();
  } catch (error) {
    fs.rmSync(draft, { recursive: true, force: true });
    // Another process that was started at the same time may have been first.
    if (!fs.existsSync(entry)) {
      throw error;
    }
  }
  return entry;
}

/** @returns the address of what runs the command line */
export const program = async () => pathToFileURL(await entryOfProgram()).href;
