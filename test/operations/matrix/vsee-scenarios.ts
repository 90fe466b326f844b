import type { MutationName } from '../../../src/auth/rules.ts';
import { before, newPatient } from '../../support/arrange.ts';
import type { TestGateway } from '../../support/gateway.ts';
import { roomTimes } from '../../support/mutations.ts';
import { vseeOf } from '../../support/simulators.ts';
import { type Scenario, type Situation, takeTime } from './scenario.ts';

const vendor = 'VSEE';
const cancelled = 40;
const taken = new Set<string>();

const usersNamed = (gateway: TestGateway, lastName: string) =>
  [...vseeOf(gateway).state.users.values()].filter((user) => user.lastName === lastName);

const visitsOf = (gateway: TestGateway, lastName: string) => {
  const members = usersNamed(gateway, lastName).map(({ id }) => id);
  return [...vseeOf(gateway).state.visits.values()].filter(({ memberId }) =>
    members.includes(memberId),
  );
};

/** Charged for, so that the intake has to hold it. */
const secondOpinion = {
  roomCode: 'berlin',
  consultationId: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a4905',
};

async function freeTime(gateway: TestGateway, patientId: string, search = {}) {
  return takeTime(await roomTimes(gateway, patientId, search), taken);
}

/** Gives the patient's times back to the room. */
function giveBack(gateway: TestGateway, lastName: string) {
  for (const visit of visitsOf(gateway, lastName)) {
    visit.status = cancelled;
    taken.delete(new Date((visit.start ?? 0) * 1000).toISOString());
  }
}

/** A visit for somebody new; the vendor's own records say how many they have. */
const makesVisit = (
  title: string,
  action: MutationName,
  type: number,
  inputFor: (gateway: TestGateway, patientId: string) => Promise<Record<string, unknown>>,
): Scenario => ({
  title,
  action,
  vendor,
  async arrange(gateway): Promise<Situation> {
    const { id, lastName } = await newPatient(gateway);
    return {
      input: { patientId: id, ...(await inputFor(gateway, id)) },
      effect: () => {
        const visits = visitsOf(gateway, lastName);
        if (visits.some((visit) => visit.type !== type)) {
          throw new Error('A visit of another kind was made.');
        }
        return visits.length;
      },
      clear: () => giveBack(gateway, lastName),
    };
  },
});

export const vseeScenarios: readonly Scenario[] = [
  {
    title: 'createPortalLink',
    action: 'createPortalLink',
    vendor,
    async arrange(gateway) {
      const { id, lastName } = await newPatient(gateway);
      return {
        input: { patientId: id },
        // Signing in makes the account; each further token is of the same one.
        effect: () => usersNamed(gateway, lastName).length,
      };
    },
  },
  makesVisit('startWalkInVisit', 'startWalkInVisit', 1, async () => ({ roomCode: 'clinic' })),
  makesVisit('scheduleVisit', 'scheduleVisit', 2, async (gateway, patientId) => {
    const { start, end } = await freeTime(gateway, patientId, secondOpinion);
    return { ...secondOpinion, start, end };
  }),
  makesVisit('requestEConsult', 'requestEConsult', 3, async () => ({ roomCode: 'econsult' })),
  makesVisit('bookAppointment of a room', 'bookAppointment', 2, async (gateway, patientId) => ({
    availabilityId: (await freeTime(gateway, patientId)).id,
  })),
  {
    title: 'cancelAppointment of a visit',
    action: 'cancelAppointment',
    vendor,
    async arrange(gateway) {
      const { id, lastName } = await newPatient(gateway);
      const { start, end } = await freeTime(gateway, id);
      const { appointment } = await before(
        gateway,
        'scheduleVisit',
        { patientId: id, roomCode: 'clinic', start, end },
        'appointment { id }',
      );
      return {
        input: { appointmentId: appointment.id },
        effect: () =>
          visitsOf(gateway, lastName).filter(({ status }) => status === cancelled).length,
        clear: () => giveBack(gateway, lastName),
      };
    },
  },
];
