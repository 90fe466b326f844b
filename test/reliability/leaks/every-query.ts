import { before } from '../../support/arrange.ts';
import type { TestGateway } from '../../support/gateway.ts';

/** Variables of one query. */
export type Variables = Readonly<Record<string, unknown>>;

/** How far down each query goes: once all the way, and lists of many only so far. */
export const levelsOf = (name: string) => (name === 'patient' ? 9 : 3);

const typeIn = (id: string) => Buffer.from(id, 'base64url').toString().split(':')[0];
const soon = (days: number) => new Date(Date.now() + 3_600_000 + days * 86_400_000).toISOString();

/** Every query, asked in as many ways as there are answers of different kinds. */
export async function everyQuery(gateway: TestGateway): Promise<Record<string, Variables[]>> {
  const { ids } = gateway;
  const { Ana } = ids;
  const { data } = await gateway.query(
    `query ($id: ID!) { patient(id: $id) {
      visits { nodes { id } } appointments { nodes { id } } portalRequests { nodes { id } }
      portalAccess { id } followUps { id }
    } }`,
    { id: Ana },
  );
  const eConsult = { patientId: Ana, roomCode: 'econsult' };
  const { operation } = await before(gateway, 'requestEConsult', eConsult, 'operation { id }');
  const { visits, appointments, portalRequests, portalAccess, followUps } = data.patient;
  const lists = [visits.nodes, appointments.nodes, portalRequests.nodes, portalAccess, followUps];
  const nodes: string[] = [Ana, operation.id, ...lists.flat().map(({ id }) => id)];
  const ofType = (type: string) => nodes.filter((id) => typeIn(id) === type).map((id) => ({ id }));
  const page = { first: 50, after: null, last: null, before: null };
  const ana = {
    ...{ firstName: 'Ana', lastName: 'Silva', birthDate: '1988-02-11' },
    email: 'ana.silva@example.com',
  };
  const step = { insuranceId: '136', appointmentCategoryId: '53', appointmentTypeId: '198' };
  return {
    viewer: [{}],
    vendors: [{}],
    treatmentTypes: [{}],
    patient: [{ id: Ana }],
    patients: [null, `${ana.firstName} ${ana.lastName}`, ana.email].map((search) => ({
      ...page,
      search,
    })),
    node: [...new Map(nodes.map((id) => [typeIn(id), { id }])).values()],
    nodes: [{ ids: [...nodes, ...Object.values(ids)] }],
    visit: ofType('Visit'),
    appointment: ofType('Appointment'),
    operation: ofType('Operation'),
    clinicRoom: [{ code: 'clinic' }],
    clinicRooms: [{}],
    availabilities: [
      { vsee: { roomCode: 'clinic', from: soon(0), to: soon(20) } },
      { myPatientPortal: step },
    ].map((search) => ({ patientId: Ana, search })),
    vendorPatients: ['CERBO', 'MD_HQ'].map((vendor) => ({ vendor, filter: ana, first: 50 })),
  };
}
