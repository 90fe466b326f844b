import { describe, expect, it } from 'vitest';
import { ConfigurationError, type Environment, type Mode, readConfig } from '../src/config.ts';
import { registry } from '../src/vendors/registry.ts';

const cerbo = {
  CERBO_URL: 'https://cerbo.example.com/api/v1',
  CERBO_USERNAME: 'pk_clinic',
  CERBO_PASSWORD: 'cerbo-password',
};
const encryptionKey = Buffer.alloc(32, 7).toString('base64');
/** The least that production accepts. */
const production = {
  ...cerbo,
  AUTH_ISSUER: 'https://id.example.com',
  AUTH_AUDIENCE: 'portico',
};

/** What `readConfig` complains about. */
function problemsOf(environment: Environment, mode: Mode = 'production'): readonly string[] {
  try {
    readConfig(environment, mode);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    const { problems, message } = error as ConfigurationError;
    for (const problem of problems) {
      expect(message).toContain(`  - ${problem}\n`);
    }
    return problems;
  }
  return [];
}

describe('what is not set', () => {
  it('has the defaults that the README gives', () => {
    const config = readConfig(production, 'production');
    expect(config).toMatchObject({
      port: 4000,
      host: '127.0.0.1',
      publicUrl: new URL('http://localhost:4000/'),
      databaseUrl: undefined,
      dataDirectory: '.portico',
      encryptionKey: undefined,
      oldEncryptionKeys: [],
      allowedReturnUrls: [],
      corsOrigins: [],
      logLevel: 'info',
      authRolesClaim: 'roles',
      clinicTimeZone: null,
      requestTimeout: 30_000,
      drainTimeout: 8_000,
      idempotencyKeyDays: 30,
      graphiql: false,
    });
    expect([...config.authRoleMapping]).toEqual([]);
    expect(Object.keys(config.vendors)).toEqual(['CERBO']);
  });

  it('is the same as what is set to nothing', () => {
    const names = Object.values(registry).flatMap(({ environment }) =>
      Object.keys(environment.shape),
    );
    const empty = Object.fromEntries(
      [...names, 'PORT', 'HOST', 'PUBLIC_URL', 'DATABASE_URL', 'ENCRYPTION_KEY', 'LOG_LEVEL']
        .filter((name) => !(name in production))
        .map((name, index) => [name, index % 2 === 0 ? '' : '  ']),
    );
    expect(Object.keys(empty).length).toBeGreaterThan(30);
    expect(readConfig({ ...production, ...empty }, 'production')).toEqual(
      readConfig(production, 'production'),
    );
  });

  it('shows GraphiQL in the sandbox only, unless it is asked for', () => {
    expect(readConfig({}, 'sandbox').graphiql).toBe(true);
    expect(readConfig({ GRAPHIQL: 'false' }, 'sandbox').graphiql).toBe(false);
    expect(readConfig({ ...production, GRAPHIQL: 'true' }, 'production').graphiql).toBe(true);
  });
});

describe('what is set', () => {
  it('is read, each variable into its place', () => {
    const config = readConfig(
      {
        ...production,
        PORT: '8080',
        HOST: '0.0.0.0',
        PUBLIC_URL: 'https://api.clinic.example.com/portico',
        DATABASE_URL: 'postgres://portico@db.example.com/portico',
        DATA_DIR: '/var/lib/portico',
        ENCRYPTION_KEY: encryptionKey,
        ENCRYPTION_KEYS_OLD: `${Buffer.alloc(32, 1).toString('base64')}, ${Buffer.alloc(32, 2).toString('base64')}`,
        ALLOWED_RETURN_URLS: 'https://app.example.com/connected, https://app.example.com/home',
        CORS_ORIGINS: 'https://app.example.com,,http://localhost:3000, ',
        LOG_LEVEL: 'warn',
        AUTH_ROLES_CLAIM: 'realm_access.roles',
        AUTH_ROLE_MAPPING: 'clinician=STAFF, member=PATIENT',
        CLINIC_TIME_ZONE: 'America/Los_Angeles',
        GRAPHIQL: 'true',
        REQUEST_TIMEOUT_MS: '5000',
        DRAIN_TIMEOUT_MS: '20000',
        IDEMPOTENCY_KEY_DAYS: '7',
        CERBO_TIMEOUT_MS: '700',
      },
      'production',
    );
    expect(config).toMatchObject({
      mode: 'production',
      port: 8080,
      host: '0.0.0.0',
      publicUrl: new URL('https://api.clinic.example.com/portico/'),
      databaseUrl: 'postgres://portico@db.example.com/portico',
      dataDirectory: '/var/lib/portico',
      encryptionKey: Buffer.alloc(32, 7),
      oldEncryptionKeys: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)],
      allowedReturnUrls: [
        new URL('https://app.example.com/connected'),
        new URL('https://app.example.com/home'),
      ],
      corsOrigins: ['https://app.example.com', 'http://localhost:3000'],
      logLevel: 'warn',
      authIssuer: 'https://id.example.com',
      authAudience: 'portico',
      authRolesClaim: 'realm_access.roles',
      authRoleMapping: new Map([
        ['clinician', 'STAFF'],
        ['member', 'PATIENT'],
      ]),
      clinicTimeZone: 'America/Los_Angeles',
      graphiql: true,
      requestTimeout: 5000,
      drainTimeout: 20_000,
      idempotencyKeyDays: 7,
    });
    expect(config.vendors.CERBO).toEqual({
      CERBO_URL: new URL('https://cerbo.example.com/api/v1/'),
      CERBO_USERNAME: 'pk_clinic',
      CERBO_PASSWORD: 'cerbo-password',
      CERBO_TIMEOUT_MS: 700,
      CERBO_CONCURRENCY: undefined,
    });
  });

  it('cannot be changed afterwards', () => {
    const config = readConfig(production, 'production');
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.vendors.CERBO)).toBe(true);
  });

  it('follows PORT where PUBLIC_URL does not say otherwise', () => {
    expect(readConfig({ PORT: '5123' }, 'sandbox').publicUrl.href).toBe('http://localhost:5123/');
  });
});

describe('a bad value', () => {
  const canary = 'canary-1f0c';
  const bad: Record<string, string> = {
    PORT: canary,
    PUBLIC_URL: `https://user:${canary}@api.example.com`,
    DATABASE_URL: `mysql://${canary}`,
    ENCRYPTION_KEY: canary,
    ENCRYPTION_KEYS_OLD: `${encryptionKey},${canary}`,
    ALLOWED_RETURN_URLS: canary,
    CORS_ORIGINS: `https://app.example.com/${canary}`,
    LOG_LEVEL: canary,
    AUTH_ISSUER: `http://${canary}.example.com`,
    AUTH_ROLE_MAPPING: `${canary}=NOBODY`,
    CLINIC_TIME_ZONE: canary,
    GRAPHIQL: canary,
    REQUEST_TIMEOUT_MS: canary,
    DRAIN_TIMEOUT_MS: canary,
    IDEMPOTENCY_KEY_DAYS: canary,
    NIMBUS_URL: `ftp://${canary}`,
    NIMBUS_USERNAME: `${canary}:colon`,
    NIMBUS_PASSWORD: `${canary}-ü`,
    NIMBUS_TREATMENT_TYPES: ',',
    NIMBUS_CENTRAL_PHARMACY_ID: `\u0000${canary}`,
    NIMBUS_REDIRECT_HOSTS: `portal.example.com, https://${canary}.example.com`,
    NIMBUS_TIMEOUT_MS: canary,
    VSEE_REQUEST_ENCODING: canary,
    VSEE_ROOM_SLUG: `//${canary}`,
    MY_PATIENT_PORTAL_ISSUER: `http://${canary}.example.com`,
    MY_PATIENT_PORTAL_TIME_ZONE: canary,
    MY_PATIENT_PORTAL_PATHS: `{${canary}`,
    CERBO_CONCURRENCY: '0',
    MD_HQ_TIMEOUT_MS: '7',
  };

  it('is reported together with all others, each by its name', () => {
    const named = problemsOf(bad).map((problem) => problem.split(' ')[0]);
    expect(named).toEqual(expect.arrayContaining(Object.keys(bad)));
  });

  it('is never quoted: it may be a secret in the wrong place', () => {
    expect(problemsOf(bad).join('\n')).not.toContain(canary);
  });

  it.each(Object.entries(bad))('of %s is refused on its own, in plain words', (name, value) => {
    const problems = problemsOf({ ...production, ENCRYPTION_KEY: encryptionKey, [name]: value });
    const own = problems.filter((problem) => problem.startsWith(`${name} `));
    expect(own).toHaveLength(1);
    expect(own[0]).toMatch(/ (must|is not valid)/);
    expect(problems.filter((problem) => !/ is missing$/.test(problem))).toEqual(own);
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '40.5'],
    ['REQUEST_TIMEOUT_MS', '0'],
    ['DRAIN_TIMEOUT_MS', '-1'],
    ['ENCRYPTION_KEY', Buffer.alloc(31).toString('base64')],
    ['ENCRYPTION_KEY', Buffer.alloc(33).toString('base64')],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'null'],
    ['CORS_ORIGINS', 'https://app.example.com/'],
    ['ALLOWED_RETURN_URLS', 'https://app.example.com,/home'],
    ['ALLOWED_RETURN_URLS', 'javascript:alert(1)'],
    ['PUBLIC_URL', 'http://api.example.com'],
    ['PUBLIC_URL', 'https://api.example.com?query=1'],
  ])('%s=%s is refused', (name, value) => {
    const problems = problemsOf({ [name]: value }, 'sandbox');
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} `));
  });
});

describe('a vendor', () => {
  it('of which nothing is set is not configured', () => {
    expect(readConfig({}, 'sandbox').vendors).toEqual({});
  });

  it('of which something is set names everything that is missing, all vendors in one message', () => {
    const problems = problemsOf({
      ...{ AUTH_ISSUER: production.AUTH_ISSUER, AUTH_AUDIENCE: 'portico' },
      NIMBUS_TREATMENT_TYPES: 'Weight-loss',
      VSEE_API_KEY: 'key',
      MY_PATIENT_PORTAL_CLIENT_ID: 'client',
      CERBO_PASSWORD: 'password',
      MD_HQ_CONCURRENCY: '4',
    });
    expect(problems).toEqual([
      'NIMBUS_URL is missing',
      'NIMBUS_USERNAME is missing',
      'NIMBUS_PASSWORD is missing',
      'NIMBUS_CENTRAL_PHARMACY_ID is missing',
      'VSEE_API_URL is missing',
      'VSEE_PORTAL_URL is missing',
      'VSEE_ACCOUNT_CODE is missing',
      'VSEE_API_SECRET is missing',
      'MY_PATIENT_PORTAL_ISSUER is missing',
      'MY_PATIENT_PORTAL_API_URL is missing',
      'MY_PATIENT_PORTAL_CLIENT_SECRET is missing',
      'CERBO_URL is missing',
      'CERBO_USERNAME is missing',
      'MD_HQ_URL is missing',
      'MD_HQ_USERNAME is missing',
      'MD_HQ_PASSWORD is missing',
    ]);
  });

  it('that is half configured stops the sandbox, too', () => {
    expect(problemsOf({ CERBO_URL: cerbo.CERBO_URL }, 'sandbox')).toEqual([
      'CERBO_USERNAME is missing',
      'CERBO_PASSWORD is missing',
    ]);
  });
});

describe('the limits', () => {
  it('are, without a word, those of the README', () => {
    expect(readConfig(production, 'production')).toMatchObject({
      requestLimits: { bytes: 262_144, batch: 1 },
      queryLimits: {
        length: 20_000,
        tokens: 1000,
        definitions: 100,
        depth: 10,
        aliases: 30,
        directives: 50,
        rootFields: 30,
        mutations: 10,
        vendorCalls: 1000,
        fields: 50_000,
      },
      rateLimits: { perMinute: 6000, authFailuresPerMinute: 300 },
      dailyWrites: { invitePatientToPortal: 5, enablePortalAccess: 20 },
      trustedProxies: undefined,
      persistedDocuments: { file: undefined, only: false },
    });
    expect(readConfig({}, 'sandbox').rateLimits.perMinute).toBe(60_000);
  });

  it('trust the proxies that are named', () => {
    const { trustedProxies } = readConfig(
      { ...production, TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.7,2001:db8::/32' },
      'production',
    );
    expect(trustedProxies?.check('10.9.8.7')).toBe(true);
    expect(trustedProxies?.check('192.0.2.7')).toBe(true);
    expect(trustedProxies?.check('192.0.2.8')).toBe(false);
    expect(trustedProxies?.check('2001:db8:1::1', 'ipv6')).toBe(true);
  });

  it.each([
    [{ QUERY_MAX_DEPTH: '0' }, 'QUERY_MAX_DEPTH must be at least 1'],
    [{ QUERY_MAX_VENDOR_CALLS: 'many' }, 'QUERY_MAX_VENDOR_CALLS must be a whole number'],
    [{ REQUEST_MAX_BATCH: '1000' }, 'REQUEST_MAX_BATCH must be at most 100'],
    [
      { TRUSTED_PROXIES: '10.0.0.0/33' },
      'TRUSTED_PROXIES must be a comma-separated list of addresses or networks such as 10.0.0.0/8',
    ],
    [
      { TRUSTED_PROXIES: 'proxy.example.com' },
      'TRUSTED_PROXIES must be a comma-separated list of addresses or networks such as 10.0.0.0/8',
    ],
    [
      { PERSISTED_DOCUMENTS_ONLY: 'true' },
      'PERSISTED_DOCUMENTS is missing: PERSISTED_DOCUMENTS_ONLY needs it',
    ],
    [{ PERSISTED_DOCUMENTS_ONLY: 'yes' }, 'PERSISTED_DOCUMENTS_ONLY must be one of true, false'],
  ])('refuse %j', (environment, problem) => {
    expect(problemsOf({ ...production, ...environment })).toEqual([problem]);
  });
});

describe('production', () => {
  it('starts with one vendor and the identity provider', () => {
    expect(problemsOf(production)).toEqual([]);
  });

  it('with nothing set names all that it cannot do without', () => {
    expect(problemsOf({})).toEqual([
      'AUTH_ISSUER is missing',
      'AUTH_AUDIENCE is missing',
      'no vendor is configured: set the variables of at least one of NIMBUS, VSEE, MY_PATIENT_PORTAL, CERBO, MD_HQ',
    ]);
  });

  it.each([
    { PUBLIC_URL: 'https://api.clinic.example.com' },
    { HOST: '0.0.0.0' },
    { HOST: '::' },
    { HOST: '192.0.2.7' },
  ])('wants an ENCRYPTION_KEY beyond loopback: %o', (reach) => {
    const missing = 'ENCRYPTION_KEY is missing (npx portico generate-key)';
    expect(problemsOf({ ...production, ...reach })).toEqual([missing]);
    expect(problemsOf({ ...reach })).toContain(missing);
    expect(problemsOf({ ...production, ...reach, ENCRYPTION_KEY: encryptionKey })).toEqual([]);
  });

  it.each([
    { PUBLIC_URL: 'http://localhost:4000' },
    { HOST: 'localhost' },
    { HOST: '::1' },
    { HOST: '127.0.0.1', PUBLIC_URL: 'http://127.0.0.1:4000' },
  ])('does without on loopback: %o', (reach) => {
    expect(problemsOf({ ...production, ...reach })).toEqual([]);
  });

  it('trusts no identity provider over http, except on loopback', () => {
    expect(problemsOf({ ...production, AUTH_ISSUER: 'http://id.example.com' })).toEqual([
      'AUTH_ISSUER must be https:// (http:// only on loopback)',
    ]);
    expect(problemsOf({ ...production, AUTH_ISSUER: 'http://127.0.0.1:9000' })).toEqual([]);
  });
});
