import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { mutate, sent } from '../../support/mutations.ts';

/** How often one patient may be the subject of what sends mail or kills the link before. */

const day = 24 * 60 * 60 * 1000;
let now = Date.now();
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    clock: () => now,
    environment: {
      INVITATIONS_PER_PATIENT_PER_DAY: '2',
      PORTAL_ACCESS_PER_PATIENT_PER_DAY: '3',
      CERBO_TIMEOUT_MS: '1000',
    },
  });
});
afterAll(() => gateway.close());
// Each test has a day of its own.
beforeEach(async () => {
  now += 2 * day;
  gateway.forget();
});

const invite = (patientId: string, vendor = 'CERBO', idempotencyKey?: string) =>
  mutate(
    gateway,
    'invitePatientToPortal',
    { patientId, vendor, idempotencyKey },
    'portalAccess { id } operation { id }',
  );
const enable = (as: 'staff' | 'ana', idempotencyKey?: string) =>
  mutate(
    gateway,
    'enablePortalAccess',
    { patientId: gateway.ids.Ana, idempotencyKey },
    'portalAccess { id }',
    as,
  );
const codes = (answers: Awaited<ReturnType<typeof invite>>[]) =>
  answers.map(({ payload }) => payload.userErrors[0]?.code ?? 'DONE');
const mails = () =>
  [...gateway.calls('CERBO'), ...gateway.calls('MD_HQ')].filter(({ method }) => method === 'POST');

describe('invitations of one patient', () => {
  it('are sent as often as the limit says, and not once more', async () => {
    const answers = [
      await invite(gateway.ids.Ana),
      await invite(gateway.ids.Ana),
      await invite(gateway.ids.Ana),
    ];
    expect(codes(answers)).toEqual(['DONE', 'DONE', 'RATE_LIMITED']);
    expect(mails()).toHaveLength(2);
    const refused = answers[2]?.payload;
    expect(refused).toMatchObject({ portalAccess: null, operation: null });
    expect(refused.userErrors[0]).toMatchObject({
      __typename: 'VendorUnavailableError',
      vendor: 'CERBO',
      retryAt: new Date(now + day).toISOString(),
    });
  });

  it('are counted for each patient and vendor by itself', async () => {
    await invite(gateway.ids.Ana);
    await invite(gateway.ids.Ana);
    const others = [
      await invite(gateway.ids.Chloe),
      await invite(gateway.ids.Ana, 'MD_HQ'),
      await invite(gateway.ids.Ana),
    ];
    expect(codes(others)).toEqual(['DONE', 'DONE', 'RATE_LIMITED']);
  });

  it('are possible again a day after the first', async () => {
    await invite(gateway.ids.Ana);
    now += day / 2;
    await invite(gateway.ids.Ana);
    expect(codes([await invite(gateway.ids.Ana)])).toEqual(['RATE_LIMITED']);
    now += day / 2 + 1;
    expect(codes([await invite(gateway.ids.Ana), await invite(gateway.ids.Ana)])).toEqual([
      'DONE',
      'RATE_LIMITED',
    ]);
  });

  it('asked for twenty times at once are sent as often as the limit says', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => invite(gateway.ids.Ana)));
    expect(codes(answers).filter((code) => code === 'DONE')).toHaveLength(2);
    expect(codes(answers).filter((code) => code === 'RATE_LIMITED')).toHaveLength(18);
    expect(mails()).toHaveLength(2);
  });

  it('answer a key that was used with its first result, whatever the limit', async () => {
    const keys = [randomUUID(), randomUUID(), randomUUID()];
    const first = await invite(gateway.ids.Ana, 'CERBO', keys[0]);
    await invite(gateway.ids.Ana, 'CERBO', keys[1]);
    const again = await invite(gateway.ids.Ana, 'CERBO', keys[0]);
    expect(again.payload).toMatchObject({ portalAccess: first.payload.portalAccess });
    // A key that was refused is as good as new on the next day.
    expect(codes([await invite(gateway.ids.Ana, 'CERBO', keys[2])])).toEqual(['RATE_LIMITED']);
    now += day + 1;
    expect(codes([await invite(gateway.ids.Ana, 'CERBO', keys[2])])).toEqual(['DONE']);
    expect(mails()).toHaveLength(3);
  });

  it('count where their outcome is unknown, and do not where nothing was sent', async () => {
    const simulator = gateway.sandbox.simulators.CERBO;
    simulator.fault({ kind: 'status', status: 429, headers: { 'retry-after': '0' } });
    const shed = [await invite(gateway.ids.Ana), await invite(gateway.ids.Ana)];
    expect(new Set(codes(shed))).toEqual(new Set(['RATE_LIMITED']));
    simulator.clear();
    simulator.fault({ kind: 'reset', act: true, times: 1 });
    expect(codes([await invite(gateway.ids.Ana)])).toEqual(['OUTCOME_UNKNOWN']);
    expect(codes([await invite(gateway.ids.Ana), await invite(gateway.ids.Ana)])).toEqual([
      'DONE',
      'RATE_LIMITED',
    ]);
  });
});

describe('ways into the portal of one patient', () => {
  it('are counted over all who ask for them', async () => {
    const answers = [
      await enable('ana'),
      await enable('staff'),
      await enable('ana'),
      await enable('staff'),
      await enable('ana'),
    ];
    expect(codes(answers)).toEqual(['DONE', 'DONE', 'DONE', 'RATE_LIMITED', 'RATE_LIMITED']);
    expect(sent(gateway.calls('NIMBUS'))).toHaveLength(3);
  });
});
