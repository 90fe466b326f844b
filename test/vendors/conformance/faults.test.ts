import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CodedError, VendorError, type VendorErrorKind } from '../../../src/domain/errors.ts';
import type { Fault } from '../../../src/sandbox/simulator.ts';
import { driven } from './exercises.ts';
import { definitions, type OpenVendor, openVendor, sandboxAna } from './open-vendor.ts';
import { prepareWorld, type World } from './world.ts';

/** How every vendor's door ends when its vendor does not answer well. */

const statusFault = (status: number, headers?: Record<string, string>): Fault => ({
  kind: 'status',
  status,
  ...(headers && { headers }),
});

const faults: readonly [string, Fault, readonly VendorErrorKind[]][] = [
  ['hangs (V03)', { kind: 'hang' }, ['TIMED_OUT']],
  ['drips (V03)', { kind: 'drip' }, ['TIMED_OUT']],
  ['resets the connection (V01)', { kind: 'reset' }, ['CONNECTION_LOST']],
  ['answers 500 (V04)', statusFault(500), ['SERVER_ERROR']],
  ['answers 503 (V04)', statusFault(503), ['SERVER_ERROR']],
  ['answers a gateway’s HTML with 502 (V04)', { kind: 'html', status: 502 }, ['SERVER_ERROR']],
  ['answers a login page with 200 (V06)', { kind: 'html', status: 200 }, ['NOT_JSON']],
  ['answers garbage (V07)', { kind: 'garbage' }, ['NOT_JSON']],
  ['answers nothing with 200 (V06)', { kind: 'empty' }, ['EMPTY_BODY']],
  ['breaks off its answer (V07)', { kind: 'truncate' }, ['TRUNCATED_BODY']],
  ['answers without end (V08)', { kind: 'oversize' }, ['BODY_TOO_LARGE']],
  ['answers another shape (V07)', { kind: 'wrong-shape' }, ['UNEXPECTED_SHAPE']],
  ['answers 429 (V05)', statusFault(429, { 'retry-after': '60' }), ['RATE_LIMITED']],
  [
    'redirects (V09)',
    { kind: 'redirect', location: 'https://elsewhere.example.com/' },
    ['REDIRECTED'],
  ],
  ['answers 401', statusFault(401), ['CREDENTIAL_REFUSED', 'AUTHORIZATION_REQUIRED']],
];

/** What an error may be printed as, without the places in our own sources. */
const printed = (error: unknown) =>
  [
    String(error),
    JSON.stringify(error),
    inspect(error, { depth: 10, showHidden: true }),
    inspect((error as Error).cause),
  ]
    .join('\n')
    .replaceAll(/^\s+at .*$/gm, '');

/** Whether a path is one of a template; libraries that bring their own addresses have none. */
const fits = (template: string | undefined, path: string) => {
  const sent = path.split('/').filter((segment) => segment !== '');
  const last = template?.split('/').slice(-sent.length);
  return (
    last?.every((segment, index) => /^\{\w+\}$/.test(segment) || segment === sent[index]) ?? true
  );
};

describe.each(definitions)('%s', (id, definition) => {
  let open: OpenVendor;
  let world: World;
  let tokens: typeof open.vault.entries;
  beforeAll(async () => {
    open = await openVendor(id, definition);
    world = await prepareWorld(open);
    tokens = new Map(open.vault.entries);
  });
  afterAll(() => open.close());
  beforeEach(() => {
    open.forget();
    open.vault.entries.clear();
    for (const [patientId, kept] of tokens) {
      open.vault.entries.set(patientId, kept);
    }
    world.scope = open.scope();
  });

  /** Everything that must not be found in an error. */
  function secrets(): string[] {
    const ana = sandboxAna();
    const given = Object.values(open.simulator.environment).filter((value) => value.length > 7);
    const kept = [...tokens.values()].flatMap((each) => [each.accessToken, each.refreshToken]);
    return [
      ...given,
      ...kept.filter((token) => token !== null),
      ...[world.session.token, new URL(open.simulator.origin).host, 'elsewhere.example.com'],
      ...[ana.email, ana.lastName, ana.phone, 'Basic ', 'Bearer '],
      ...['sandbox fault', '<html', 'Sign in', 'unexpected'],
    ].filter((secret) => secret !== 'absent');
  }

  const asks = driven(definition.capabilities).filter(
    ({ name, exercise }) => exercise.nature === 'read' || name === 'connection.begin',
  );

  it('offers something to read', () => {
    const readable = definition.capabilities.some((each) => each !== 'staffLinking');
    expect(asks.length > 0).toBe(readable);
  });

  describe.each(asks.map((each) => [each.name, each] as const))('%s', (name, { run, exercise }) => {
    it('answers, and reports the calls that it took', async () => {
      const answer = await run(open.connect(), world);
      expect(answer).toBeDefined();
      if (name !== 'appointments.earlierAvailability' && !name.endsWith('videoConsultationUrl')) {
        expect(answer).not.toBeNull();
        expect(answer).not.toEqual([]);
      }
      const { calls } = open.simulator;
      expect(calls.length).toBeGreaterThan(0);
      expect(open.reported).toHaveLength(calls.length);
      for (const [index, call] of open.reported.entries()) {
        expect(call).toEqual({
          vendor: id,
          operation: expect.stringMatching(/^[\w/:{}. -]+$/),
          method: calls[index]?.method,
          server: '127.0.0.1',
          template: call.template,
          attempts: 1,
          status: calls[index]?.status,
          outcome: expect.stringMatching(/^(OK|NOT_FOUND|REJECTED)$/),
          startedAt: expect.any(Number),
          duration: expect.any(Number),
        });
        expect(call.duration).toBeGreaterThanOrEqual(0);
        expect(fits(call.template, calls[index]?.path ?? '')).toBe(true);
      }
    });

    it.each(faults)(
      'while the vendor %s ends as a typed error that is safe to log',
      async (_what, fault, kinds) => {
        const patience = fault.kind === 'hang' || fault.kind === 'drip' ? '300' : '2000';
        const door = open.connect({ [`${id}_TIMEOUT_MS`]: patience });
        open.simulator.fault(fault);
        const ended = run(door, world);
        if (fault.kind === 'empty' && exercise.emptyIsAnswer) {
          await ended;
          return;
        }
        const error = await ended.then(
          (answer) => expect.fail(`it answered ${inspect(answer)}`),
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(VendorError);
        const { vendor, operation, kind, retryAt } = error as VendorError;
        expect(vendor).toBe(id);
        expect(operation).toMatch(/^[\w/:{}. -]+$/);
        expect(operation).not.toContain('://');
        const isHandshake = exercise.nature === 'handshake';
        // The protocol's library reads the body itself, and to it nothing is no JSON either.
        const allowed = isHandshake && kinds.includes('EMPTY_BODY') ? ['NOT_JSON'] : kinds;
        expect(allowed).toContain(kind);
        if (kind === 'RATE_LIMITED') {
          expect(Math.abs(Number(retryAt) - Date.now() - 60_000)).toBeLessThan(5_000);
        }
        const text = printed(error);
        expect(secrets().filter((secret) => text.includes(secret))).toEqual([]);
        expect(open.reported.at(-1)?.vendor).toBe(id);
        if (!isHandshake) {
          expect(open.reported.at(-1)?.outcome).not.toBe('OK');
        }
        const attempts = open.reported.reduce((sum, call) => sum + call.attempts, 0);
        expect(open.simulator.calls).toHaveLength(attempts);
      },
    );
  });

  it('V13: health turns from AVAILABLE to UNAVAILABLE while faults repeat; then nothing is sent', async () => {
    const [ask] = asks;
    if (ask === undefined) {
      return;
    }
    const door = open.connect();
    expect(door.health()).toEqual({ state: 'AVAILABLE', retryAt: undefined });
    open.simulator.fault(statusFault(500));
    for (let attempt = 0; attempt < 5 && door.health().state !== 'UNAVAILABLE'; attempt++) {
      await expect(ask.run(door, world)).rejects.toThrow();
    }
    const { state, retryAt } = door.health();
    expect(state).toBe('UNAVAILABLE');
    expect(Number(retryAt)).toBeGreaterThan(Date.now());
    const before = open.simulator.calls.length;
    await expect(ask.run(door, world)).rejects.toMatchObject({ kind: 'SHED', vendor: id });
    expect(open.simulator.calls).toHaveLength(before);
    expect(open.reported.at(-1)).toMatchObject({ attempts: 0, outcome: 'SHED' });
    // Another door of the same vendor knows nothing of it.
    expect(open.connect().health().state).toBe('AVAILABLE');
  });

  it('a single fault leaves it DEGRADED, a refusal of the vendor does not', async () => {
    const [ask] = asks;
    if (ask === undefined) {
      return;
    }
    const refused = open.connect();
    open.simulator.fault(statusFault(400));
    await expect(ask.run(refused, world)).rejects.toThrow();
    expect(refused.health().state).toBe('AVAILABLE');
    open.simulator.clear();
    const faulty = open.connect({ [`${id}_TIMEOUT_MS`]: '300' });
    open.simulator.fault({ kind: 'hang', times: 1 });
    await expect(ask.run(faulty, world)).rejects.toThrow();
    expect(faulty.health().state).toBe('DEGRADED');
  });

  it('throws no CodedError for what the vendor does', async () => {
    open.simulator.fault(statusFault(422));
    for (const { run } of asks) {
      const error = await run(open.connect(), world).catch((thrown: unknown) => thrown);
      expect(error).not.toBeInstanceOf(CodedError);
    }
  });
});
