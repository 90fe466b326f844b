import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readConfig } from '../src/config.ts';
import { operationalPaths } from '../src/plugins/use-operational-routes.ts';

/** The files of `deploy/`, held against the code that they run. There is no engine here to build them. */

// biome-ignore lint/suspicious/noExplicitAny: manifests are read by tests that assert what they find
type Manifest = any;

const text = (file: string) => readFileSync(file, 'utf8');
const { engines, bin, scripts } = JSON.parse(text('package.json'));
const dockerfile = text('deploy/Dockerfile');
const compose: Manifest = parse(text('deploy/compose.yaml'));
const manifests: Manifest[] = parseAllDocuments(text('deploy/kubernetes.yaml')).map((document) => {
  expect(document.errors).toEqual([]);
  return document.toJS();
});
const manifest = (kind: string) => manifests.find((each) => each.kind === kind);
const pod = manifest('Deployment').spec.template.spec;
const [container] = pod.containers;

/** Milliseconds. */
const drainTimeout = 8_000;
const lastGrace = 2_000;

/** The variables of the README's table. */
const configuration = /## Configuration\n([\s\S]*?)\n## /.exec(text('README.md'))?.[1] ?? '';
const documented = new Set(
  configuration
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([A-Z][A-Z0-9_]+)`/g)])
    .map(([, name]) => name),
);
const instructions = (name: string) =>
  [...dockerfile.matchAll(new RegExp(`^${name} (.+)$`, 'gm'))].map(([, rest = '']) => rest);

describe('the image', () => {
  it('runs the command line on a Node that the package allows, and not as root', () => {
    const major = Number(/^ARG NODE_IMAGE=node:(\d+)-[a-z]+-slim$/m.exec(dockerfile)?.[1]);
    const least = Number(/>=(\d+)/.exec(engines.node)?.[1]);
    expect(major).toBeGreaterThan(least - 1);
    expect(instructions('FROM')).toEqual([`\${NODE_IMAGE} AS packages`, `\${NODE_IMAGE}`]);
    expect(instructions('USER')).toEqual(['1000:1000']);
    const [entry] = instructions('ENTRYPOINT');
    // As `npx portico` and `npm run serve` do.
    const flags = /^#!\/usr\/bin\/env -S node (.+)\n/.exec(text(bin.portico))?.[1] ?? '';
    expect(flags).toMatch(/^--/);
    expect(JSON.parse(entry ?? '')).toEqual(['node', flags, `/portico/${bin.portico}`]);
    expect(scripts.serve).toBe(`node ${flags} ${bin.portico} serve`);
  });

  it('holds what it copies and nothing else, and runs no install script', () => {
    const copied = instructions('COPY')
      .filter((rest) => !rest.startsWith('--from'))
      .flatMap((rest) => rest.split(' ').slice(0, -1));
    const ignored = text('deploy/Dockerfile.dockerignore').split('\n');
    const letIn = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(ignored).toContain('*');
    expect([...new Set(copied)].sort()).toEqual(letIn.sort());
    expect(copied.filter((file) => !existsSync(file))).toEqual([]);
    // What the sources read outside of their folder.
    expect(copied).toEqual(expect.arrayContaining(['package.json', 'schema/operations']));
    expect(instructions('RUN')).toEqual([
      expect.stringMatching(/^npm ci --omit=dev --ignore-scripts /),
      expect.stringContaining("import('/portico/src/program.mjs')"),
    ]);
  });

  it('sets variables that exist, and exposes their port', () => {
    const set = new Map(
      instructions('ENV').flatMap((rest) =>
        rest.split(' ').map((pair) => pair.split('=') as [string, string]),
      ),
    );
    expect(set.get('NODE_ENV')).toBe('production');
    set.delete('NODE_ENV');
    expect([...set.keys()].filter((name) => !documented.has(name))).toEqual([]);
    expect(instructions('EXPOSE')).toEqual([set.get('PORT')]);
    expect(operationalPaths).toContain(/HEALTHCHECK[\s\S]*?'(\/[a-z]+)'/.exec(dockerfile)?.[1]);
  });
});

describe('the compose file', () => {
  const { portico, postgres } = compose.services;

  it('sets variables that exist, to values that serve takes', () => {
    expect(documented.size).toBeGreaterThan(40);
    const names = Object.keys(portico.environment);
    expect(names.filter((name) => !documented.has(name))).toEqual([]);
    const config = readConfig(
      {
        ...portico.environment,
        DATABASE_URL: portico.environment.DATABASE_URL.replace(/\$\{.*\}/, 'Invented1'),
        ENCRYPTION_KEY: randomBytes(32).toString('base64'),
        ...{ AUTH_ISSUER: 'https://id.example.com', AUTH_AUDIENCE: 'portico' },
        ...{ CERBO_URL: 'https://clinic.example.com/api/v1' },
        ...{ CERBO_USERNAME: 'pk_invented', CERBO_PASSWORD: 'invented' },
      },
      'production',
    );
    expect(new URL(config.databaseUrl ?? '').hostname in compose.services).toBe(true);
    expect(portico.ports).toEqual([`127.0.0.1:${config.port}:${config.port}`]);
    expect(config.drainTimeout).toBe(drainTimeout);
    expect(Number.parseInt(portico.stop_grace_period, 10) * 1000).toBeGreaterThanOrEqual(
      drainTimeout + lastGrace,
    );
  });

  it('builds the Dockerfile, writes nowhere, and keeps the database’s data', () => {
    expect(portico.build).toEqual({ context: '..', dockerfile: 'deploy/Dockerfile' });
    expect(portico).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    expect(postgres.volumes[0].split(':')[0] in compose.volumes).toBe(true);
    expect(postgres.environment.POSTGRES_PASSWORD).toMatch(/^\$\{POSTGRES_PASSWORD:\?/);
  });
});

describe('the Kubernetes manifest', () => {
  const settings = manifest('ConfigMap').data;
  const secrets = manifest('Secret').stringData;

  it('sets variables that exist, to values that serve takes', () => {
    const names = [...Object.keys(settings), ...Object.keys(secrets)];
    expect(names.filter((name) => !documented.has(name))).toEqual([]);
    const config = readConfig(
      {
        HOST: '0.0.0.0',
        ...settings,
        ...Object.fromEntries(Object.keys(secrets).map((name) => [name, 'pk_invented'])),
        DATABASE_URL: 'postgres://portico:invented@db.example.com/portico',
        ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      },
      'production',
    );
    expect(config.port).toBe(container.ports[0].containerPort);
    expect(config.drainTimeout).toBe(drainTimeout);
  });

  it('keeps secrets out of what is no Secret, and holds none itself', () => {
    const secret = /PASSWORD|SECRET|KEY|TOKEN|DATABASE_URL/;
    expect(Object.keys(settings).filter((name) => secret.test(name))).toEqual([]);
    expect(Object.values(secrets).filter((value) => value !== '')).toEqual([]);
    expect(container.env).toBeUndefined();
    expect(container.envFrom).toEqual([
      { configMapRef: { name: manifest('ConfigMap').metadata.name } },
      { secretRef: { name: manifest('Secret').metadata.name } },
    ]);
  });

  it('probes what is there', () => {
    const of = (probe: string) => container[probe].httpGet;
    expect(of('livenessProbe')).toEqual({ path: '/health', port: container.ports[0].name });
    expect(of('readinessProbe')).toEqual({ path: '/ready', port: container.ports[0].name });
    expect(operationalPaths).toContain(of('startupProbe').path);
    expect(manifest('Service').spec.ports[0].targetPort).toBe(container.ports[0].name);
  });

  it('lets a process end in its own time', () => {
    const [command, seconds] = container.lifecycle.preStop.exec.command;
    expect(command).toBe('sleep');
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThanOrEqual(
      Number(seconds) * 1000 + drainTimeout + lastGrace,
    );
  });

  it('gives it no more than it needs', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.resources.limits.memory).toMatch(/^\d+Mi$/);
    expect(container.volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }]);
    const labels = manifest('Deployment').spec.template.metadata.labels;
    expect(manifest('Service').spec.selector).toEqual(labels);
    expect(manifest('PodDisruptionBudget').spec.selector.matchLabels).toEqual(labels);
  });
});
