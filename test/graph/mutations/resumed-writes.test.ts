import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../../src/store/store-error.ts';
import {
  done,
  expectRefusal,
  expectWholeRefusal,
  mutate,
  nimbusOf,
  sent,
} from '../../support/asked-mutation.ts';
import { type StartedGateway, startTestGateway } from '../../support/gateway.ts';

/** Writes that are gone on with under their key: what has been forbidden meanwhile stays forbidden. */

let gateway: StartedGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    environment: { NIMBUS_TIMEOUT_MS: '1000', INVITATIONS_PER_PATIENT_PER_DAY: '2' },
  });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const enabling = 'POST /external-portal-access/enable';
const onboarding = 'POST /external-transfer-onboarding';
const unsent = { kind: 'status', status: 429, times: 1 } as const;
const lost = { kind: 'reset', act: true, times: 1 } as const;
const keyed = (patientId: string) => ({ patientId, idempotencyKey: randomUUID() });
const person = () => ({
  ...{ firstName: 'Rita', lastName: randomUUID().replaceAll(/[^a-f]/g, 'g'), sex: 'FEMALE' },
  ...{ birthDate: '1990-05-06', email: `${randomUUID()}@example.com`, phone: '+15550108001' },
  ...{ heightFeet: 5, heightInches: 7, weightPounds: 150 },
  address: { street: '1 Road', city: 'Town', state: 'CA', postalCode: '90012' },
});

describe('enablePortalAccess under the key of an attempt before', () => {
  it.each([
    ['was refused for now', unsent],
    ['lost its answer', lost],
  ])('that %s does not undo a revocation by STAFF', async (_what, fault) => {
    const input = keyed(gateway.ids.Ana);
    nimbusOf(gateway).fault({ ...fault, match: /enable/ });
    const first = await mutate(gateway, 'enablePortalAccess', input, 'ana');
    expect(first.payload.userErrors).toHaveLength(1);
    await done(gateway, 'revokePortalAccess', { patientId: gateway.ids.Ana });
    gateway.forget();
    const operationId = first.payload.operation.id;
    expectWholeRefusal(await mutate(gateway, 'enablePortalAccess', input, 'ana'), 'FORBIDDEN');
    await mutate(gateway, 'reconcileOperation', { operationId }, 'ana');
    expect(sent(gateway.calls('NIMBUS'))).toEqual([]);

    // STAFF may, and then it is as if it began.
    const { operation } = await done(gateway, 'reconcileOperation', { operationId });
    expect(operation).toEqual({ id: operationId });
    expect(sent(gateway.calls('NIMBUS'))).toEqual([enabling]);
  });

  it('is not sent for an account that turned out to be the wrong one', async () => {
    const { Ben } = gateway.ids;
    const input = keyed(Ben);
    nimbusOf(gateway).fault({ ...lost, match: /revoke/, times: 3 });
    await mutate(gateway, 'revokePortalAccess', input);
    await done(gateway, 'unlinkVendorAccount', { patientId: Ben, vendor: 'NIMBUS' });
    gateway.forget();
    expectRefusal(await mutate(gateway, 'revokePortalAccess', input), 'NOT_LINKED');
    expect(gateway.allCalls()).toEqual([]);
    const account = { patientId: Ben, vendor: 'NIMBUS', vendorPatientId: '1002' };
    await done(gateway, 'linkVendorAccount', account);
    await done(gateway, 'revokePortalAccess', input);
  });
});

describe('invitePatientToPortal', () => {
  it('is not sent more often by going on with attempts that were refused for now', async () => {
    const inputs = Array.from({ length: 4 }, () => ({
      ...keyed(gateway.ids.Chloe),
      vendor: 'CERBO',
    }));
    gateway.sandbox.simulators.CERBO.fault({ ...unsent, times: 4, match: /^POST/ });
    for (const input of inputs) {
      const { payload } = await mutate(gateway, 'invitePatientToPortal', input);
      expect(payload.userErrors).toMatchObject([{ code: 'RATE_LIMITED' }]);
    }
    gateway.forget();
    const codes: string[] = [];
    for (const input of inputs) {
      const { payload } = await mutate(gateway, 'invitePatientToPortal', input);
      codes.push(payload.userErrors[0]?.code ?? 'DONE');
    }
    expect(codes).toEqual(['DONE', 'DONE', 'RATE_LIMITED', 'RATE_LIMITED']);
    expect(gateway.calls('CERBO').filter(({ method }) => method === 'POST')).toHaveLength(2);
  });
});

describe('reconcileOperation', () => {
  it('does not call resumable what it has sent itself and whose answer was lost', async () => {
    const { CERBO } = gateway.sandbox.simulators;
    const input = { ...keyed(gateway.ids.Ana), vendor: 'CERBO' };
    CERBO.fault({ ...unsent, match: /^POST/ });
    const { payload } = await mutate(gateway, 'invitePatientToPortal', input);
    const operationId = payload.operation.id;
    CERBO.fault({ ...lost, match: /^POST/ });
    const { operations } = gateway.store;
    const { handBack } = operations;
    let refused = 0;
    operations.handBack = (...given) => {
      refused += 1;
      // As often as it is insisted on.
      return refused <= 4 ? Promise.reject(new StoreError('UNAVAILABLE')) : handBack(...given);
    };
    const reconciled = await mutate(gateway, 'reconcileOperation', { operationId });
    operations.handBack = handBack;
    expect(reconciled.payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    const { data } = await gateway.query(
      'query ($id: ID!) { node(id: $id) { ... on Operation { status steps { status } } } }',
      { id: operationId },
    );
    expect(data.node).toEqual({
      status: 'OUTCOME_UNKNOWN',
      steps: [{ status: 'OUTCOME_UNKNOWN' }],
    });
  });
});

describe('onboardPatient', () => {
  it('does not onboard again who has been onboarded under another key meanwhile', async () => {
    const input = person();
    const first = { ...input, idempotencyKey: randomUUID() };
    nimbusOf(gateway).fault(unsent);
    expectRefusal(await mutate(gateway, 'onboardPatient', first), 'RATE_LIMITED');
    const { patient } = await done(gateway, 'onboardPatient', input);
    // The vendor would take them twice.
    const { switches } = nimbusOf(gateway);
    switches.duplicateEmail = 'reissue';
    gateway.forget();
    const { payload } = await mutate(gateway, 'onboardPatient', first);
    expect(payload).toMatchObject({
      patient: { id: patient.id },
      userErrors: [{ code: 'ALREADY_EXISTS' }],
    });
    expect(sent(gateway.calls('NIMBUS'))).not.toContain(onboarding);
    switches.duplicateEmail = 'refuse';
  });
});

describe('onboardPatient of a PATIENT', () => {
  it('that STAFF has gone on with is theirs all the same', async () => {
    const input = { ...person(), idempotencyKey: randomUUID() };
    nimbusOf(gateway).fault(unsent);
    const first = await mutate(gateway, 'onboardPatient', input, 'stranger');
    expectRefusal(first, 'RATE_LIMITED');
    await done(gateway, 'reconcileOperation', { operationId: first.payload.operation.id });
    const { data } = await gateway.query('{ viewer { patient { email } } }', {}, 'stranger');
    expect(data.viewer.patient).toEqual({ email: input.email });
  });
});

describe('createFollowUp', () => {
  it('that was done, and not noted down here, is about the order that it was made on', async () => {
    const nimbus = nimbusOf(gateway);
    const input = { ...keyed(gateway.ids.Ana), date: '2999-12-31' };
    const { followUps } = gateway.store;
    const { add } = followUps;
    followUps.add = () => Promise.reject(new StoreError('UNAVAILABLE'));
    await mutate(gateway, 'createFollowUp', input);
    followUps.add = add;
    const orders = nimbus.state.users.get(1001)?.orders ?? [];
    const before = orders.splice(0);
    const { payload } = await mutate(gateway, 'createFollowUp', input);
    orders.push(...before);
    expect(payload).toMatchObject({ followUp: { date: '2999-12-31' }, order: { id: '9001' } });
  });
});

describe('a link that nobody got', () => {
  it('because who saw what could not be written down waits for the next try', async () => {
    const { accessLog } = gateway.store;
    const { record } = accessLog;
    const input = keyed(gateway.ids.Chloe);
    const enable = () =>
      gateway.query(
        'mutation ($input: EnablePortalAccessInput!) { enablePortalAccess(input: $input) { portalAccess { redirectUrl patient { latestOrder { id } } } } }',
        { input },
      );
    accessLog.record = () => Promise.reject(new StoreError('UNAVAILABLE'));
    const first = await enable();
    accessLog.record = record;
    expect(first.data ?? null).toBeNull();
    expect(first.errors).toHaveLength(1);
    const again = await enable();
    expect(again.data.enablePortalAccess.portalAccess.redirectUrl).toContain('token=');
    const [one, ...more] = sent(gateway.calls('NIMBUS')).filter((call) => call === enabling);
    expect([one, more]).toEqual([enabling, []]);
  });

  it('because reconcileOperation has brought it waits for whoever asks under the key', async () => {
    const input = keyed(gateway.ids.Chloe);
    nimbusOf(gateway).fault({ ...unsent, match: /enable/ });
    const first = await mutate(gateway, 'enablePortalAccess', input);
    const operationId = first.payload.operation.id;
    await done(gateway, 'reconcileOperation', { operationId });
    const { portalAccess } = await done(gateway, 'enablePortalAccess', input);
    expect(portalAccess.redirectUrl).toContain('token=');
    expect(sent(gateway.calls('NIMBUS'))).toEqual([enabling, enabling]);
    const again = await done(gateway, 'enablePortalAccess', input);
    expect(again.portalAccess.redirectUrl).toBeNull();
  });
});
