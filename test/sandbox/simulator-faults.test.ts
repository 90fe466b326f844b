import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Transport } from '../../src/http/exchange.ts';
import type { Fault, Simulator } from '../../src/sandbox/simulator.ts';
import { startSimulatorServer } from '../../src/sandbox/simulator-server.ts';
import { failureOf, reading, scopeOf, transportTo, writing } from '../http/support/vendor.ts';

let simulator: Simulator;
let transport: Transport;
let made: number;

beforeEach(async () => {
  made = 0;
  simulator = await startSimulatorServer({
    basePath: 'api/v1',
    port: 0,
    environment: (origin) => ({ VENDOR_URL: `${origin}/api/v1/` }),
    routes: {
      'GET /things': () => ({ status: 200, body: { ok: true } }),
      'POST /things': () => {
        made += 1;
        return { status: 201, body: { ok: true, made, text: 'x'.repeat(200) } };
      },
    },
  });
  transport = transportTo({ baseUrl: new URL(simulator.environment.VENDOR_URL ?? '') });
});

afterEach(async () => {
  await transport.close?.();
  await simulator.close();
});

/** Each fault, the error it has to become, and how often a read is sent. */
const faults: [Fault, string, number, number | undefined][] = [
  [{ kind: 'hang' }, 'TIMED_OUT', 1, undefined],
  [{ kind: 'reset' }, 'CONNECTION_LOST', 3, undefined],
  [{ kind: 'status' }, 'SERVER_ERROR', 3, 500],
  [{ kind: 'status', status: 429, headers: { 'retry-after': '60' } }, 'RATE_LIMITED', 1, 429],
  [{ kind: 'html' }, 'SERVER_ERROR', 3, 500],
  [{ kind: 'html', status: 200 }, 'NOT_JSON', 1, 200],
  [{ kind: 'garbage' }, 'NOT_JSON', 1, 200],
  [{ kind: 'empty' }, 'EMPTY_BODY', 1, 200],
  [{ kind: 'truncate' }, 'TRUNCATED_BODY', 3, undefined],
  [{ kind: 'drip' }, 'TIMED_OUT', 1, undefined],
  [{ kind: 'oversize' }, 'BODY_TOO_LARGE', 1, undefined],
  [{ kind: 'redirect', location: 'http://127.0.0.1:9/' }, 'REDIRECTED', 1, 307],
  [{ kind: 'wrong-shape' }, 'UNEXPECTED_SHAPE', 1, 200],
  [{ kind: 'wrong-content-length' }, 'TRUNCATED_BODY', 3, undefined],
];

describe.each(faults)('the fault %j', (fault, kind, sent, status) => {
  it(`turns a read into ${kind}`, async () => {
    simulator.fault(fault);
    const error = await failureOf(transport.call(scopeOf(), reading()));
    expect(error.kind).toBe(kind);
    expect(simulator.calls).toHaveLength(sent);
    expect(simulator.calls[0]?.status).toBe(status);
    simulator.clear();
    expect(await transport.call(scopeOf(), reading())).toEqual({ ok: true });
  });

  it('keeps a write from acting', async () => {
    simulator.fault({ ...fault, times: 1 });
    expect((await failureOf(transport.call(scopeOf(), writing()))).kind).toBe(kind);
    expect(made).toBe(0);
    expect(simulator.calls).toMatchObject([{ method: 'POST', body: { name: 'Ana Silva' } }]);
    expect(await transport.call(scopeOf(), writing())).toEqual({ ok: true });
  });

  it('lets a write act once and spoils its answer where it says so', async () => {
    simulator.fault({ ...fault, act: true });
    const error = await failureOf(transport.call(scopeOf(), writing()));
    expect(error.kind).toBe(kind);
    expect(made).toBe(1);
    expect(simulator.calls).toHaveLength(1);
  });
});

describe('a fault', () => {
  it('strikes only the calls that match, as often as it says, then the next one does', async () => {
    simulator.fault({ kind: 'status', status: 400, match: /^POST \/things$/g, times: 2 });
    simulator.fault({ kind: 'status', status: 404 });
    const kinds = [];
    for (const exchange of [reading(), writing(), writing(), writing()]) {
      kinds.push((await failureOf(transport.call(scopeOf(), exchange))).kind);
    }
    expect(kinds).toEqual(['NOT_FOUND', 'REJECTED', 'REJECTED', 'NOT_FOUND']);
  });
});
