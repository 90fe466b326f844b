import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ofPatient } from '../../support/documents.ts';
import { type ListeningGateway, startListeningGateway } from '../../support/listening-gateway.ts';
import { globalIdOf, mutate } from '../../support/mutations.ts';
import {
  appointmentOf,
  holdTrail,
  type ListenOptions,
  listen,
  looks,
  open,
  recordOf,
  type Stream,
} from './listening.ts';

const interval = 200;
const perCaller = 3;
const requestTimeout = 4_000;

let gateway: ListeningGateway;
beforeAll(async () => {
  gateway = await startListeningGateway({
    environment: {
      SUBSCRIPTION_POLL_INTERVAL_MS: String(interval),
      SUBSCRIPTION_CALLS_PER_MINUTE: '100000',
      SUBSCRIPTIONS_PER_CALLER: String(perCaller),
      // Streams outlive it.
      REQUEST_TIMEOUT_MS: String(requestTimeout),
    },
  });
});
afterAll(() => gateway.close());

const streams: Stream[] = [];
const stream = async (options?: ListenOptions) => {
  const opened = await listen(gateway, options);
  streams.push(opened);
  return opened;
};
beforeEach(() => {
  open(gateway, true);
  gateway.forget();
});
afterEach(async () => {
  for (const opened of streams.splice(0)) {
    opened.close();
  }
  // The server hears of it a moment later.
  await delay(100);
});

const codes = ({ errors }: { errors?: { extensions: { code: string } }[] }) =>
  errors?.map(({ extensions }) => extensions.code);

/** Whoever was asking the vendor has had time to end. */
async function expectNobodyLooks() {
  await delay(500);
  const made = looks(gateway).length;
  await delay(5 * interval);
  expect(looks(gateway)).toHaveLength(made);
}

describe('earlierAvailability', () => {
  it('gives what is open at once, null when it is gone, and what opens up again', async () => {
    const events = await stream();
    expect(events.response.status).toBe(200);
    expect(events.response.headers.get('content-type')).toBe('text/event-stream');
    expect(events.response.headers.get('cache-control')).toBe('no-store');
    const first = await events.next();
    expect(first.errors).toBeUndefined();
    const { id, vendor, start } = first.data.earlierAvailability;
    expect(vendor).toBe('MY_PATIENT_PORTAL');
    expect(Date.parse(start)).toBeLessThan(recordOf(gateway).start);
    expect(id).toMatch(/^[A-Za-z0-9_-]{100,}$/);
    open(gateway, false);
    expect((await events.next()).data).toEqual({ earlierAvailability: null });
    open(gateway, true);
    expect((await events.next()).data.earlierAvailability.start).toBe(start);
  });

  it('says nothing while nothing changes, however long that is, and is not cut off', async () => {
    const events = await stream();
    await events.next();
    expect(await events.silentFor(requestTimeout + 1_000)).toBe(true);
    expect(looks(gateway).length).toBeGreaterThan(3);
    open(gateway, false);
    expect((await events.next()).data).toEqual({ earlierAvailability: null });
  });

  it('gives an id that the appointment can be moved to', async () => {
    const events = await stream();
    const { id } = (await events.next()).data.earlierAvailability;
    const input = { appointmentId: appointmentOf(gateway), availabilityId: id };
    const before = recordOf(gateway).start;
    const moved = await mutate(
      gateway,
      'rescheduleAppointment',
      input,
      'appointment { start }',
      'ana',
    );
    expect(moved.payload.userErrors).toEqual([]);
    recordOf(gateway).start = before;
  });

  it('goes on when the vendor fails for a while', async () => {
    const events = await stream();
    await events.next();
    gateway.sandbox.simulators.MY_PATIENT_PORTAL.fault({ kind: 'status', status: 400, times: 2 });
    expect(await events.silentFor(1_000)).toBe(true);
    open(gateway, false);
    expect((await events.next()).data).toEqual({ earlierAvailability: null });
  });

  it('ends when the appointment begins', async () => {
    const record = recordOf(gateway);
    const before = record.start;
    record.start = Date.now() + 1_500;
    const events = await stream();
    expect(await events.next()).toBeUndefined();
    record.start = before;
  });
});

describe('the poller', () => {
  it('is one for all who listen to an appointment, and ends with the last of them', async () => {
    const started = performance.now();
    const first = await stream();
    await first.next();
    const second = await stream({ as: 'staff' });
    await second.next();
    for (let tries = 0; looks(gateway).length < 6 && tries < 100; tries += 1) {
      await delay(interval / 2);
    }
    const made = looks(gateway).length;
    expect(made).toBeGreaterThanOrEqual(6);
    // Two of them would have made nearly twice as many.
    expect(made).toBeLessThanOrEqual((performance.now() - started) / interval + 2);

    first.close();
    await delay(300);
    open(gateway, false);
    expect((await second.next()).data).toEqual({ earlierAvailability: null });
    second.close();
    await expectNobodyLooks();
  });
});

describe('after a break', () => {
  it('goes on from the time that was given last', async () => {
    const before = await stream();
    const { id: after } = (await before.next()).data.earlierAvailability;
    before.close();
    await delay(300);
    const again = await stream({ variables: { after } });
    expect(await again.silentFor(1_000)).toBe(true);
    expect(looks(gateway).length).toBeGreaterThan(1);
    again.close();
    await delay(300);
    // What is gone meanwhile is told at once.
    const record = recordOf(gateway);
    const { start } = record;
    record.start = Date.now() + 20_000;
    const later = await stream({ variables: { after } });
    expect((await later.next()).data).toEqual({ earlierAvailability: null });
    record.start = start;
  });

  it.each([
    ['nonsense', () => 'nonsense'],
    ['the id of something else', () => appointmentOf(gateway)],
  ])('takes no %s for it', async (_what, after) => {
    const events = await stream({ variables: { after: after() } });
    expect(codes(await events.next())).toEqual(['BAD_USER_INPUT']);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('who may listen', () => {
  const nobodys = () =>
    globalIdOf(
      ...['Appointment', 'MY_PATIENT_PORTAL', '00000000-0000-4000-8000-000000000000'],
      'x'.repeat(28),
    );

  it.each(['ben', 'stranger'] as const)('is not %s, who learns nothing', async (as) => {
    const events: unknown[] = [];
    for (const id of [appointmentOf(gateway), nobodys()]) {
      const { errors, ...rest } = await (await stream({ as, variables: { id } })).next();
      expect(codes({ errors })).toEqual(['FORBIDDEN']);
      events.push({ message: errors[0].message, path: errors[0].path, ...rest });
    }
    expect(events[0]).toEqual(events[1]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('is put down with each event, and each refusal', async () => {
    await (await stream({ as: 'ben' })).next();
    await (await stream()).next();
    const { data } = await gateway.query(
      ofPatient('accessLog(first: 20) { nodes { actor action vendor outcome } }'),
      { id: gateway.ids.Ana },
      'admin',
    );
    const seen = data.patient.accessLog.nodes;
    const action = 'Subscription.earlierAvailability';
    expect(seen).toContainEqual({
      ...{ actor: 'sandbox-ben', action, vendor: null, outcome: 'DENIED' },
    });
    expect(seen).toContainEqual({
      ...{ actor: 'sandbox-ana', action, vendor: 'MY_PATIENT_PORTAL', outcome: 'ALLOWED' },
    });
  });

  it.each([
    ['cancelled', 'c'],
    ['not on the list', 'a'],
    ['not there', 'z'],
  ])('has to have an appointment that waits: not one that is %s', async (_what, last) => {
    const id = appointmentOf(gateway, last);
    const events = await stream({ as: 'staff', variables: { id } });
    const refused = await events.next();
    expect(codes(refused)).toEqual(['BAD_USER_INPUT']);
    expect(JSON.stringify(refused)).toContain('joinAsapList');
    expect(looks(gateway)).toEqual([]);
  });

  it('is who has a good token: the stream ends with it', async () => {
    const token = await gateway.sandbox.identityProvider.token({
      ...{ subject: 'sandbox-ana', roles: ['PATIENT'] },
      // Thirty seconds past its end are tolerated everywhere.
      expiresInSeconds: -27,
    });
    const events = await stream({ token });
    expect((await events.next()).data.earlierAvailability).toBeTruthy();
    expect(codes(await events.next())).toEqual(['UNAUTHENTICATED']);
    expect(await events.next()).toBeUndefined();
  });

  it('has so many at once and no more, others theirs', async () => {
    for (let count = 0; count < perCaller; count += 1) {
      expect((await stream()).response.status).toBe(200);
    }
    const refused = await stream();
    expect(refused.response.status).toBe(429);
    expect(refused.response.headers.get('retry-after')).toBe('10');
    expect(codes(await refused.next())).toEqual(['RATE_LIMITED']);
    expect((await stream({ as: 'staff' })).response.status).toBe(200);
    streams[0]?.close();
    await delay(300);
    expect((await stream()).response.status).toBe(200);
  });

  it.each([
    'application/json',
    // What only looks like one, or asks for it in what the server does not speak.
    'text/event-streams',
    'text/event-stream;charset=latin1',
    'application/json, text/event-stream; charset="utf-16"',
  ])('takes an event stream: who accepts %s is told so', async (accept) => {
    const { response } = await stream({ accept });
    expect(response.status).toBe(406);
    const answer = (await response.json()) as {
      errors: { message: string; extensions: { code: string } }[];
    };
    expect(codes(answer)).toEqual(['BAD_USER_INPUT']);
    expect(answer.errors[0]?.message).toContain('send `accept: text/event-stream`');
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each(['TEXT/Event-Stream', 'application/json, text/event-stream;q=0.9; charset=UTF-8'])(
    'gives one to who accepts %s',
    async (accept) => {
      const { response } = await stream({ accept });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/event-stream');
    },
  );
});

describe('a stream that does not come to begin', () => {
  /** Streams that ended so, as the log has it. */
  const ended = (why: string) =>
    gateway
      .logged()
      .split('\n')
      .filter((line) => line.includes('"msg":"subscription"') && line.includes(`"why":"${why}"`));

  it.each([
    [
      'hung up',
      async (_asked: Promise<unknown>, gone: AbortController) => {
        gone.abort();
        // The server hears of it a moment later.
        await delay(500);
      },
    ],
    [
      'was told that it took too long',
      async (asked: Promise<Stream | undefined>) => {
        expect((await asked)?.response.status).toBe(504);
      },
    ],
  ])('leaves nothing behind where its client %s', async (_how, goes) => {
    const before = ended('left').length;
    const trail = holdTrail(gateway);
    await Promise.all(
      Array.from({ length: perCaller }, async () => {
        const gone = new AbortController();
        const asked = stream({ gone }).catch(() => undefined);
        await expect.poll(trail.held, { timeout: 10_000 }).toBe(perCaller);
        await goes(asked, gone);
      }),
    ).finally(trail.release);
    await expect.poll(() => ended('left').length, { timeout: 10_000 }).toBe(before + perCaller);
    await expectNobodyLooks();
    expect((await stream()).response.status).toBe(200);
  });

  it('leaves nothing behind where its trail cannot be written', async () => {
    const before = ended('failed').length;
    const trail = holdTrail(gateway);
    const asked = stream();
    await expect.poll(trail.held, { timeout: 10_000 }).toBe(1);
    trail.release(new Error('The store is away.'));
    expect((await asked).response.status).toBe(500);
    expect(ended('failed')).toHaveLength(before + 1);
    await expectNobodyLooks();
  });
});

it('keeps a silent stream alive with comments', async () => {
  const { response } = await stream({ as: 'staff' });
  const reader = response.body?.getReader();
  let text = '';
  const end = Date.now() + 5_000;
  while (!/(^|\n):\n\n[\s\S]*\n:\n\n/.test(text) && Date.now() < end) {
    text += Buffer.from((await reader?.read())?.value ?? []).toString();
  }
  expect(text).toMatch(/(^|\n):\n\n[\s\S]*\n:\n\n/);
});

it('ends with an error when the patient takes the vendor’s authorization back', async () => {
  const events = await stream();
  await events.next();
  const input = { patientId: gateway.ids.Ana };
  const { payload } = await mutate(gateway, 'disconnectPatientPortal', input, 'patient { id }');
  expect(payload.userErrors).toEqual([]);
  const [code] = codes(await events.next()) ?? [];
  expect(code).toMatch(/^(NOT_LINKED|AUTHORIZATION_REQUIRED)$/);
  expect(await events.next()).toBeUndefined();
  await expectNobodyLooks();
});
