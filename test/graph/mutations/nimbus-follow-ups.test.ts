import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  basicAuthorization,
  done,
  expectRefusal,
  expectWholeRefusal,
  mutate,
  nimbusOf,
  nobody,
  noPatientIds,
  sent,
} from '../../support/asked-mutation.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';

let now = Date.now();
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    environment: { CLINIC_TIME_ZONE: 'America/Los_Angeles' },
    clock: () => now,
  });
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.forget();
  now = Date.now();
  nimbusOf(gateway).switches.followUpStatus = 201;
  nimbusOf(gateway).switches.noOrder = 'not-found';
});

const reading = (userId: number) => `GET /external-portal-access/latest-order?user_id=${userId}`;
const creating = 'POST /external-portal-access/create-followup';
const followUpsAt = () => nimbusOf(gateway).state.followUps;
const followUps = async (id: string) =>
  (
    await gateway.query(
      'query ($id: ID!) { patient(id: $id) { followUps { id vendor date createdAt patient { id } } } }',
      { id },
    )
  ).data.patient.followUps;
const create = (date: unknown, patientId = gateway.ids.Ana) =>
  mutate(gateway, 'createFollowUp', { patientId, date });

/** The calendar day in Los Angeles, shifted by some days. */
const day = (shift: number) =>
  new Date(now + shift * 86_400_000).toLocaleDateString('en-CA', {
    timeZone: 'America/Los_Angeles',
  });

describe('createFollowUp', () => {
  it.each([201, 200] as const)(
    'reads the latest order, makes one follow-up on it (%s) and lists it',
    async (status) => {
      nimbusOf(gateway).switches.followUpStatus = status;
      const before = [...followUpsAt()];
      const known = await followUps(gateway.ids.Ana);
      const date = day(30);
      const payload = await done(gateway, 'createFollowUp', {
        patientId: gateway.ids.Ana,
        date,
      });
      expect(payload.followUp).toEqual({
        id: expect.any(String),
        vendor: 'NIMBUS',
        date,
        createdAt: new Date(Date.parse(payload.followUp.createdAt)).toISOString(),
        patient: { id: gateway.ids.Ana },
      });
      expect(payload.order).toEqual({
        id: '9001',
        vendor: 'NIMBUS',
        tenantDomain: 'portal.sandbox-clinic.test',
      });
      expect(sent(gateway.calls('NIMBUS'))).toEqual([reading(1001), creating]);
      expect(gateway.allCalls()).toHaveLength(2);
      const [read, write] = gateway.calls('NIMBUS');
      expect(read?.headers.authorization).toMatch(basicAuthorization);
      expect(write?.headers.authorization).toBe(read?.headers.authorization);
      expect(read?.body).toBeUndefined();
      const body = {
        followup_date: date,
        patient_id: 5001,
        user_id: 1001,
        tenant_domain: 'portal.sandbox-clinic.test',
      };
      expect(write?.body).toEqual(body);
      expect(followUpsAt().slice(before.length)).toEqual([expect.objectContaining(body)]);

      expect(await followUps(gateway.ids.Ana)).toEqual([payload.followUp, ...known]);
      const { data } = await gateway.query(
        'query ($id: ID!) { node(id: $id) { ... on FollowUp { date vendor } } }',
        { id: payload.followUp.id },
      );
      expect(data.node).toEqual({ date, vendor: 'NIMBUS' });
    },
  );

  it('takes today in the clinic’s zone and refuses its yesterday without a call', async () => {
    // Past midnight in UTC, before it in Los Angeles.
    now = Date.parse(`${day(1)}T03:00:00Z`);
    const today = day(0);
    expect(new Date(now).toISOString().startsWith(today)).toBe(false);
    await done(gateway, 'createFollowUp', { patientId: gateway.ids.Ben, date: today });
    gateway.forget();
    const answer = await create(day(-1), gateway.ids.Ben);
    expectRefusal(answer, 'INVALID_INPUT', ['input', 'date']);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each(['1900-01-01', '2020-02-29'])('refuses the past day %s without a call', async (date) => {
    const before = followUpsAt().length;
    const answer = await create(date);
    expectRefusal(answer, 'INVALID_INPUT', ['input', 'date']);
    expect(answer.text).not.toContain(date);
    expect(gateway.allCalls()).toEqual([]);
    expect(followUpsAt()).toHaveLength(before);
  });

  it.each([
    '2999-02-31',
    '2999-04-31',
    '2999-2-3',
    '2999-01-01T00:00:00Z',
    '2999-01-01\u0000',
    'secret',
    29990101,
    '',
    null,
  ])('refuses %j, which is no day, as a whole', async (date) => {
    const answer = await create(date);
    expectWholeRefusal(answer, 'BAD_USER_INPUT');
    // Long enough that no request id or time of day has it by chance.
    const told = String(date || 'secret').slice(0, 7);
    expect(answer.text).not.toContain(told);
    expect(gateway.logged()).not.toContain(told);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each(['not-found', 'null-data'] as const)(
    'says NO_ORDER where the vendor has none (%s), and makes nothing',
    async (noOrder) => {
      nimbusOf(gateway).switches.noOrder = noOrder;
      const before = followUpsAt().length;
      expectRefusal(await create(day(7), gateway.ids.Chloe), 'NO_ORDER');
      expect(sent(gateway.calls('NIMBUS'))).toEqual([reading(1003)]);
      expect(followUpsAt()).toHaveLength(before);
      expect(await followUps(gateway.ids.Chloe)).toEqual([]);
    },
  );

  it('says NOT_LINKED for a patient without an account, without a call', async () => {
    expectRefusal(await create(day(7), gateway.ids.David), 'NOT_LINKED');
    expect(gateway.allCalls()).toEqual([]);
  });

  it('says that the vendor refused an order that does not fit', async () => {
    const user = nimbusOf(gateway).state.users.get(1002);
    const known = await followUps(gateway.ids.Ben);
    nimbusOf(gateway).fault({
      kind: 'status',
      status: 422,
      match: /create-followup/,
      times: 1,
    });
    expect(user?.orders).not.toEqual([]);
    const answer = await create(day(7), gateway.ids.Ben);
    expectRefusal(answer, 'VENDOR_REJECTED');
    expect(sent(gateway.calls('NIMBUS'))).toEqual([reading(1002), creating]);
    expect(await followUps(gateway.ids.Ben)).toEqual(known);
  });

  it('asks again for an order whose answer was lost, and still makes one follow-up', async () => {
    nimbusOf(gateway).fault({ kind: 'reset', match: /latest-order/, times: 1 });
    const before = followUpsAt().length;
    await done(gateway, 'createFollowUp', { patientId: gateway.ids.Ana, date: day(9) });
    expect(sent(gateway.calls('NIMBUS'))).toEqual([reading(1001), reading(1001), creating]);
    expect(followUpsAt()).toHaveLength(before + 1);
  });

  it('makes nothing where the order cannot be read', async () => {
    nimbusOf(gateway).fault({ kind: 'status', status: 501, match: /latest-order/ });
    const before = followUpsAt().length;
    const answer = await create(day(7));
    expectRefusal(answer, 'VENDOR_UNAVAILABLE');
    expect(sent(gateway.calls('NIMBUS'))).toEqual([reading(1001)]);
    expect(followUpsAt()).toHaveLength(before);
  });

  it('is FORBIDDEN for a PATIENT, also for themselves', async () => {
    for (const patientId of [gateway.ids.Ana, gateway.ids.Ben, nobody(), 'nonsense']) {
      const answer = await mutate(gateway, 'createFollowUp', { patientId, date: day(7) }, 'ana');
      expectWholeRefusal(answer, 'FORBIDDEN');
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  it('refuses ids of nobody and of anything else', async () => {
    expectRefusal(await create(day(7), nobody()), 'NOT_FOUND', ['input', 'patientId']);
    for (const patientId of noPatientIds) {
      const answer = await create(day(7), patientId);
      expectRefusal(answer, 'INVALID_INPUT', ['input', 'patientId']);
    }
    expect(gateway.allCalls()).toEqual([]);
  });
});
