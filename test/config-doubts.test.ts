import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withFile } from '../src/config/env-file.ts';
import { doubtsAbout, type Environment, readConfig } from '../src/config.ts';
import { registry } from '../src/vendors/registry.ts';
import { endAll, run, temporaryFolder } from './support/command-line.ts';

/** Variables that are set to no effect: misspelt ones, and those that come too late. */

afterAll(endAll);

const inFile = (environment: Environment) => doubtsAbout(environment, Object.keys(environment));

describe('a variable that looks like one of Portico’s', () => {
  it.each([
    ['REQUEST_TIMEOUT', 'REQUEST_TIMEOUT_MS'],
    ['AUTH_ISSUER_URL', 'AUTH_ISSUER'],
    ['ENCRIPTION_KEY', 'ENCRYPTION_KEY'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['DATABASE_URI', 'DATABASE_URL'],
    ['MDHQ_PASSWORD', 'MD_HQ_PASSWORD'],
    ['NIMBUS_PASSWROD', 'NIMBUS_PASSWORD'],
    ['CERBO_TIMEOUT', 'CERBO_TIMEOUT_MS'],
    ['VSEE_CONCURENCY', 'VSEE_CONCURRENCY'],
    ['vsee_api_key', 'VSEE_API_KEY'],
  ])('%s is named, with %s beside it', (name, meant) => {
    expect(doubtsAbout({ [name]: 'canary' })).toEqual([
      `${name} is no variable of Portico's, and has no effect. Is ${meant} meant?`,
    ]);
  });

  it.each(['NIMBUS_API_KEYS', 'MY_PATIENT_PORTAL_SCOPES', 'QUERY_MAX_EVERYTHING_AT_ONCE'])(
    '%s is named alone where nothing is near',
    (name) => {
      expect(doubtsAbout({ [name]: 'canary' })).toEqual([
        `${name} is no variable of Portico's, and has no effect.`,
      ]);
    },
  );

  it('is looked for more strictly in a file that is Portico’s own', () => {
    const variables = { AUTH_CLIENT: 'canary', QUERY_DEPTH: '4', REQUEST_LIMIT: '4' };
    expect(doubtsAbout(variables)).toEqual([]);
    expect(inFile(variables).map((text) => text.split(' ')[0])).toEqual(Object.keys(variables));
  });

  it('is not looked for where it is set to nothing, or what is meant is set as well', () => {
    expect(doubtsAbout({ NIMBUS_API_KEYS: ' ', ENCRIPTION_KEY: '' })).toEqual([]);
    expect(doubtsAbout({ DATABASE_URI: 'x', DATABASE_URL: 'postgres://x' })).toEqual([]);
  });

  it('is told beside what is missing', () => {
    const begun = { CERBO_URL: 'https://cerbo.example.com', CERBO_USERNAME: 'pk_clinic' };
    expect(() => readConfig({ ...begun, CERBO_PASWORD: 'canary' }, 'sandbox')).toThrow(
      /CERBO_PASSWORD is missing\n {2}- CERBO_PASWORD .* Is CERBO_PASSWORD meant\?\n/,
    );
  });
});

describe('no doubt is raised', () => {
  it('about what Portico reads', () => {
    const vendors = Object.values(registry).flatMap(({ environment }) =>
      Object.keys(environment.shape),
    );
    const others = ['PORT', 'HOST', 'DATABASE_URL', 'QUERY_MAX_DEPTH', 'METRICS_PORT', 'GRAPHIQL'];
    const all = Object.fromEntries([...vendors, ...others].map((name) => [name, 'x']));
    expect(doubtsAbout(all)).toEqual([]);
    expect(inFile(all)).toEqual([]);
  });

  it.each([
    ['a shell', 'PATH HOME HOSTNAME HOSTTYPE LANG LC_ALL LOGNAME SHELL SHLVL TERM USER PWD TZ _'],
    ['npm', 'npm_config_loglevel npm_package_name npm_lifecycle_event INIT_CWD NODE NODE_ENV'],
    ['Node', 'NODE_OPTIONS NODE_EXTRA_CA_CERTS NODE_PATH UV_THREADPOOL_SIZE NO_COLOR'],
    ['OpenTelemetry', 'OTEL_SERVICE_NAME OTEL_EXPORTER_OTLP_HEADERS OTEL_BSP_SCHEDULE_DELAY'],
    ['PostgreSQL', 'PGHOST PGDATA PGPASSWORD POSTGRES_PASSWORD POSTGRES_USER POSTGRES_DB'],
    ['a host', 'DATABASE_HOST DATABASE_NAME DATABASE_PASSWORD DATABASE_PORT DATABASE_USER DYNO'],
    ['CI', 'CI GITHUB_TOKEN GITHUB_REF RUNNER_OS GITLAB_USER_ID JENKINS_URL BUILD_NUMBER'],
    ['a cloud', 'AWS_REGION AWS_SECRET_ACCESS_KEY GOOGLE_APPLICATION_CREDENTIALS AZURE_CLIENT_ID'],
    ['another program', 'AUTH_SECRET AUTH_URL AUTH_TOKEN LOG_FORMAT LOG_FILE DATA_PATH PUBLIC_KEY'],
    ['CGI', 'REQUEST_METHOD REQUEST_URI QUERY_STRING AUTH_TYPE SERVER_PORT REMOTE_HOST HTTP_HOST'],
    ['proxies', 'http_proxy https_proxy no_proxy HTTPS_PROXY NO_PROXY ALL_PROXY'],
    ['systemd', 'INVOCATION_ID JOURNAL_STREAM NOTIFY_SOCKET LISTEN_FDS MAINPID SYSTEMD_EXEC_PID'],
    ['Kubernetes', 'KUBERNETES_SERVICE_HOST KUBERNETES_PORT CERBO_SERVICE_HOST NIMBUS_PORT_80_TCP'],
  ])('about the variables of %s', (_whose, names) => {
    const set = Object.fromEntries(names.split(' ').map((name) => [name, 'x']));
    expect(doubtsAbout(set)).toEqual([]);
  });

  it('about a service of Kubernetes that is called like a vendor', () => {
    expect(doubtsAbout({ CERBO_PORT: 'tcp://10.0.0.7:80' })).toEqual([]);
  });
});

describe('a .env file', () => {
  it('gives way to what is set, but not to what is set to nothing', () => {
    const file = { DATABASE_URL: 'of the file', LOG_LEVEL: 'of the file', EMPTY: '', HOST: 'x' };
    const set = { DATABASE_URL: '', LOG_LEVEL: 'set', HOST: '  ', OTHER: 'set' };
    expect(withFile(file, set)).toEqual({
      variables: { DATABASE_URL: 'of the file', LOG_LEVEL: 'set', HOST: 'x', OTHER: 'set' },
      ofFile: ['DATABASE_URL', 'HOST'],
    });
  });

  it('does not say what Node has read before, and that is told', () => {
    const file = { NODE_EXTRA_CA_CERTS: 'ca.pem', NODE_OPTIONS: '--trace-warnings' };
    const { variables, ofFile } = withFile(file, { NODE_OPTIONS: '--no-warnings' });
    expect(variables).toEqual({ NODE_OPTIONS: '--no-warnings' });
    expect(doubtsAbout(variables, ofFile)).toEqual([
      'NODE_EXTRA_CA_CERTS has no effect in .env: Node reads it as it starts. Set it in the environment that starts Portico.',
    ]);
  });

  it('is read by the doctor, who notes what has no effect', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, '.env'),
      '\uFEFFLOG_LEVEL=loud\nPORT=many\nNODE_EXTRA_CA_CERTS=absent.pem\nAUTH_ISSUER_URL=canary\n',
    );
    const { code, stdout } = await run(['doctor'], { PORT: '', LOG_LEVEL: ' ' }, folder);
    expect(code).toBe(1);
    const own = stdout.split('\n').filter((line) => / Configuration /.test(line));
    expect(own.map((line) => line.replace(/ +/g, ' '))).toEqual([
      expect.stringMatching(/^FAILED Configuration PORT must be a whole number\./),
      expect.stringMatching(/^FAILED Configuration LOG_LEVEL must be one of /),
      expect.stringMatching(/^FAILED Configuration AUTH_ISSUER is missing\./),
      expect.stringMatching(/^FAILED Configuration AUTH_AUDIENCE is missing\./),
      expect.stringMatching(/^FAILED Configuration no vendor is configured/),
      expect.stringMatching(/^note Configuration NODE_EXTRA_CA_CERTS has no effect in \.env/),
      expect.stringMatching(/^note Configuration AUTH_ISSUER_URL .* Is AUTH_ISSUER meant\?$/),
    ]);
    expect(stdout).not.toContain('canary');
  });
});
