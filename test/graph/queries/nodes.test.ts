import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byId } from '../../support/documents.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { globalIdOf, keyIn, mutate, roomTimes, vendorIdIn } from '../../support/mutations.ts';

type NodeType = 'Patient' | 'PortalAccess' | 'FollowUp' | 'Visit' | 'Appointment' | 'PortalRequest';

/** In a month: what is over cannot be created. */
const followUpDate = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);

let gateway: TestGateway;
/** An id of Ana for every type, as a query gave it. */
let ids: Record<NodeType | 'visitAppointment', string>;
beforeAll(async () => {
  gateway = await startTestGateway();
  const patientId = gateway.ids.Ana;
  const [time] = await roomTimes(gateway, patientId);
  const schedule = { patientId, roomCode: 'clinic', start: time?.start, end: time?.end };
  const { payload } = await mutate(
    gateway,
    'scheduleVisit',
    schedule,
    'visit { id } appointment { id }',
  );
  const followUp = { patientId, date: followUpDate };
  await mutate(gateway, 'createFollowUp', followUp, 'followUp { id }');
  const { data } = await gateway.query(
    `query ($id: ID!) { patient(id: $id) {
      portalAccess { id } followUps { id } portalRequests(filter: { vendor: [CERBO] }) { nodes { id } }
      appointments(filter: { vendor: [MY_PATIENT_PORTAL] }) { nodes { id } }
    } }`,
    { id: patientId },
  );
  ids = {
    Patient: patientId,
    PortalAccess: data.patient.portalAccess[0].id,
    FollowUp: data.patient.followUps[0].id,
    Visit: payload.visit.id,
    Appointment: data.patient.appointments.nodes[0].id,
    PortalRequest: data.patient.portalRequests.nodes[0].id,
    visitAppointment: payload.appointment.id,
  };
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const anyNode = `__typename id
  ... on Patient { fullName }
  ... on PortalAccess { status redirectUrl patient { fullName } }
  ... on FollowUp { date vendor patient { fullName } }
  ... on Visit { kind patient { fullName } }
  ... on Appointment { start patient { fullName } }
  ... on PortalRequest { title patient { fullName } }`;
const callsFor = (): Record<NodeType | 'visitAppointment', string[]> => ({
  Patient: [],
  PortalAccess: [],
  FollowUp: [],
  Visit: [`VSEE GET /api_v3/visits/${vendorIdIn(ids.Visit)}`],
  Appointment: [`MY_PATIENT_PORTAL GET /appointments/${vendorIdIn(ids.Appointment)}`],
  PortalRequest: ['CERBO GET /patients/221/portal/enqueued'],
  visitAppointment: [`VSEE GET /api_v3/visits/${vendorIdIn(ids.Visit)}`],
});
const types = [
  'Patient',
  'PortalAccess',
  'FollowUp',
  'Visit',
  'Appointment',
  'PortalRequest',
] as const;

describe('node', () => {
  it.each(types)('finds a %s, for staff and for the patient alike', async (type) => {
    for (const who of ['staff', 'ana'] as const) {
      gateway.forget();
      const { data, errors } = await gateway.query(byId('node', anyNode), { id: ids[type] }, who);
      expect(errors).toEqual([]);
      expect(data.node).toMatchObject({ __typename: type, id: ids[type] });
      expect(data.node.fullName ?? data.node.patient.fullName).toBe('Ana Silva');
      expect(gateway.allCalls()).toEqual(callsFor()[type]);
    }
  });

  it('finds the appointment that a scheduled visit also is', async () => {
    const { data } = await gateway.query(byId('node', anyNode), { id: ids.visitAppointment });
    expect(data.node).toMatchObject({ __typename: 'Appointment', id: ids.visitAppointment });
    expect(gateway.allCalls()).toEqual(callsFor().visitAppointment);
  });

  it('never gives a portal access’ secret again', async () => {
    const { data } = await gateway.query(byId('node', anyNode), { id: ids.PortalAccess });
    expect(data.node).toMatchObject({ status: 'ACTIVE', redirectUrl: null });
  });

  it('gives the follow-up as it was scheduled here', async () => {
    const { data } = await gateway.query(byId('node', anyNode), { id: ids.FollowUp });
    expect(data.node).toMatchObject({ date: followUpDate, vendor: 'NIMBUS' });
  });

  it.each(types)('refuses a %s of somebody else, before any call', async (type) => {
    for (const who of ['ben', 'stranger'] as const) {
      const { data, errors } = await gateway.query(byId('node', anyNode), { id: ids[type] }, who);
      expect(data).toEqual({ node: null });
      expect(errors).toMatchObject([{ path: ['node'], extensions: { code: 'FORBIDDEN' } }]);
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  const nobody = '00000000-0000-4000-8000-000000000000';
  it.each([['Patient'], ['PortalAccess'], ['FollowUp'], ['Operation']])(
    'is null for a %s that does not exist',
    async (type) => {
      const { data, errors } = await gateway.query(byId('node', 'id'), {
        id: globalIdOf(type, nobody),
      });
      expect({ data, errors }).toEqual({ data: { node: null }, errors: [] });
      expect(gateway.allCalls()).toEqual([]);
    },
  );

  it.each([
    ['Visit', 'VSEE', '99999'],
    ['Appointment', 'MY_PATIENT_PORTAL', 'xbCuVVTNU6rT6E5m8p6Y8h7opzZZ'],
    ['PortalRequest', 'MD_HQ', '99999'],
  ])('is null for a %s that %s does not have', async (type, vendor, record) => {
    const id = globalIdOf(type, vendor, keyIn(gateway.ids.Ana), record);
    const { data, errors } = await gateway.query(byId('node', 'id'), { id });
    expect({ data, errors }).toEqual({ data: { node: null }, errors: [] });
    expect(gateway.allCalls()).toHaveLength(1);
  });
});

describe('nodes', () => {
  const document = `query ($ids: [ID!]!) { nodes(ids: $ids) { ${anyNode} } }`;

  it('gives all types in the order asked for, at the price of each once', async () => {
    const asked = [...types, ...types].map((type) => ids[type]).reverse();
    const { data, errors } = await gateway.query(document, { ids: asked });
    expect(errors).toEqual([]);
    expect(data.nodes.map(({ id }: { id: string }) => id)).toEqual(asked);
    expect(gateway.allCalls().sort()).toEqual(types.flatMap((type) => callsFor()[type]).sort());
  });

  it('costs a malformed id its own place only', async () => {
    const { data, errors } = await gateway.query(document, {
      ids: [ids.Patient, 'nonsense', globalIdOf('Nobody', 'x'), ids.FollowUp],
    });
    expect(data.nodes.map((node: { __typename: string } | null) => node?.__typename)).toEqual([
      'Patient',
      undefined,
      undefined,
      'FollowUp',
    ]);
    expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [['nodes', 1], 'BAD_USER_INPUT'],
      [['nodes', 2], 'BAD_USER_INPUT'],
    ]);
  });

  it('costs a foreign id its own place only', async () => {
    const { data, errors } = await gateway.query(
      document,
      { ids: [gateway.ids.Ben, ids.Patient] },
      'ana',
    );
    expect(data.nodes).toMatchObject([null, { fullName: 'Ana Silva' }]);
    expect(errors).toMatchObject([{ path: ['nodes', 0], extensions: { code: 'FORBIDDEN' } }]);
  });

  it('takes none, and a hundred, but not one more', async () => {
    const some = (count: number) => Array.from({ length: count }, () => ids.Patient);
    expect((await gateway.query(document, { ids: [] })).data).toEqual({ nodes: [] });
    expect((await gateway.query(document, { ids: some(100) })).data.nodes).toHaveLength(100);
    const { data, errors } = await gateway.query(document, { ids: some(101) });
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});

describe('operation', () => {
  it('is null for one that does not exist', async () => {
    const id = globalIdOf('Operation', '00000000-0000-4000-8000-000000000000');
    const { data, errors } = await gateway.query(byId('operation', 'id status'), { id });
    expect({ data, errors }).toEqual({ data: { operation: null }, errors: [] });
  });

  it('refuses the id of something else', async () => {
    const { errors } = await gateway.query(byId('operation', 'id'), { id: ids.Visit });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(gateway.allCalls()).toEqual([]);
  });
});
