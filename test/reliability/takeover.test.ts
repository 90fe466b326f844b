import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { latestEventOf, nimbusOf } from '../support/asked-mutation.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { globalIdOf, keyIn, mutate } from '../support/mutations.ts';
import { queueOf } from '../support/simulators.ts';

/** Ways to somebody else's account or records, tried by a PATIENT with everything that they may write. */

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const codesOf = ({ errors, payload }: Awaited<ReturnType<typeof mutate>>) => [
  ...errors.map(({ extensions }) => extensions.code),
  ...(payload?.userErrors ?? []).map(({ code }: { code: string }) => code),
];

describe('a PATIENT who registers under the e-mail address of another', () => {
  it('gets no way into the account that the onboarding vendor has under it', async () => {
    const { state, switches } = nimbusOf(gateway);
    // Emi is in the register, and a patient of the vendor's whom nobody has linked yet.
    switches.duplicateEmail = 'reissue';
    const emi = state.addUser({
      ...{ first_name: 'Emi', last_name: 'Tanaka', email: 'emi.tanaka@example.com' },
      ...{ phone_number: '5550104481', address: '1 Road', city: 'Town', state: 'CA' },
      ...{ zip_code: '90012', sex: 'Female', dob: '2001-03-17' },
    });
    const own = state.issueToken(emi.userId, 24);
    const person = {
      ...{ firstName: 'Eve', lastName: 'Stranger', birthDate: '1990-01-02', sex: 'FEMALE' },
      ...{ email: ' EMI.Tanaka@example.com ', phone: '+15550109999' },
      address: { street: '1 Road', city: 'Town', state: 'CA', postalCode: '90012' },
    };
    const registered = await mutate(
      gateway,
      'registerPatient',
      person,
      'patient { id }',
      'stranger',
    );
    const trimmed = { ...person, email: person.email.trim() };
    const again = await mutate(gateway, 'registerPatient', trimmed, 'patient { id }', 'stranger');
    const patientId = (registered.payload?.patient ?? again.payload?.patient)?.id;
    expect(patientId).toBeDefined();
    gateway.forget();

    const measures = { heightFeet: 5, heightInches: 7, weightPounds: 150 };
    for (const input of [measures, { ...measures, patientId }, { ...measures, ...trimmed }]) {
      const answer = await mutate(
        gateway,
        'onboardPatient',
        input,
        'patient { id } portalAccess { redirectUrl }',
        'stranger',
      );
      expect(codesOf(answer)).toEqual(['ALREADY_EXISTS']);
      expect(answer.payload).toMatchObject({ patient: null, portalAccess: null });
      expect(answer.text).not.toMatch(/emi|tanaka|token=|register/i);
    }
    // Emi's log tells of it.
    expect(await latestEventOf(gateway, gateway.ids.Emi)).toEqual({
      ...{ actor: 'sandbox-stranger', action: 'onboardPatient', outcome: 'DENIED' },
    });
    // Not even her own way in was ended by it.
    expect(gateway.allCalls()).toEqual([]);
    expect(state.stateOf(own)).toBe('active');
    switches.duplicateEmail = 'refuse';
  });
});

describe('an id made of one patient’s key and another’s record', () => {
  const own = () => keyIn(gateway.ids.Ana);
  /** Records of Ben's at each vendor, by what the vendor itself calls them. */
  async function bens() {
    const { data } = await gateway.query(
      `query ($id: ID!) { patient(id: $id) {
        visits { nodes { id vendor } } appointments { nodes { id vendor } }
        portalRequests { nodes { id vendor } }
      } }`,
      { id: gateway.ids.Ben },
    );
    const { visits, appointments, portalRequests } = data.patient;
    const all = [...visits.nodes, ...appointments.nodes, ...portalRequests.nodes];
    gateway.forget();
    return all.map(({ id }: { id: string }) => {
      const [type = '', vendor = '', , record = ''] = Buffer.from(id, 'base64url')
        .toString()
        .split(':');
      return { type, vendor, record, forged: globalIdOf(type, vendor, own(), record) };
    });
  }

  it('leads to nothing of Ben’s, as Ana or as staff, whichever field it is asked at', async () => {
    const records = await bens();
    expect(new Set(records.map(({ type, vendor }) => `${type} ${vendor}`)).size).toBeGreaterThan(3);
    for (const { type, vendor, forged } of records) {
      for (const who of ['ana', 'staff'] as const) {
        const field = { Visit: 'visit', Appointment: 'appointment' }[type];
        for (const name of ['node', ...(field ? [field] : [])]) {
          const { data, text } = await gateway.query(
            `query ($id: ID!) { ${name}(id: $id) { __typename id } }`,
            { id: forged },
            who,
          );
          expect(data?.[name] ?? null, `${type} of ${vendor} at ${name}: ${text}`).toBeNull();
          expect(text).not.toMatch(/ben|okafor/i);
        }
      }
    }
  });

  it('changes nothing of Ben’s', async () => {
    const records = await bens();
    const requests = () =>
      (['CERBO', 'MD_HQ'] as const).flatMap((vendor) =>
        queueOf(gateway, vendor).state.requests.map(({ status }) => status),
      );
    const before = requests();
    for (const { type, forged } of records) {
      const attempts: [string, Record<string, unknown>][] =
        type === 'Appointment'
          ? [
              ['cancelAppointment', { appointmentId: forged }],
              ['joinAsapList', { appointmentId: forged, email: 'eve@example.com' }],
              ['leaveAsapList', { appointmentId: forged }],
            ]
          : type === 'PortalRequest'
            ? [['dismissPortalRequest', { portalRequestId: forged }]]
            : [];
      for (const [name, input] of attempts) {
        for (const who of ['ana', 'staff'] as const) {
          const answer = await mutate(gateway, name, input, '', who);
          expect(codesOf(answer), `${name}: ${answer.text}`).toHaveLength(1);
          expect(answer.text).not.toMatch(/ben|okafor/i);
        }
      }
    }
    expect(requests()).toEqual(before);
    const { data } = await gateway.query(
      'query ($id: ID!) { patient(id: $id) { appointments { nodes { id status } } } }',
      { id: gateway.ids.Ben },
    );
    const kept = records.filter(({ type }) => type === 'Appointment').length;
    expect(data.patient.appointments.nodes).toHaveLength(kept);
  });
});
