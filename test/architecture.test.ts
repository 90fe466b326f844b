import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { registry } from '../src/vendors/registry.ts';
import {
  type Import,
  importCycle,
  loadedBy,
  pathsUnder,
  projectFolder,
  readSource,
  type SourceFile,
  sourcesUnder,
} from './support/source-files.ts';

/** The import rules of the README's chapter "The house". */

const sources = sourcesUnder('src');
const tests = sourcesUnder('test');

/** A folder or file directly below `src`, without its ending. */
const roomOf = (path: string) => path.split('/')[1]?.replace(/\.ts$/, '') ?? '';

const kitchen = ['domain', 'operations', 'auth', 'loaders', 'actions'];

/** What each room may import, itself aside: main > run, gateway > server > context, plugins > … */
const plan: Record<string, readonly string[]> = {
  ...{ domain: [], execution: [] },
  ...{ http: ['domain'], store: ['domain'], auth: ['domain'], operations: ['domain'] },
  loaders: ['domain', 'auth'],
  actions: ['domain', 'auth', 'operations', 'loaders'],
  graph: kitchen,
  context: [...kitchen, 'graph'],
  telemetry: ['domain', 'auth'],
  overload: ['domain'],
  plugins: [...kitchen, 'graph', 'context', 'overload', 'telemetry'],
  'fast-path': [...kitchen, 'execution', 'graph', 'overload', 'plugins', 'telemetry'],
  server: [...kitchen, 'graph', 'context', 'fast-path', 'plugins', 'telemetry'],
  vendors: ['domain', 'http'],
  config: ['domain', 'vendors'],
  gateway: [
    ...[...kitchen, 'graph', 'context', 'plugins', 'server'],
    ...['config', 'store', 'http', 'telemetry', 'vendors'],
  ],
  // The simulators stand beside the house; only what is lazy leads to them, see below.
  sandbox: ['domain', 'vendors'],
  ...{ listen: [], 'accept-in-bulk': [], workers: [], 'life-cycle': ['domain'] },
  run: [
    ...['accept-in-bulk', 'domain', 'config', 'encryption-key', 'gateway', 'life-cycle', 'listen'],
    ...['open-behind', 'sandbox', 'telemetry', 'workers'],
  ],
  'open-behind': [...['config', 'gateway', 'listen', 'overload', 'telemetry']],
  ...{ 'encryption-key': ['config', 'store'], 'command-arguments': ['domain'] },
  'configured-store': ['domain', 'config', 'encryption-key', 'store'],
  audit: ['domain', 'config', 'configured-store'],
  'patient-data': ['domain', 'config', 'configured-store'],
  ...{ reseal: ['config', 'configured-store'], attempt: ['listen', 'telemetry'] },
  doctor: ['domain', 'auth', 'config', 'http', 'plugins', 'store', 'vendors'],
  'schema-files': ['graph', 'listen', 'vendors'],
  main: [
    ...['attempt', 'auth', 'audit', 'command-arguments', 'config', 'doctor', 'listen'],
    ...['patient-data', 'reseal', 'run', 'schema-files', 'workers'],
  ],
  // For other people's projects: it knows nothing of the gateway but what the schema says.
  client: [],
  // A page like anybody else's: it knows the client, and of the gateway what the client says.
  'front-desk': ['client'],
};

const isGenerated = (path: string) =>
  path.startsWith('src/client/generated/') || path.startsWith('src/store/migrations/');

const isOurs = ({ target }: Import) => target.startsWith('src/');
const isPackage = ({ target }: Import) => !isOurs({ target, kind: 'value' });

/** `file > what it imports`, for those imports that a rule refuses. */
const breaches = (
  files: readonly SourceFile[],
  refused: (one: Import, file: SourceFile) => boolean,
) =>
  files.flatMap((file) =>
    file.imports
      .filter((one) => refused(one, file))
      .map(({ target, kind }) => `${file.path} > ${target} (${kind})`),
  );

const inRoom = (room: string) => sources.filter(({ path }) => roomOf(path) === room);

describe('the reading of a source', () => {
  it('tells value, type and lazy imports apart, and sees default exports', () => {
    const text = `
      import { a } from './a.ts';
      import type { B } from './b.ts';
      import './c.ts';
      export { d } from '../domain/d.ts';
      export type { E } from './e.ts';
      import { type F } from 'package-f';
      // import './comment.ts';
      const g = await import('./g.ts');
      type H = import('./h.ts').H;
      export default process.env;`;
    const read = readSource('src/http/made-up.ts', text);
    expect(read.imports.map(({ target, kind }) => `${kind} ${target}`)).toEqual([
      'value src/http/a.ts',
      'type src/http/b.ts',
      'value src/http/c.ts',
      'value src/domain/d.ts',
      'type src/http/e.ts',
      'value package-f',
      'lazy src/http/g.ts',
      'type src/http/h.ts',
    ]);
    expect(read.hasDefaultExport).toBe(true);
    expect(read.words.has('process.env')).toBe(true);
    expect(readSource('src/a.ts', 'export const a = "default";').hasDefaultExport).toBe(false);
  });

  it('finds rings of imports, however long, and not those of types', () => {
    const file = (path: string, text: string) => readSource(path, text);
    const ring = [
      file('src/a.ts', "import './b.ts';"),
      file('src/b.ts', "import './c.ts';"),
      file('src/c.ts', "import './b.ts';"),
    ];
    expect(importCycle(ring)).toEqual(['src/b.ts', 'src/c.ts', 'src/b.ts']);
    expect(
      importCycle([...ring.slice(0, 2), file('src/c.ts', "import type {} from './b.ts';")]),
    ).toBeUndefined();
  });

  it('sees the whole house', () => {
    expect(sources.length).toBeGreaterThan(150);
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(600);
    const missing = sources.flatMap(({ imports }) =>
      imports.filter(isOurs).filter(({ target }) => !sources.some(({ path }) => path === target)),
    );
    expect(missing).toEqual([]);
  });
});

describe('the way down', () => {
  it('knows every room below src', () => {
    const rooms = [...new Set(sources.map(({ path }) => roomOf(path)))];
    expect(rooms.filter((room) => plan[room] === undefined)).toEqual([]);
  });

  it('is the only way to import', () => {
    const upward = breaches(sources, (one, { path }) => {
      const [from, to] = [roomOf(path), roomOf(one.target)];
      // What a vendor's definition says of its simulator is a type.
      const described = path === 'src/vendors/vendor-definition.ts' && one.kind === 'type';
      const simulators = to === 'sandbox' && (isSimulation(path) || described);
      return isOurs(one) && from !== to && !simulators && !plan[from]?.includes(to);
    });
    expect(upward).toEqual([]);
  });

  it('has no rings among value imports', () => {
    expect(importCycle(sources)).toBeUndefined();
    expect(importCycle(tests)).toBeUndefined();
  });

  it('leads a front desk through the generated hooks, and to no other client of its own', () => {
    const page = inRoom('front-desk');
    expect(page.length).toBeGreaterThan(50);
    const beside = /^src\/client\/(?!(client|react)\.ts$)|graphql|undici|ofetch|node:/;
    expect(breaches(page, ({ target }) => beside.test(target))).toEqual([]);
    const askers = page.filter(({ words }) => words.has('fetch'));
    expect(askers.map(({ path }) => path)).toEqual(['src/front-desk/session/sign-in.ts']);
  });

  it('leaves the domain free of packages, also of Node’s own', () => {
    expect(inRoom('domain').length).toBeGreaterThan(5);
    expect(breaches(inRoom('domain'), isPackage)).toEqual([]);
  });

  it('leads from the schema to no vendor, transport or store, not even by a type', () => {
    const refused = breaches(inRoom('graph'), ({ target }) =>
      ['vendors', 'http', 'store', 'sandbox'].some((room) => target.startsWith(`src/${room}/`)),
    );
    expect(refused).toEqual([]);
    const loaded = [...loadedBy('src/graph/schema.ts', sources)];
    expect(loaded.length).toBeGreaterThan(30);
    expect(loaded.filter((path) => /^src\/(vendors|http|store|sandbox)\//.test(path))).toEqual([]);
  });

  it('keeps GraphQL out of everything below the schema', () => {
    const below = sources.filter(({ path }) =>
      ['domain', 'http', 'vendors', 'store', 'auth', 'operations', 'loaders', 'actions'].includes(
        roomOf(path),
      ),
    );
    const graphql = (one: Import) => isPackage(one) && /graphql|pothos|yoga/.test(one.target);
    expect(breaches(below, graphql)).toEqual([]);
    expect(breaches(inRoom('graph'), graphql)).not.toEqual([]);
  });
});

const vendorFolders = [...new Set(pathsUnder('src/vendors').map((path) => path.split('/')[2]))]
  .filter((name): name is string => name !== undefined && !name.endsWith('.ts'))
  .sort();

/** What two vendors of one contract share; no vendor itself. */
const sharedBy: Record<string, readonly string[]> = { 'enqueued-portal': ['cerbo', 'md-hq'] };

describe('a vendor’s door', () => {
  it.each(vendorFolders)('%s imports domain, http, its definition and itself only', (folder) => {
    const files = sources.filter(({ path }) => path.startsWith(`src/vendors/${folder}/`));
    const allowed = [
      ...['src/domain/', 'src/http/', 'src/vendors/vendor-definition.ts'],
      `src/vendors/${folder}/`,
      ...Object.entries(sharedBy)
        .filter(([, vendors]) => vendors.includes(folder))
        .map(([shared]) => `src/vendors/${shared}/`),
    ];
    const refused = breaches(files, (one, { path }) => {
      const simulator = isSimulation(path) && one.target.startsWith('src/sandbox/');
      return isOurs(one) && !simulator && !allowed.some((start) => one.target.startsWith(start));
    });
    expect(files).not.toEqual([]);
    expect(refused).toEqual([]);
  });

  it('has an index, and nothing else has one', () => {
    const indexes = [...sources, ...tests].filter(({ path }) => /\/index\.m?ts$/.test(path));
    const doors = vendorFolders.filter((folder) => sharedBy[folder] === undefined);
    expect(indexes.map(({ path }) => path).sort()).toEqual(
      doors.map((folder) => `src/vendors/${folder}/index.ts`),
    );
    expect(doors).toHaveLength(Object.keys(registry).length);
  });

  it('is named by the registry alone: no other room holds a vendor’s id', () => {
    const named = sources
      // The page tells people which vendor it speaks of, as any caller of the API may.
      .filter(({ path }) => !['vendors', 'sandbox', 'front-desk'].includes(roomOf(path)))
      .filter(({ path }) => !isGenerated(path))
      .flatMap(({ path, words }) =>
        Object.keys(registry)
          .filter((id) => words.has(id))
          .map((id) => `${path}: ${id}`),
      );
    expect(named).toEqual([]);
  });
});

/** A simulator's file: of the sandbox, or a vendor's `sandbox.ts`, `sandbox-*.ts`, `sandbox/` and fixtures. */
const isSimulation = (path: string) =>
  /^src\/sandbox\/|^src\/vendors\/[^/]+\/(sandbox(-[a-z-]+)?\.ts|sandbox\/|fixtures\.ts)/.test(
    path,
  );

describe('a server', () => {
  it.each([
    ['metrics and traces', /^(@opentelemetry|prom-client)/],
    ['the embedded database', /^(@electric-sql|drizzle-orm)\/pglite/],
    ['the page of GraphiQL', /render-graphiql/],
  ])('loads the packages of %s only where they are asked for', (_what, packages) => {
    const loaded = new Set(
      ['src/run.ts', 'src/gateway.ts'].flatMap((entry) => [...loadedBy(entry, sources)]),
    );
    expect(loaded).toContain('src/telemetry/request-log.ts');
    expect(loaded).toContain('src/store/server.ts');
    const loads = ({ target, kind }: Import) => kind !== 'type' && packages.test(target);
    expect(breaches(sources, loads)).not.toEqual([]);
    const eager = breaches(
      sources.filter(({ path }) => loaded.has(path)),
      (one) => one.kind === 'value' && loads(one),
    );
    expect(eager).toEqual([]);
  });
});

describe('the sandbox', () => {
  it('is loaded by production neither directly nor by a detour', () => {
    for (const entry of ['src/run.ts', 'src/gateway.ts', 'src/server.ts']) {
      const loaded = [...loadedBy(entry, sources)];
      expect(loaded.length).toBeGreaterThan(40);
      expect(loaded.filter(isSimulation)).toEqual([]);
    }
  });

  it('is imported lazily from outside', () => {
    const eager = breaches(
      sources.filter(({ path }) => !isSimulation(path)),
      ({ target, kind }) => isSimulation(target) && kind === 'value',
    );
    expect(eager).toEqual([]);
    expect([...loadedBy('src/main.ts', sources)].filter(isSimulation)).toEqual([]);
    const lazy = breaches(sources, ({ target, kind }) => isSimulation(target) && kind === 'lazy');
    expect(lazy.length).toBeGreaterThan(Object.keys(registry).length);
  });

  /** Modules of ours that a child process has really loaded, by V8's own account. */
  function loadedInChild(entry: string): string[] {
    const folder = mkdtempSync(join(tmpdir(), 'portico-loaded-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const child = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', `await import('./${entry}')`],
      {
        cwd: projectFolder,
        env: { PATH: process.env.PATH, NODE_V8_COVERAGE: folder },
        encoding: 'utf8',
        timeout: 60_000,
      },
    );
    expect(child.stderr).toBe('');
    expect(child.status).toBe(0);
    const urls = readdirSync(folder).flatMap((name) => {
      const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
      return result.map(({ url }: { url: string }) => decodeURI(url)) as string[];
    });
    return urls
      .filter((url) => url.includes('/src/') && !url.includes('/node_modules/'))
      .map((url) => url.replace(/^.*\/src\//, 'src/').replace(/\?.*$/, ''));
  }

  it('is not in a process that runs the gateway', { timeout: 90_000 }, () => {
    const loaded = loadedInChild('src/gateway.ts');
    expect(loaded).toContain('src/gateway.ts');
    expect(loaded).toContain('src/vendors/enqueued-portal/adapter.ts');
    expect(loaded.filter(isSimulation)).toEqual([]);
    // The same account does show simulators where there are any.
    expect(loadedInChild('src/vendors/cerbo/sandbox.ts').filter(isSimulation)).toContain(
      'src/sandbox/simulator-server.ts',
    );
  });
});

describe('the entry', () => {
  it('alone reads the environment', () => {
    const readers = sources.filter(
      ({ words, imports }) =>
        words.has('process.env') ||
        words.has('parseEnv') ||
        imports.some(({ target }) => /^(node:)?process$|^dotenv/.test(target)),
    );
    expect(readers.map(({ path }) => path)).toEqual(['src/main.ts']);
  });

  it('alone listens for the gateway; simulators listen for themselves', () => {
    const listeners = sources.filter(({ words }) => words.has('listen'));
    // These two alone call what listens.
    expect(listeners.map(({ path }) => path).filter((path) => !isSimulation(path))).toEqual([
      'src/accept-in-bulk.ts',
      'src/listen.ts',
      'src/open-behind.ts',
      'src/run.ts',
    ]);
  });

  it('alone ends the process', () => {
    const enders = sources.filter(
      ({ words }) => words.has('process.exit') || words.has('process.exitCode'),
    );
    const paths = enders.map(({ path }) => path).sort();
    expect(paths).toEqual(['src/attempt.ts', 'src/main.ts', 'src/run.ts']);
  });
});

describe('a file', () => {
  const long = (files: readonly SourceFile[], most: number) =>
    files
      .filter(({ path, lines }) => !isGenerated(path) && lines > most)
      .map(({ path, lines }) => `${path}: ${lines}`);

  it('of the sources has at most 300 lines, of the tests fewer than 400', () => {
    expect(long(sources, 300)).toEqual([]);
    expect(long(tests, 399)).toEqual([]);
  });

  it('is named in kebab-case, as its folder is', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.property)?(\.(test|d|config))?$/;
    const odd = [...pathsUnder('src'), ...pathsUnder('test')]
      .filter((path) => !isGenerated(path) && !basename(path).startsWith('.'))
      .filter((path) => !kebab.test(basename(path, extname(path))) && !/RESULTS\.md$/.test(path));
    expect(odd).toEqual([]);
  });

  it('is no junk drawer, nor in one', () => {
    const junk = /(^|\/)(utils?|utilities|helpers?|common|misc|shared|lib)(\.[a-z]+|\/|$)/;
    const all = [...pathsUnder('src'), ...pathsUnder('test')];
    expect(all.filter((path) => junk.test(path))).toEqual([]);
  });

  it('exports by name only', () => {
    const defaults = [...sources, ...tests].filter(({ hasDefaultExport }) => hasDefaultExport);
    const isConfig = ({ path }: SourceFile) => path.endsWith('.config.ts');
    expect(defaults.filter((file) => !isConfig(file)).map(({ path }) => path)).toEqual([]);
  });

  it('of the tests is never imported by the sources', () => {
    expect(breaches(sources, ({ target }) => /(^|\/)test\//.test(target))).toEqual([]);
  });
});
