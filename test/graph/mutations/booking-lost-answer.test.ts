import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { people } from '../../../src/vendors/my-patient-portal/fixtures.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { mutate, portalTimes } from '../../support/mutations.ts';
import { portalOf } from '../../support/simulators.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

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
  const input = {
    patientId: gateway.ids.Ana,
    availabilityId: time?.id,
    idempotencyKey: randomUUID(),
  };
  portalOf(gateway).fault({ kind: 'reset', match: /booking$/, times: 1 });
  const lost = await mutate(gateway, 'bookAppointment', input, 'operation { id status }');
  expect(lost.payload).toMatchObject({
    operation: { status: 'OUTCOME_UNKNOWN' },
    userErrors: [{ code: 'OUTCOME_UNKNOWN' }],
  });
  const { payload } = await mutate(
    gateway,
    'reconcileOperation',
    { operationId: lost.payload.operation.id },
    'operation { status }',
  );
  expect(payload).toMatchObject({ operation: { status: 'FAILED' }, userErrors: [] });
});
