import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { edgeSettingsOf, edgeVariables, flag } from './config/edge.ts';
import { comesTooLate } from './config/env-file.ts';
import { problem, problemsOf } from './config/problems.ts';
import { telemetrySettingsOf, telemetryVariables } from './config/telemetry.ts';
import { unknownVariables } from './config/unknown-variables.ts';
import { type Role, roles } from './domain/roles.ts';
import { isTimeZone } from './domain/time-zone.ts';
import { registry } from './vendors/registry.ts';
import { baseUrl, decimalNumber, isLoopback, wholeNumber } from './vendors/vendor-definition.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** `serve` refuses what only a sandbox may do without. */
export type Mode = 'sandbox' | 'production';

/** One thing that is wrong. Its text names the variable, and never quotes its value: it may be a secret. */
export interface ConfigurationProblem {
  variable: string | undefined;
  text: string;
}

/** A configuration that cannot be used; its message lists all that is wrong. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly string[]) {
    super(
      `The configuration cannot be used:\n${[...new Set(problems)].map((problem) => `  - ${problem}`).join('\n')}\nThe README's chapter "Configuration" explains each variable.`,
    );
  }
}

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

/** They would go wherever the address goes: into errors, redirects and other people's logs. */
const holdsCredentials = ({ username, password }: URL) => username !== '' || password !== '';

/** Whoever reads its keys on the way could sign tokens of their own. */
const issuer = z
  .url({ protocol: /^https?$/ })
  .refine(
    (text) => !URL.canParse(text) || text.startsWith('https:') || isLoopback(new URL(text)),
    'must be https:// (http:// only on loopback)',
  )
  .refine(
    (text) => !URL.canParse(text) || !holdsCredentials(new URL(text)),
    'must not hold credentials',
  );

const origins = list.refine(
  (texts) => texts.every((text) => URL.canParse(text) && new URL(text).origin === text),
  'must be a comma-separated list of origins such as https://app.example.com',
);

const key = z.string().transform((text, context) => {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 32) {
    context.addIssue({
      code: 'custom',
      message: 'must be 32 bytes in base64 (npx portico generate-key)',
    });
  }
  return bytes;
});

const returnUrls = list.transform((texts, context) =>
  texts.map((text) => {
    if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
      context.addIssue({ code: 'custom', message: 'must be a comma-separated list of whole URLs' });
      return z.NEVER;
    }
    if (holdsCredentials(new URL(text))) {
      context.addIssue({ code: 'custom', message: 'must not hold credentials' });
    }
    return new URL(text);
  }),
);

const roleMapping = list.transform((pairs, context) => {
  const mapping = new Map<string, Role>();
  for (const pair of pairs) {
    const [word = '', ours] = pair.split('=');
    const role = roles.find((each) => each === ours);
    if (role === undefined || word === '') {
      context.addIssue({
        code: 'custom',
        message: `must look like clinician=STAFF,member=PATIENT`,
      });
      return z.NEVER;
    }
    mapping.set(word, role);
  }
  return mapping;
});

/** Milliseconds: twice what a write may take by default. */
const usualReconcileAfter = 30_000;

const general = edgeVariables.extend({
  ...telemetryVariables.shape,
  PORT: wholeNumber(0, 65_535).default(4000),
  HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: baseUrl('').optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres://')
    .optional(),
  DATA_DIR: z.string().min(1).default('.portico'),
  ENCRYPTION_KEY: key.optional(),
  ENCRYPTION_KEYS_OLD: list.pipe(z.array(key)).default([]),
  ALLOWED_RETURN_URLS: returnUrls.default([]),
  CORS_ORIGINS: origins.default([]),
  LOG_LEVEL: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  AUTH_ISSUER: issuer.optional(),
  AUTH_AUDIENCE: z.string().optional(),
  AUTH_ROLES_CLAIM: z.string().default('roles'),
  AUTH_ROLE_MAPPING: roleMapping.default(new Map()),
  CLINIC_TIME_ZONE: z.string().refine(isTimeZone, 'must be an IANA time zone').optional(),
  GRAPHIQL: flag.optional(),
  SHOW_VENDOR_CALLS: flag.default(false),
  IDEMPOTENCY_KEY_DAYS: decimalNumber(1, 3650).default(30),
  LEDGER_DAYS: decimalNumber(1, 36_500).default(365),
  AUDIT_DAYS: decimalNumber(1, 36_500).default(2192),
  RECONCILE_AFTER_MS: wholeNumber(0, 3_600_000).optional(),
  DRAIN_TIMEOUT_MS: wholeNumber(0, 300_000).default(8_000),
  REQUEST_TIMEOUT_MS: wholeNumber(100, 300_000).default(30_000),
});

export type Config = ReturnType<typeof configOf>;

/** A variable that is set to nothing counts as not set: that is how templates leave them. */
const withoutEmpty = (environment: Environment) =>
  Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));

/** Whether the gateway is reached, and meant to be reached, from this machine only. */
const staysOnThisMachine = ({ HOST = '127.0.0.1', PUBLIC_URL = 'http://localhost' }: Environment) =>
  [`http://${isIPv6(HOST) ? `[${HOST}]` : HOST}`, PUBLIC_URL].every(
    (address) => URL.canParse(address) && isLoopback(new URL(address)),
  );

type Described = Pick<(typeof registry)[keyof typeof registry], 'environment'>;
type VendorSettings = Partial<Record<string, Readonly<Record<string, unknown>>>>;

const isBegun = ({ environment: { shape } }: Described, environment: Environment) =>
  Object.keys(shape).some((name) => environment[name] !== undefined);

/** Settings of the vendors that have any variable set; the others are not configured. */
function readVendors(environment: Environment, problems: ConfigurationProblem[]): VendorSettings {
  const settings: VendorSettings = {};
  for (const [id, definition] of Object.entries(registry)) {
    if (isBegun(definition, environment)) {
      const parsed = definition.environment.safeParse(environment);
      if (parsed.success) {
        settings[id] = Object.freeze(parsed.data);
      } else {
        problems.push(...problemsOf(parsed.error));
      }
    }
  }
  return settings;
}

/** What only a sandbox may do without. */
function productionProblems(environment: Environment): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    problems.push(
      problem('NODE_TLS_REJECT_UNAUTHORIZED', 'must not switch the check of certificates off'),
    );
  }
  for (const name of ['AUTH_ISSUER', 'AUTH_AUDIENCE'] as const) {
    if (environment[name] === undefined) {
      problems.push(problem(name, 'is missing'));
    }
  }
  if (environment.ENCRYPTION_KEY === undefined && !staysOnThisMachine(environment)) {
    problems.push(problem('ENCRYPTION_KEY', 'is missing (npx portico generate-key)'));
  }
  if (!Object.values(registry).some((definition) => isBegun(definition, environment))) {
    const ids = Object.keys(registry).join(', ');
    const text = `no vendor is configured: set the variables of at least one of ${ids}`;
    problems.push({ variable: undefined, text });
  }
  return problems;
}

/**
 * The environment, read once. A vendor with none of its variables set is not configured; with some of
 * them, the missing ones are named.
 * @throws ConfigurationError that lists everything that is wrong
 */
export function readConfig(raw: Environment, mode: Mode): Config {
  const { config, problems } = surveyConfig(raw, mode);
  if (problems.length > 0) {
    // What is missing may be there under another name.
    throw new ConfigurationError([...problems.map(({ text }) => text), ...doubtsAbout(raw)]);
  }
  return config;
}

const vendorVariables = Object.values(registry).flatMap(({ environment: { shape } }) =>
  Object.keys(shape),
);

/**
 * A sentence for each variable that is set to no effect, as far as that can be told.
 * @param ofFile names of those that the `.env` file alone sets
 */
export const doubtsAbout = (raw: Environment, ofFile: readonly string[] = []): string[] => [
  ...comesTooLate(ofFile),
  ...unknownVariables(
    withoutEmpty(raw),
    [...Object.keys(general.shape), ...vendorVariables],
    Object.keys(registry),
    ofFile,
  ),
];

/** Everything that is wrong, and what the rest comes to: what is wrong counts as not set. */
export function surveyConfig(raw: Environment, mode: Mode) {
  const environment = withoutEmpty(raw);
  const problems: ConfigurationProblem[] = [];
  const parsed = general.safeParse(environment);
  if (!parsed.success) {
    problems.push(...problemsOf(parsed.error));
  }
  if (environment.PERSISTED_DOCUMENTS_ONLY === 'true' && !environment.PERSISTED_DOCUMENTS) {
    problems.push(problem('PERSISTED_DOCUMENTS', 'is missing: PERSISTED_DOCUMENTS_ONLY needs it'));
  }
  const wrong = problems.map(({ variable }) => variable);
  const vendors = readVendors(environment, problems);
  if (mode === 'production') {
    problems.push(...productionProblems(environment));
  }
  const rest = Object.entries(environment).filter(([name]) => !wrong.includes(name));
  const config = configOf(general.parse(Object.fromEntries(rest)), vendors, mode);
  return { config, problems };
}

function configOf(data: z.output<typeof general>, vendors: VendorSettings, mode: Mode) {
  const publicUrl = data.PUBLIC_URL ?? new URL(`http://localhost:${data.PORT}/`);
  return Object.freeze({
    mode,
    port: data.PORT,
    host: data.HOST,
    publicUrl,
    databaseUrl: data.DATABASE_URL,
    dataDirectory: data.DATA_DIR,
    encryptionKey: data.ENCRYPTION_KEY,
    oldEncryptionKeys: data.ENCRYPTION_KEYS_OLD,
    allowedReturnUrls: data.ALLOWED_RETURN_URLS,
    corsOrigins: data.CORS_ORIGINS,
    logLevel: data.LOG_LEVEL,
    authIssuer: data.AUTH_ISSUER ?? '',
    authAudience: data.AUTH_AUDIENCE ?? '',
    authRolesClaim: data.AUTH_ROLES_CLAIM,
    authRoleMapping: data.AUTH_ROLE_MAPPING,
    clinicTimeZone: data.CLINIC_TIME_ZONE ?? null,
    graphiql: data.GRAPHIQL ?? mode === 'sandbox',
    showVendorCalls: data.SHOW_VENDOR_CALLS,
    idempotencyKeyDays: data.IDEMPOTENCY_KEY_DAYS,
    // Forgetting a write while its key is good would make its repetition a new one.
    ledgerDays: Math.max(data.LEDGER_DAYS, data.IDEMPOTENCY_KEY_DAYS),
    auditDays: data.AUDIT_DAYS,
    // The sandbox's vendors act at once or never. Others may still be at a call while it is waited for.
    reconcileAfter:
      data.RECONCILE_AFTER_MS ??
      (mode === 'sandbox' ? 0 : Math.max(usualReconcileAfter, data.REQUEST_TIMEOUT_MS)),
    requestTimeout: data.REQUEST_TIMEOUT_MS,
    ...edgeSettingsOf(data, mode === 'sandbox'),
    ...telemetrySettingsOf(data),
    drainTimeout: data.DRAIN_TIMEOUT_MS,
    vendors,
  });
}
