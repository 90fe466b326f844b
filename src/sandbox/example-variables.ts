import { type Asked, createAsk } from './ask.ts';
import { sandboxPeople } from './people.ts';
import { portalConnection } from './portal-connection.ts';
import { firstAccess } from './seed.ts';

/** Variables with which the documents of `schema/operations` can be tried out, by operation. */
export type ExampleVariables = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface Known {
  id: string;
}
interface Found {
  patients: { nodes: readonly (Known & { firstName: string })[] };
}
interface FoundOfPatient {
  patient: {
    visits: { nodes: readonly Known[] };
    appointments: { nodes: readonly (Known & { isVideoConsultation: boolean })[] };
    portalRequests: { nodes: readonly Known[] };
  };
}
interface Times {
  availabilities: readonly (Known & { start: string; end: string })[];
}
interface Options {
  appointment: { rescheduleOptions: readonly Known[] };
}

const day = 24 * 60 * 60 * 1000;

const people = '{ patients(first: 100) { nodes { id firstName } } }';
const ofPatient = `query ($id: ID!) {
  patient(id: $id) {
    visits(first: 1) { nodes { id } }
    appointments(filter: { vendor: [MY_PATIENT_PORTAL], status: [BOOKED] }) {
      nodes { id isVideoConsultation }
    }
    portalRequests(first: 1) { nodes { id } }
  }
}`;
const times = `query ($id: ID!, $search: AvailabilitySearch!) {
  availabilities(patientId: $id, search: $search) { id start end }
}`;
const options = 'query ($id: ID!) { appointment(id: $id) { rescheduleOptions { id } } }';

const roomCode = 'clinic';
const intake = { reasonForVisit: 'Question about a prescription' };

/** The video consultation has no ASAP list, so best one at the practice. */
function appointmentIn(found: FoundOfPatient | undefined): string | undefined {
  const appointments = found?.patient.appointments.nodes ?? [];
  const atThePractice = appointments.filter((each) => !each.isVideoConsultation);
  return [...atThePractice, ...appointments][0]?.id;
}

/**
 * Asked anew each time: what is booked, and when there is time, changes. What cannot be had is left out, for
 * example after somebody has tried `DisconnectPatientPortal`.
 */
export async function exampleVariables(asked: Asked, now: number): Promise<ExampleVariables> {
  const { publicUrl } = asked;
  const ask = createAsk(asked);
  const instant = (days: number) => new Date(now + days * day).toISOString();
  const date = (days: number) => instant(days).slice(0, 10);
  const walkthrough = {
    myPatientPortal: { insuranceId: '136', appointmentCategoryId: '53', appointmentTypeId: '198' },
  };
  const room = { vsee: { roomCode, from: instant(0.1), to: instant(10) } };
  const { patients } = (await ask(people)) as unknown as Found;
  const idOf = (name: string) => patients.nodes.find(({ firstName }) => firstName === name)?.id;
  const [ana = '', chloe, david, emi] = ['Ana', 'Chloe', 'David', 'Emi'].map(idOf);
  const { portalLogin: login } = sandboxPeople.find(({ firstName }) => firstName === 'Ana') ?? {};

  const ifPossible = <T>(value: Promise<T>) => value.catch(() => undefined);
  const found = <T>(query: string, variables: Record<string, unknown>) =>
    ifPossible(ask(query, variables) as unknown as Promise<T>);
  const asking = found<FoundOfPatient>(ofPatient, { id: ana });
  const [known, other, portalTimes, roomTimes, operationId, connection] = await Promise.all([
    asking,
    asking.then((answer) => found<Options>(options, { id: appointmentIn(answer) })),
    found<Times>(times, { id: ana, search: walkthrough }),
    found<Times>(times, { id: ana, search: room }),
    ifPossible(firstAccess(ask, ana)),
    login && ifPossible(portalConnection(asked, ana, login)),
  ]);
  const visitId = known?.patient.visits.nodes[0]?.id;
  const portalRequestId = known?.patient.portalRequests.nodes[0]?.id;
  const appointmentId = appointmentIn(known);
  const availabilityId = portalTimes?.availabilities[0]?.id;
  // The first may be booked meanwhile.
  const otherAvailabilityId = other?.appointment.rescheduleOptions.at(-1)?.id;
  const time = roomTimes?.availabilities[0];
  const input = (fields: Record<string, unknown>) => ({ input: fields });

  return {
    Appointment: { id: appointmentId },
    AppointmentVideoConsultation: { id: appointmentId },
    Appointments: { patientId: ana, first: 10 },
    Availabilities: { patientId: ana, search: walkthrough },
    BookAppointment: input({ patientId: ana, availabilityId }),
    BookingWalkthrough: { patientId: ana },
    CancelAppointment: input({ appointmentId }),
    ClinicRoom: { code: roomCode },
    ClinicRooms: {},
    CompletePatientPortalConnection: input({ connection }),
    ConnectPatientPortal: input({ patientId: ana, returnTo: new URL('graphql', publicUrl).href }),
    CreateFollowUp: input({ patientId: ana, date: date(30) }),
    CreatePortalLink: input({ patientId: ana }),
    DisconnectPatientPortal: input({ patientId: ana }),
    DismissPortalRequest: input({ portalRequestId }),
    EnablePortalAccess: input({ patientId: ana }),
    InvitePatientToPortal: input({ patientId: chloe, vendor: 'CERBO' }),
    JoinAsapList: input({ appointmentId, email: 'ana.silva@example.com' }),
    LatestOrder: { patientId: ana },
    LeaveAsapList: input({ appointmentId }),
    LinkPatientSubject: input({ patientId: chloe, subject: 'sandbox-chloe' }),
    LinkVendorAccount: input({ patientId: emi, vendor: 'CERBO', vendorPatientId: '225' }),
    Node: { id: ana },
    Nodes: { ids: [ana, appointmentId, visitId, portalRequestId] },
    OnboardPatient: input({ patientId: emi, heightFeet: 5, heightInches: 6, weightPounds: 132.5 }),
    Operation: { id: operationId },
    Patient: { id: ana },
    PatientAccessLog: { id: ana, first: 10 },
    PatientOverview: { id: ana },
    PatientRecord: { id: ana },
    Patients: { search: 'silva', first: 10 },
    PortalAccess: { patientId: ana },
    PortalRequests: { patientId: ana, first: 10 },
    ReconcileOperation: input({ operationId }),
    RegisterPatient: input({
      ...{ firstName: 'Frida', lastName: 'Sandberg', birthDate: '1999-04-23', sex: 'FEMALE' },
      ...{ email: 'frida.sandberg@example.com', phone: '+15550104482' },
    }),
    RequestEConsult: input({ patientId: ana, roomCode, intake }),
    RescheduleAppointment: input({ appointmentId, availabilityId: otherAvailabilityId }),
    RescheduleOptions: { appointmentId },
    RevokePortalAccess: input({ patientId: ana, reason: 'Left the clinic' }),
    RoomProviders: { code: roomCode },
    ScheduleVisit: input({ patientId: ana, roomCode, start: time?.start, end: time?.end, intake }),
    StartWalkInVisit: input({ patientId: ana, roomCode, intake }),
    TreatmentTypes: {},
    UnlinkVendorAccount: input({ patientId: david, vendor: 'CERBO' }),
    VendorAccounts: { patientId: ana },
    VendorPatients: { vendor: 'CERBO', filter: { lastName: 'Silva' } },
    Vendors: {},
    Viewer: {},
    Visit: { id: visitId },
    VisitInvitation: { id: visitId },
    Visits: { patientId: ana, first: 10 },
  };
}
