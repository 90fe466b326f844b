import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { people } from '../../../src/vendors/my-patient-portal/fixtures.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { mutate, portalTimes } from '../../support/mutations.ts';
import { portalOf } from '../../support/simulators.ts';

let gateway: TestGateway;
let shift = 0;
beforeAll(async () => {
  gateway = await startTestGateway({ clock: () => Date.now() + shift });
});
afterAll(() => gateway.close());

/** A booking whose answer is lost. @returns its operation */
async function lose(availabilityId: string | undefined, { act }: { act: boolean }) {
  portalOf(gateway).fault({ kind: 'reset', act, match: /booking$/, times: 1 });
  const { payload } = await mutate(
    gateway,
    'bookAppointment',
    { patientId: gateway.ids.Ana, availabilityId, idempotencyKey: randomUUID() },
    'operation { id status }',
  );
  expect(payload).toMatchObject({
    operation: { status: 'OUTCOME_UNKNOWN' },
    userErrors: [{ code: 'OUTCOME_UNKNOWN' }],
  });
  return payload.operation.id as string;
}

const reconcile = async (operationId: string) =>
  (await mutate(gateway, 'reconcileOperation', { operationId }, 'operation { status }')).payload;

it('a lost booking is not taken for another appointment of the patient at the same time', async () => {
  const [time] = (await portalTimes(gateway, gateway.ids.Ana)).slice(-1);
  const { appointments } = portalOf(gateway);
  appointments.push({
    id: 'xbCuVVTNU6rT6E5m8p6Y8h7opzZz',
    accountId: people[0]?.accountId ?? '',
    typeId: 199,
    insuranceId: 136,
    start: Date.parse(time?.start ?? ''),
    cancelledAt: null,
    asapEmail: null,
    comments: undefined,
    structuredComment: undefined,
    notifications: undefined,
  });
  const operationId = await lose(time?.id, { act: false });
  expect(await reconcile(operationId)).toMatchObject({
    operation: { status: 'FAILED' },
    userErrors: [],
  });
});

it('a lost booking is not taken for undone once it has begun: the portal lists what is ahead', async () => {
  const [time] = await portalTimes(gateway, gateway.ids.Ana);
  const operationId = await lose(time?.id, { act: true });
  shift = Date.parse(time?.start ?? '') - Date.now();
  expect(await reconcile(operationId)).toMatchObject({
    operation: { status: 'OUTCOME_UNKNOWN' },
    userErrors: [{ code: 'UNSUPPORTED_BY_VENDOR' }],
  });
});
