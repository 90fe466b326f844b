import { people } from '../../../src/vendors/my-patient-portal/fixtures.ts';
import type { PortalAppointment } from '../../../src/vendors/my-patient-portal/sandbox-state.ts';
import { before } from '../../support/arrange.ts';
import type { TestGateway } from '../../support/gateway.ts';
import { connect, portalTimes, type Time, vendorIdIn } from '../../support/mutations.ts';
import { portalOf } from '../../support/simulators.ts';
import { type Scenario, type Situation, takeTime } from './scenario.ts';

const vendor = 'MY_PATIENT_PORTAL';
/** The consultation hour, which has an ASAP list. */
const typeId = 198;
const taken = new Set<string>();

const heldAt = (gateway: TestGateway, start: string) =>
  portalOf(gateway).appointments.filter(
    (one) => one.start === Date.parse(start) && one.typeId === typeId && one.cancelledAt === null,
  );

/** Frees the times of an appointment, whatever became of it. */
function giveBack(appointments: readonly PortalAppointment[], times: readonly Time[]) {
  for (const appointment of appointments) {
    appointment.cancelledAt ??= Date.now();
  }
  for (const { start } of times) {
    taken.delete(start);
  }
}

const freeTime = async (gateway: TestGateway) =>
  takeTime(await portalTimes(gateway, gateway.ids.Ana), taken);

/** An appointment of Ana's own. */
async function booked(gateway: TestGateway) {
  const time = await freeTime(gateway);
  const { appointment } = await before(
    gateway,
    'bookAppointment',
    { patientId: gateway.ids.Ana, availabilityId: time.id },
    'appointment { id }',
  );
  const vendorId = vendorIdIn(appointment.id);
  const kept = portalOf(gateway).appointments.find(({ id }) => id === vendorId);
  if (kept === undefined) {
    throw new Error('Nothing was booked.');
  }
  return { appointmentId: appointment.id as string, time, kept };
}

const rescheduleOptions = `query ($id: ID!) {
  appointment(id: $id) { rescheduleOptions { id vendor start end } }
}`;

/** Logins that are not needed for anything else in the matrix. */
const spare = [
  { username: 'ben', patient: 'Ben' },
  { username: 'chloe', patient: 'Chloe' },
  { username: 'david', patient: 'David' },
] as const;
let disconnections = 0;

export const myPatientPortalScenarios: readonly Scenario[] = [
  {
    title: 'bookAppointment',
    action: 'bookAppointment',
    vendor,
    async arrange(gateway): Promise<Situation> {
      const time = await freeTime(gateway);
      return {
        input: { patientId: gateway.ids.Ana, availabilityId: time.id },
        effect: () => heldAt(gateway, time.start).length,
        clear: () => giveBack(heldAt(gateway, time.start), [time]),
      };
    },
  },
  {
    title: 'rescheduleAppointment',
    action: 'rescheduleAppointment',
    vendor,
    async arrange(gateway) {
      const { appointmentId, time, kept } = await booked(gateway);
      const { data } = await gateway.query(rescheduleOptions, { id: appointmentId });
      const next = takeTime<Time>(data.appointment.rescheduleOptions, taken);
      return {
        input: { appointmentId, availabilityId: next.id },
        effect: () => heldAt(gateway, next.start).length,
        clear: () => giveBack([kept], [time, next]),
      };
    },
  },
  {
    title: 'cancelAppointment',
    action: 'cancelAppointment',
    vendor,
    async arrange(gateway) {
      const { appointmentId, time, kept } = await booked(gateway);
      return {
        input: { appointmentId },
        effect: () => (kept.cancelledAt === null ? 0 : 1),
        clear: () => giveBack([kept], [time]),
      };
    },
  },
  {
    title: 'joinAsapList',
    action: 'joinAsapList',
    vendor,
    async arrange(gateway) {
      const { appointmentId, time, kept } = await booked(gateway);
      const email = 'ana.elsewhere@example.com';
      return {
        input: { appointmentId, email },
        effect: () => (kept.asapEmail === email ? 1 : 0),
        clear: () => giveBack([kept], [time]),
      };
    },
  },
  {
    title: 'leaveAsapList',
    action: 'leaveAsapList',
    vendor,
    async arrange(gateway) {
      const { appointmentId, time, kept } = await booked(gateway);
      await before(
        gateway,
        'joinAsapList',
        { appointmentId, email: 'ana.elsewhere@example.com' },
        '',
      );
      return {
        input: { appointmentId },
        effect: () => (kept.asapEmail === null ? 1 : 0),
        clear: () => giveBack([kept], [time]),
      };
    },
  },
  {
    title: 'disconnectPatientPortal',
    action: 'disconnectPatientPortal',
    vendor,
    atOnce: spare.length,
    async arrange(gateway) {
      const { username, patient } = spare[disconnections % spare.length] ?? spare[0];
      disconnections += 1;
      const patientId = gateway.ids[patient];
      const { payload, text } = await connect(gateway, patientId, username);
      if (payload?.vendorAccount?.connected !== true) {
        throw new Error(`Could not be connected: ${text}`);
      }
      const accountId = people.find((person) => person.username === username)?.accountId ?? '';
      const had = portalOf(gateway).refreshTokens(accountId);
      return {
        input: { patientId },
        effect: () => had - portalOf(gateway).refreshTokens(accountId),
      };
    },
  },
];
