import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endAll, portico, temporaryFolder } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';

/** What `npm pack` makes, in a project of somebody else's. */

const own = JSON.parse(readFileSync('package.json', 'utf8'));
const minute = 60_000;
const tsc = 'node_modules/typescript/bin/tsc';
const vite = 'node_modules/vite/bin/vite.js';

/** Ends what takes too long; a failure has everything that it said. */
async function run(folder: string, command: string, ...words: string[]): Promise<string> {
  try {
    const options = { cwd: folder, timeout: 3 * minute, maxBuffer: 10_000_000 };
    return (await promisify(execFile)(command, words, options)).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${words.join(' ')}: ${stdout}${stderr}`, { cause: error });
  }
}

/** In a copy: packing changes `package.json` for a moment, which other tests may be reading. */
async function pack(): Promise<string> {
  const copy = temporaryFolder();
  for (const path of ['package.json', 'tsconfig.json', 'src/client', 'schema', 'README.md']) {
    cpSync(path, join(copy, path), { recursive: true });
  }
  symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'));
  await run(copy, 'npm', 'pack');
  expect(JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'))).toEqual(own);
  const [tarball = ''] = readdirSync(copy).filter((name) => name.endsWith('.tgz'));
  return join(copy, tarball);
}

const files: Record<string, string> = {
  'src/patients.tsx': `import { usePatientsQuery } from 'portico/client/react';

export function Patients({ search }: { search: string }) {
  const { data, error, isPending } = usePatientsQuery({ search });
  if (isPending) {
    return <p>Looking…</p>;
  }
  if (error) {
    return <p role="alert">{error.code}</p>;
  }
  return (
    <ul>
      {data.patients.nodes.map(({ id, fullName, birthDate }) => (
        <li key={id}>
          {fullName}, born {birthDate ?? 'unknown'}
        </li>
      ))}
    </ul>
  );
}
`,
  'src/app.tsx': `import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createPorticoClient } from 'portico/client';
import { defaultOptions, PorticoProvider, usePatientsQuery } from 'portico/client/react';
import { Patients } from './patients';

const queryClient = new QueryClient({ defaultOptions });

export function app(endpoint: string, token: string) {
  const client = createPorticoClient({ endpoint, token: () => token });
  const ask = usePatientsQuery.options(client, { search: 'silva' });
  const page = (
    <QueryClientProvider client={queryClient}>
      <PorticoProvider client={client}>
        <Patients search="silva" />
      </PorticoProvider>
    </QueryClientProvider>
  );
  return { page, ready: () => queryClient.prefetchQuery(ask) };
}
`,
  'src/main.tsx': `import { createRoot } from 'react-dom/client';
import { app } from './app';

createRoot(document.body).render(app('/graphql', '').page);
`,
  'src/server.tsx': `import { renderToString } from 'react-dom/server';
import { app } from './app';

const { page, ready } = app(process.argv[2], process.argv[3]);
process.stdout.write(renderToString(page));
await ready();
process.stdout.write('\\n' + renderToString(page));
`,
  'index.html': '<body><script type="module" src="/src/main.tsx"></script></body>',
  'vite.config.ts': `import react from '@vitejs/plugin-react';
export default { plugins: [react()], build: { target: 'es2022' } };
`,
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      ...{ target: 'es2022', module: 'esnext', moduleResolution: 'bundler', jsx: 'react-jsx' },
      ...{ strict: true, noEmit: true, lib: ['es2023', 'dom'], types: ['node'] },
      // The package's own declarations are checked, too.
      skipLibCheck: false,
    },
    include: ['src'],
  }),
};

const versionOf = (name: string) => own.devDependencies[name] ?? own.dependencies[name];

let folder: string;
let installed: string[];
beforeAll(async () => {
  folder = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const dependencies = {
    portico: `file:${await pack()}`,
    '@tanstack/react-query': versionOf('@tanstack/react-query'),
    react: versionOf('react'),
    'react-dom': versionOf('react'),
  };
  const devDependencies = {
    '@types/node': versionOf('@types/node'),
    '@types/react': versionOf('@types/react'),
    '@types/react-dom': '19.3.0',
    '@vitejs/plugin-react': '6.3.0',
    typescript: versionOf('typescript'),
    vite: versionOf('vite'),
  };
  const manifest = {
    name: 'a-portal',
    private: true,
    type: 'module',
    dependencies,
    devDependencies,
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  await run(
    folder,
    'npm',
    'install',
    '--prefer-offline',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  );
  installed = Object.keys(
    JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages,
  );
}, 5 * minute);
afterAll(endAll);

describe('the package in an empty Vite, React and TypeScript project', () => {
  it('brings nothing of the gateway', () => {
    const ours = Object.keys(own.dependencies).map((name) => `node_modules/${name}`);
    expect(installed.filter((path) => ours.includes(path)).sort()).toEqual([
      'node_modules/@graphql-typed-document-node/core',
      'node_modules/graphql',
    ]);
  });

  it('type-checks, and refuses a component that asks for what is not there', {
    timeout: 4 * minute,
  }, async () => {
    const wrong = files['src/patients.tsx']?.replace('fullName, birthDate', 'fullNam, birthDate');
    writeFileSync(join(folder, 'src/wrong.tsx'), wrong ?? '');
    // Nothing else is wrong: the two places of that word in that file.
    const found = await run(folder, 'node', tsc).catch(({ message }: Error) => message);
    const places = [...found.matchAll(/(\S+)\(\d+,\d+\): error/g)].map(([, file]) => file);
    expect(places).toEqual(['src/wrong.tsx', 'src/wrong.tsx']);
    expect(found).toMatch(/'fullNam' does not exist/);
  });

  it('builds, and shows data of a running sandbox', { timeout: 5 * minute }, async () => {
    await run(folder, 'node', vite, 'build');
    const [script = ''] = readdirSync(join(folder, 'dist/assets'));
    // One query's document, not all of them.
    const bundle = readFileSync(join(folder, 'dist/assets', script), 'utf8');
    expect(bundle).toContain('PatientFields');
    expect(bundle).not.toContain('bookAppointment');

    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const sandbox = portico(['start'], { PORT: String(port) });
    await sandbox.says(/Ready\./);
    const token = await (await fetch(`${origin}/sandbox/token/staff`)).text();
    await run(folder, 'node', vite, 'build', '--ssr', 'src/server.tsx', '--outDir', 'server');
    const shown = await run(folder, 'node', 'server/server.js', `${origin}/graphql`, token);
    const [before, after] = shown.replaceAll('<!-- -->', '').split('\n');
    expect(before).toBe('<p>Looking…</p>');
    expect(after).toBe('<ul><li>Ana Silva, born 1988-02-11</li></ul>');
  });
});
