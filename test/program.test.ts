import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';

const project = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

/** The sources elsewhere, beside the same packages, where nothing was run yet. */
function checkout() {
  const root = mkdtempSync(join(tmpdir(), 'portico-checkout-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  cpSync(join(project, 'src'), join(root, 'src'), { recursive: true });
  cpSync(join(project, 'package.json'), join(root, 'package.json'));
  const packages = join(root, 'node_modules');
  mkdirSync(packages);
  for (const name of readdirSync(join(project, 'node_modules'))) {
    if (!name.startsWith('.')) {
      symlinkSync(join(project, 'node_modules', name), join(packages, name));
    }
  }
  const temporary = join(root, 'temporary');
  mkdirSync(temporary);
  return {
    root,
    cache: join(packages, '.cache'),
    temporary,
    /** What `portico <words>` writes. */
    portico: async (...words: string[]) => {
      const { stdout, stderr } = await run(
        process.execPath,
        [join(root, 'src', 'portico.mjs'), ...words],
        { env: { PATH: process.env.PATH, TMPDIR: temporary } },
      );
      expect(stderr).toBe('');
      return stdout;
    },
  };
}

describe('the program', { timeout: 60_000 }, () => {
  it('is put together once, also where several are started at the same time', async () => {
    const { cache, portico } = checkout();
    const keys = await Promise.all(Array.from({ length: 4 }, () => portico('generate-key')));
    expect(new Set(keys).size).toBe(4);
    const kept = join(cache, 'portico');
    const [name, ...others] = readdirSync(kept);
    expect([name, others]).toEqual([expect.stringMatching(/^[0-9a-f]{16}$/), []]);
    // What is there is run: nobody puts it together again.
    const entry = join(kept, name ?? '', 'main.mjs');
    writeFileSync(entry, 'console.log("as it was kept");');
    expect(await portico('generate-key')).toBe('as it was kept\n');
  });

  it('is another one after a change, and one that was made a week ago goes', async () => {
    const { root, cache, portico } = checkout();
    expect(await portico('--help')).toContain('One GraphQL API');
    const kept = join(cache, 'portico');
    const [before = ''] = readdirSync(kept);
    const aWeekAgo = new Date(Date.now() - 8 * 24 * 60 * 60 * 1000);
    utimesSync(join(kept, before), aWeekAgo, aWeekAgo);
    const main = join(root, 'src', 'main.ts');
    writeFileSync(main, readFileSync(main, 'utf8').replace('One GraphQL API', 'Another text'));
    expect(await portico('--help')).toContain('Another text');
    expect(readdirSync(kept)).toHaveLength(1);
    expect(readdirSync(kept)).not.toContain(before);
  });

  it('is another one where other packages are installed', async () => {
    const { root, cache, portico } = checkout();
    const installed = join(root, 'node_modules', '.package-lock.json');
    for (const version of ['1.0.0', '1.0.1', '1.0.1']) {
      writeFileSync(installed, JSON.stringify({ packages: { invented: { version } } }));
      expect(await portico('generate-key')).toMatch(/=\n$/);
    }
    expect(readdirSync(join(cache, 'portico'))).toHaveLength(2);
  });

  it('holds the packages that it loads', async () => {
    const { root, portico } = checkout();
    const schema = await portico('print-schema');
    for (const name of ['graphql', 'graphql-yoga', '@pothos', 'zod', 'undici', 'drizzle-orm']) {
      rmSync(join(root, 'node_modules', name));
    }
    expect(await portico('print-schema')).toBe(schema);
  });

  it('holds graphql once, as modules whose names cost nothing, and as it is in production', async () => {
    const { cache, portico } = checkout();
    await portico('--version');
    const [name = ''] = readdirSync(join(cache, 'portico'));
    const folder = join(cache, 'portico', name);
    const texts = readdirSync(folder)
      .filter((file) => file.endsWith('.mjs'))
      .map((file) => readFileSync(join(folder, file), 'utf8'));
    const held = texts.flatMap((text) => [
      ...text.matchAll(/^\/\/ \S*node_modules\/graphql\/(\S+)$/gm),
    ]);
    const files = held.map(([, file]) => file ?? '');
    expect(files.length).toBeGreaterThan(50);
    expect(new Set(files).size).toBe(files.length);
    expect(files.filter((file) => !file.endsWith('.mjs'))).toEqual([]);
    expect(texts.filter((text) => /[^?.]process\.env\.NODE_ENV/.test(text))).toEqual([]);
  });

  it('says where a fault of its own lies in the sources, and no other error has its stack looked up', async () => {
    const { root, portico } = checkout();
    const main = join(root, 'src', 'main.ts');
    const lines = readFileSync(main, 'utf8').replace(
      /\(\) => print\(randomBytes.*base64'\)\)/,
      "() => {\nconsole.log(new Error('an everyday one').stack);\nthrow new Error('a fault');\n}",
    );
    writeFileSync(main, lines);
    const at = lines.split('\n').findIndex((line) => line.includes('a fault')) + 1;
    const failure = await portico('generate-key').catch((error: unknown) => error);
    const { stdout, stderr } = failure as { stdout: string; stderr: string };
    expect(stderr).toContain('Error: a fault\n');
    expect(stderr).toContain(`${main}:${at}:`);
    expect(stdout).toMatch(/^Error: an everyday one\n.*\.cache\/portico\/\S+\.mjs:\d+:\d+/);
  });

  it('has all of the schema, and its files know their own places', async () => {
    const { portico } = checkout();
    const schema = readFileSync(join(project, 'schema', 'schema.graphql'), 'utf8');
    expect(await portico('print-schema')).toBe(schema);
  });

  it('is put together for each process where nothing can be kept, and leaves nothing behind', async () => {
    const { cache, temporary, portico } = checkout();
    // Whoever runs this may be root, whom no permission stops.
    writeFileSync(cache, 'not a folder');
    expect(await portico('generate-key')).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
    expect(readdirSync(temporary)).toEqual([]);
  });
});
