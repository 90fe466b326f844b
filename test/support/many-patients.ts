import { type PortalPerson, people } from '../../src/vendors/my-patient-portal/fixtures.ts';
import type { TestGateway } from './gateway.ts';
import { connect, mutate } from './mutations.ts';
import { portalOf } from './simulators.ts';

/** Patients by the number, each with a login of their own at MyPatientPortal. */

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

/** To be called before the portal is started: its logins are made from them. */
export function addPeople(count: number): readonly PortalPerson[] {
  const extra = Array.from({ length: count }, (_, index) => numbered(index));
  (people as PortalPerson[]).push(...extra);
  return extra;
}

/** Puts them into the register, connected, with two appointments each. @returns their global ids */
export async function registerPeople(
  gateway: Pick<TestGateway, 'sandbox' | 'query' | 'fetch' | 'publicUrl' | 'token'>,
  extra: readonly PortalPerson[],
): Promise<string[]> {
  const asked = gateway as TestGateway;
  const register = async ({ username, first_name, last_name, accountId }: PortalPerson) => {
    const { payload } = await mutate(
      asked,
      'registerPatient',
      { firstName: first_name, lastName: last_name, birthDate: '1980-01-02' },
      'patient { id }',
    );
    const { payload: connected, text } = await connect(asked, payload.patient.id, username);
    if (connected.userErrors.length > 0) {
      throw new Error(text);
    }
    for (const hours of [24, 48]) {
      portalOf(asked).appointments.push({
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
    return payload.patient.id as string;
  };
  const ids: string[] = [];
  // A few at a time, as a clinic's front desk would.
  for (let index = 0; index < extra.length; index += 10) {
    ids.push(...(await Promise.all(extra.slice(index, index + 10).map(register))));
  }
  return ids;
}
