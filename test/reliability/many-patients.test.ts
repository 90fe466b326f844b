import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { addPeople, registerPeople } from '../support/many-patients.ts';

/** reliability.md, P05: a hundred patients, each with appointments of their own at the vendor. */

const many = 100;
let gateway: TestGateway;
beforeAll(async () => {
  const extra = addPeople(many);
  gateway = await startTestGateway({
    seeded: false,
    // The calls are to be counted, not refused for what the answer may hold.
    environment: { QUERY_MAX_FIELDS: '10000000', QUERY_MAX_VENDOR_CALLS: '10000' },
  });
  await registerPeople(gateway, extra);
});
afterAll(() => gateway.close());

it('P05: a hundred patients’ appointments, asked for three times each, are a hundred calls', async () => {
  gateway.forget();
  const { data, errors } = await gateway.query(`{
    patients(first: ${many}) { totalCount nodes {
      lastName
      appointments { totalCount nodes {
        id title start patient { lastName appointments { nodes { end } } }
      } }
      again: appointments { sources { state } nodes { status } }
    } }
  }`);
  expect(errors).toEqual([]);
  expect(data.patients.totalCount).toBe(many);
  expect(data.patients.nodes).toHaveLength(many);
  for (const { lastName, appointments, again } of data.patients.nodes) {
    expect(appointments.totalCount).toBe(2);
    for (const { patient } of appointments.nodes) {
      expect(patient.lastName).toBe(lastName);
      expect(patient.appointments.nodes).toHaveLength(2);
    }
    expect(again.nodes).toHaveLength(2);
  }
  const ids = data.patients.nodes.flatMap(({ appointments }: typeof data) =>
    appointments.nodes.map(({ id }: { id: string }) => id),
  );
  expect(new Set(ids).size).toBe(2 * many);

  expect(gateway.allCalls()).toEqual(Array(many).fill('MY_PATIENT_PORTAL GET /appointments'));
  const tokens = gateway.calls('MY_PATIENT_PORTAL').map(({ headers }) => headers.authorization);
  expect(new Set(tokens).size).toBe(many);
});
