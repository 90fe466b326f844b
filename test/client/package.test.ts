import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endAll, portico, temporaryFolder } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';

/** What `npm pack` makes, in a project of somebody else's. */

const own = JSON.parse(readFileSync('package.json', 'utf8'));
const minute = 60_000;
const readme = readFileSync('README.md', 'utf8');
/** The code block of the README after a marker comment. */
const block = (marker: string) =>
  new RegExp(`<!-- test: ${marker} -->\n\`\`\`\\w+\n([\\s\\S]*?)\n\`\`\``).exec(readme)?.[1] ?? '';
const tsc = 'node_modules/typescript/bin/tsc';
const codegen = 'node_modules/@graphql-codegen/cli/cjs/bin.js';
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
  const needed = ['src/client', 'src/install-missing.mjs', 'schema'];
  for (const path of ['package.json', 'tsconfig.json', 'README.md', 'LICENSE', ...needed]) {
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

/** A page with documents of its own, in a folder of its own. */
const ownDocuments = {
  'src/record.graphql': `query Patient($id: ID!) { patient(id: $id) { ...PatientFields portalAccess { status } } }
mutation Cancel($input: CancelAppointmentInput!) {
  cancelAppointment(input: $input) { appointment { status } userErrors { ...UserErrorFields } }
}
subscription Earlier($id: ID!) { earlierAvailability(appointmentId: $id) { id start } }
`,
  'src/record.tsx': `import { useCancelMutation, usePatientQuery } from './portico/hooks.js';

export function Record({ id }: { id: string }) {
  const { data, error } = usePatientQuery({ id });
  const { mutate } = useCancelMutation();
  const status: 'ACTIVE' | 'EXPIRED' | 'REVOKED' | 'INVITED' | undefined =
    data?.patient?.portalAccess[0]?.status;
  const cancel = () => mutate({ input: { appointmentId: id } });
  return <button onClick={cancel}>{error?.code ?? data?.patient?.fullName} {status}</button>;
}
`,
};

const versionOf = (name: string) => own.devDependencies[name] ?? own.dependencies[name];

let folder: string;
let installed: string[];
const install = (...more: string[]) => {
  const quietly = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  return run(folder, 'npm', 'install', ...quietly, ...more);
};
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
    ...{ name: 'a-portal', private: true, type: 'module', dependencies, devDependencies },
    // Some versions cannot be had everywhere.
    overrides: own.overrides,
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  await install();
  installed = Object.keys(
    JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages,
  );
}, 5 * minute);
afterAll(endAll);

describe('the package', () => {
  it('names nothing that is not in it', () => {
    const root = join(folder, 'node_modules/portico');
    const { bin, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(bin).toBeUndefined();
    // As values; paths of the package's own are keys.
    const named = JSON.stringify(exports).match(/(?<=:")[^"*]+(?=")/g) ?? [];
    expect(named).toContain('./dist/client/client.js');
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

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

describe('documents of one’s own, as the README has them generated', () => {
  const compilerOptions = { ...JSON.parse(files['tsconfig.json'] ?? '').compilerOptions };
  const include = ['src/record.tsx', 'src/portico'];

  beforeAll(async () => {
    const [npm, verb, option, ...names] = block('codegen packages').split(' ');
    expect([npm, verb, option]).toEqual(['npm', 'install', '--save-dev']);
    await install('--save-dev', ...names.map((name) => `${name}@${versionOf(name)}`));
  }, 5 * minute);

  it.each([
    ['bundler', { module: 'esnext', moduleResolution: 'bundler' }, ''],
    ['nodenext', { module: 'nodenext', moduleResolution: 'nodenext' }, './documents.js'],
  ])(
    'compile with the module resolution %s',
    { timeout: 4 * minute },
    async (_name, modules, from) => {
      for (const [path, text] of Object.entries(ownDocuments)) {
        writeFileSync(join(folder, path), text);
      }
      const plugin = "{ plugins: ['portico/codegen/hooks']";
      const config = from === '' ? '' : `, config: { documentsFrom: '${from}' }`;
      const text = block('codegen config');
      expect(text).toContain(plugin);
      writeFileSync(join(folder, 'codegen.ts'), text.replace(plugin, plugin + config));
      await run(folder, 'node', codegen, '--config', 'codegen.ts');

      const hooks = readFileSync(join(folder, 'src/portico/hooks.ts'), 'utf8');
      expect(hooks).toContain('usePatientQuery');
      expect(hooks).not.toContain('Earlier');
      const manifest = readFileSync(join(folder, 'src/portico/persisted-documents.json'), 'utf8');
      expect(manifest).toContain(
        'query Patient($id: ID!) {\\n  patient(id: $id) {\\n    ...PatientFields\\n    portal',
      );
      // The package's own.
      expect(manifest).toContain('query Visits(');

      const project = { compilerOptions: { ...compilerOptions, ...modules }, include };
      writeFileSync(join(folder, 'tsconfig.own.json'), JSON.stringify(project));
      await run(folder, 'node', tsc, '-p', 'tsconfig.own.json');
    },
  );
});
