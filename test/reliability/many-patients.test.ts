import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PortalPerson, people } from '../../src/vendors/my-patient-portal/fixtures.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { connect, mutate } from '../support/mutations.ts';
import { portalOf } from '../support/simulators.ts';

/** reliability.md, P05: a hundred patients, each with appointments of their own at the vendor. */

const many = 100;
const numbered = (index: number): PortalPerson => ({
  username: `patient${index}`,
  password: `patient${index}-sandbox`,
  accountId: `account${index}`,
  first_name: 'Nora',
  last_name: `Number${index}`,
  born_on: '1980-01-02',
  gender: 'female',
  email: `nora.${index}@example.com`,
  mobile: '+15550105000',
  insurance_id: 136,
});

let gateway: TestGateway;
beforeAll(async () => {
  const extra = Array.from({ length: many }, (_, index) => numbered(index));
  // Before the portal is started: its logins are made from them.
  (people as PortalPerson[]).push(...extra);
  gateway = await startTestGateway({
    seeded: false,
    // The calls are to be counted, not refused for what the answer may hold.
    environment: { QUERY_MAX_FIELDS: '10000000', QUERY_MAX_VENDOR_CALLS: '10000' },
  });
  const register = async ({ username, first_name, last_name, accountId }: PortalPerson) => {
    const { payload } = await mutate(
      gateway,
      'registerPatient',
      { firstName: first_name, lastName: last_name, birthDate: '1980-01-02' },
      'patient { id }',
    );
    const { payload: connected } = await connect(gateway, payload.patient.id, username);
    expect(connected.userErrors).toEqual([]);
    for (const hours of [24, 48]) {
      portalOf(gateway).appointments.push({
        id: `${username}at${hours}`,
        cancelledAt: null,
        accountId,
        typeId: 198,
        insuranceId: 136,
        start: Date.now() + hours * 3_600_000,
        asapEmail: null,
        comments: undefined,
        structuredComment: undefined,
        notifications: undefined,
      });
    }
  };
  // A few at a time, as a clinic's front desk would.
  for (let index = 0; index < many; index += 10) {
    await Promise.all(extra.slice(index, index + 10).map(register));
  }
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
