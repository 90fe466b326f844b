import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byId, ofPatient } from '../../support/documents.ts';
import { startTestGateway, type TestGateway, type Who } from '../../support/gateway.ts';
import { globalIdOf, keyIn } from '../../support/mutations.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

interface Event {
  id: string;
  at: string;
  actor: string;
  actorRoles: string[];
  action: string;
  vendor: string | null;
  outcome: string;
}

const log = `accessLog(first: 100) {
  totalCount nodes { id at actor actorRoles action vendor outcome }
}`;
async function logged(patientId: string): Promise<{ totalCount: number; nodes: Event[] }> {
  const { data } = await gateway.query(ofPatient(log), { id: patientId }, 'admin');
  return data.patient.accessLog;
}

/** What `work` left in Ana's log, oldest first. */
async function traces(work: () => Promise<unknown>, patientId = gateway.ids.Ana): Promise<Event[]> {
  const before = await logged(patientId);
  await work();
  const after = await logged(patientId);
  // Reading the log is a read, too: that of the first look is the oldest of the new ones.
  const count = after.totalCount - before.totalCount - 1;
  return after.nodes.slice(0, count).reverse();
}
const brief = (events: Event[]) =>
  events
    .map(({ action, vendor, outcome }) => [action, vendor, outcome].filter(Boolean).join(' '))
    .sort();
const reading = (selection: string, who: Who = 'ana') =>
  traces(() => gateway.query(ofPatient(selection), { id: gateway.ids.Ana }, who));

describe('Patient.accessLog', () => {
  it('says who read the record, as what, and when', async () => {
    const before = Date.now();
    const [event, ...others] = await reading('firstName', 'staff');
    expect(others).toEqual([]);
    expect(event).toEqual({
      id: expect.stringMatching(/^[A-Za-z0-9_-]+$/),
      at: expect.stringMatching(/Z$/),
      actor: 'sandbox-staff',
      actorRoles: ['STAFF'],
      action: 'read',
      vendor: null,
      outcome: 'ALLOWED',
    });
    expect(Date.parse(event?.at ?? '')).toBeGreaterThanOrEqual(before - 1);
    expect(Date.parse(event?.at ?? '')).toBeLessThanOrEqual(Date.now());
  });

  it.each([
    ['latestOrder { id }', ['Patient.latestOrder NIMBUS ALLOWED']],
    ['insurances { id }', ['Patient.insurances MY_PATIENT_PORTAL ALLOWED']],
    [
      'insurances { appointmentCategories { appointmentTypes { id } } }',
      [
        'AppointmentCategory.appointmentTypes MY_PATIENT_PORTAL ALLOWED',
        'Insurance.appointmentCategories MY_PATIENT_PORTAL ALLOWED',
        'Patient.insurances MY_PATIENT_PORTAL ALLOWED',
      ],
    ],
    ['visits { totalCount }', ['Visit VSEE ALLOWED']],
    ['appointments { totalCount }', ['Patient.appointments MY_PATIENT_PORTAL ALLOWED']],
    [
      'portalRequests { totalCount }',
      ['Patient.portalRequests CERBO ALLOWED', 'Patient.portalRequests MD_HQ ALLOWED'],
    ],
    [
      'vendorAccounts { profile { email } }',
      [
        'VendorAccount.profile CERBO ALLOWED',
        'VendorAccount.profile MD_HQ ALLOWED',
        'VendorAccount.profile MY_PATIENT_PORTAL ALLOWED',
        'VendorAccount.profile VSEE ALLOWED',
      ],
    ],
    [
      'appointments(filter: { status: [BOOKED] }) { nodes { videoConsultationUrl rescheduleOptions { id } earlierAvailability { id } } }',
      [
        'Appointment.earlierAvailability MY_PATIENT_PORTAL ALLOWED',
        'Appointment.rescheduleOptions MY_PATIENT_PORTAL ALLOWED',
        'Appointment.videoConsultationUrl MY_PATIENT_PORTAL ALLOWED',
        'Patient.appointments MY_PATIENT_PORTAL ALLOWED',
      ],
    ],
  ])('has one event for each vendor that was read for %s', async (selection, expected) => {
    const events = await reading(selection);
    expect(brief(events)).toEqual([...expected, 'read ALLOWED'].sort());
    expect(new Set(events.map(({ actor }) => actor))).toEqual(new Set(['sandbox-ana']));
    expect(events[0]?.actorRoles).toEqual(['PATIENT']);
  });

  it('has one event where a query reads the same thing again and again', async () => {
    const events = await reading(
      'a: latestOrder { id } b: latestOrder { vendor } visits { nodes { patient { latestOrder { id } } } }',
    );
    expect(brief(events)).toEqual([
      'Patient.latestOrder NIMBUS ALLOWED',
      'Visit VSEE ALLOWED',
      'read ALLOWED',
    ]);
  });

  it('has an event of the search for times', async () => {
    const search = {
      myPatientPortal: {
        insuranceId: '136',
        appointmentCategoryId: '53',
        appointmentTypeId: '198',
      },
    };
    const events = await traces(() =>
      gateway.query(
        'query ($id: ID!, $search: AvailabilitySearch!) { availabilities(patientId: $id, search: $search) { start } }',
        { id: gateway.ids.Ana, search },
      ),
    );
    expect(brief(events)).toContain('Query.availabilities MY_PATIENT_PORTAL ALLOWED');
  });

  it('has an event of a search at a vendor that found the patient', async () => {
    const search = (lastName: string) =>
      gateway.query(
        'query ($name: String) { vendorPatients(vendor: CERBO, filter: { lastName: $name }) { profile { email } } }',
        { name: lastName },
      );
    expect(brief(await traces(() => search('Silva')))).toEqual([
      'Query.vendorPatients CERBO ALLOWED',
    ]);
    expect(await traces(() => search('Meyer'))).toEqual([]);
  });

  it('has an event for each patient of a list', async () => {
    const work = () => gateway.query('{ patients(first: 100) { nodes { fullName } } }');
    for (const name of ['Ana', 'David'] as const) {
      expect(brief(await traces(work, gateway.ids[name]))).toEqual(['read ALLOWED']);
    }
  });

  it.each([
    ['patient', () => gateway.ids.Ana],
    ['node', () => gateway.ids.Ana],
    ['visit', () => globalIdOf('Visit', 'VSEE', keyIn(gateway.ids.Ana), '67001')],
    ['appointment', () => globalIdOf('Appointment', 'VSEE', keyIn(gateway.ids.Ana), '67001')],
  ])('has an event of somebody who was refused at %s', async (field, id) => {
    const [event, ...others] = await traces(async () => {
      const { errors } = await gateway.query(byId(field, 'id'), { id: id() }, 'ben');
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    });
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      actor: 'sandbox-ben',
      actorRoles: ['PATIENT'],
      action: `Query.${field}`,
      vendor: null,
      outcome: 'DENIED',
    });
  });

  it('has a FAILED event where the vendor did not answer', async () => {
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'status', status: 400 });
    expect(brief(await reading('latestOrder { id }'))).toEqual([
      'Patient.latestOrder NIMBUS FAILED',
      'read ALLOWED',
    ]);
  });

  it('holds nothing of what was read', async () => {
    await reading('email latestOrder { id } portalRequests { nodes { title } }');
    const { nodes } = await logged(gateway.ids.Ana);
    expect(JSON.stringify(nodes)).not.toMatch(/example\.com|9001|Lisinopril|Silva/);
  });

  it('is seen by the patient, STAFF and ADMIN, and by nobody else', async () => {
    for (const who of ['ana', 'staff', 'admin'] as const) {
      const { data } = await gateway.query(ofPatient(log), { id: gateway.ids.Ana }, who);
      expect(data.patient.accessLog.totalCount).toBeGreaterThan(10);
    }
    for (const who of ['ben', 'stranger'] as const) {
      const { data, errors } = await gateway.query(ofPatient(log), { id: gateway.ids.Ana }, who);
      expect(data.patient).toBeNull();
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
  });

  it('comes newest first, in pages both ways', async () => {
    const page = async (args: string) => {
      const { data } = await gateway.query(
        ofPatient(
          `accessLog(${args}) { nodes { id at } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }`,
        ),
        { id: gateway.ids.Ben },
      );
      const { nodes, pageInfo } = data.patient.accessLog;
      return { ids: nodes.map(({ id }: Event) => id), nodes, pageInfo };
    };
    await gateway.query(ofPatient('latestOrder { id } insurances { id }'), { id: gateway.ids.Ben });
    const all = await page('first: 100');
    const times = all.nodes.map(({ at }: Event) => at);
    expect(times).toEqual([...times].sort().reverse());
    const start = await page(`first: 2, after: "${all.pageInfo.startCursor}"`);
    expect(start.ids).toEqual(all.ids.slice(1, 3));
    expect(start.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const end = await page(`last: 2, before: "${all.pageInfo.endCursor}"`);
    expect(end.ids).toEqual(all.ids.slice(-3, -1));
  });

  it.each([
    ['first: 0'],
    ['last: 101'],
    ['after: "junk"'],
    ['after: "OTk5OTk5OTk5OTk5OTlfOTk5OTk5OTk5OTk5OTk5OTk5"'],
  ])('refuses %s', async (args) => {
    const { errors } = await gateway.query(ofPatient(`accessLog(${args}) { totalCount }`), {
      id: gateway.ids.Ana,
    });
    expect(errors).toMatchObject([
      { path: ['patient', 'accessLog'], extensions: { code: 'BAD_USER_INPUT' } },
    ]);
  });
});
