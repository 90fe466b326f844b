import { randomUUID } from 'node:crypto';
import type { MutationName } from '../../../src/auth/rules.ts';
import { clinic } from '../../../src/vendors/nimbus/fixtures.ts';
import { newChart } from '../../operations/matrix/portal-request-scenarios.ts';
import { before, uniqueName } from '../../support/arrange.ts';
import { nimbusOf, queueOf } from '../../support/asked-mutation.ts';
import type { TestGateway } from '../../support/gateway.ts';
import {
  beginLogin,
  connectionFor,
  globalIdOf,
  keyIn,
  portalTimes,
  returnTo,
  roomTimes,
} from '../../support/mutations.ts';

/** Inputs for every mutation, each made so that it is done, all together with every input field. */

type Input = Record<string, unknown>;
/** Texts that callers write freely: any of them may be somebody's health data. */
const freeText = (what: string) => `canary-${what}-Tuberkulose-7f3a91`;

/** Somebody whom nobody could take for a word: names, birth date and all. */
const newPerson = () => {
  const lastName = uniqueName();
  return {
    ...{ firstName: `Xq${lastName}`, lastName, birthDate: '1913-07-29', sex: 'FEMALE' },
    ...{ email: `${lastName}@example.com`, phone: '+15550108642' },
    address: {
      ...{ street: '7 Lindenalleeweg', city: 'Town', state: 'CA', postalCode: '90012' },
      country: 'US',
    },
  };
};

const intake = () => ({
  ...{ reasonForVisit: freeText('reason'), location: 'CA', phone: '+15550108643' },
  custom: { smoker: freeText('answer') },
});
const measures = { heightFeet: 5, heightInches: 7, weightPounds: 150 };
const longVisit = '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a3002';
const chargedVisit = '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a3007';
const key = () => ({ idempotencyKey: randomUUID() });

const registered = async (gateway: TestGateway) => {
  const { patient } = await before(gateway, 'registerPatient', newPerson(), 'patient { id }');
  return patient.id as string;
};

/** Onboarded at Nimbus, with an order. */
async function onboarded(gateway: TestGateway): Promise<string> {
  const person = { ...newPerson(), ...measures };
  const { patient } = await before(gateway, 'onboardPatient', person, 'patient { id }');
  const { state } = nimbusOf(gateway);
  const user = state.findByEmail(person.email);
  const token = [...state.tokens.values()].find(({ userId }) => userId === user?.userId);
  state.placeOrder(state.openPortal(token?.value ?? '')?.session ?? '');
  return patient.id;
}

async function booked(gateway: TestGateway): Promise<string> {
  const [time] = (await portalTimes(gateway, gateway.ids.Ana)).slice(-1);
  const input = { patientId: gateway.ids.Ana, availabilityId: time?.id };
  const { appointment } = await before(gateway, 'bookAppointment', input, 'appointment { id }');
  return appointment.id;
}

async function freeTime(gateway: TestGateway, patientId: string) {
  const [time] = (await roomTimes(gateway, patientId, { consultationId: longVisit })).slice(-1);
  return { start: time?.start, end: time?.end };
}

async function rescheduled(gateway: TestGateway): Promise<Input> {
  const appointmentId = await booked(gateway);
  const { data } = await gateway.query(
    'query ($id: ID!) { appointment(id: $id) { rescheduleOptions { id } } }',
    { id: appointmentId },
  );
  return { appointmentId, availabilityId: data.appointment.rescheduleOptions.at(-1).id, ...key() };
}

async function waiting(gateway: TestGateway): Promise<Input> {
  const { patientId, chartId } = await newChart(gateway, 'CERBO');
  const request = queueOf(gateway, 'CERBO').state.enqueue({
    ...{ pt_id: chartId, request_type: 'secure_message', title: freeText('title') },
    ...{ content: freeText('content'), notes: freeText('notes'), created: '2026-02-14 00:00:01' },
    ...{ associated_resource_id: null, associated_resource_type: null },
  });
  const parts = ['PortalRequest', 'CERBO', keyIn(patientId), String(request.id)];
  return { portalRequestId: globalIdOf(...parts), ...key() };
}

/** A follow-up whose answer was lost: nobody but staff can say what became of it. */
async function unknown(gateway: TestGateway): Promise<Input> {
  const patientId = await onboarded(gateway);
  const simulator = gateway.sandbox.simulators.NIMBUS;
  simulator.fault({ kind: 'reset', act: true, match: /followup/, times: 1 });
  const { data, text } = await gateway.query(
    'mutation ($input: CreateFollowUpInput!) { createFollowUp(input: $input) { operation { id } } }',
    { input: { patientId, date: '2031-03-04' } },
  );
  const id = data?.createFollowUp?.operation?.id;
  if (!id) {
    throw new Error(`Nothing is unknown: ${text}`);
  }
  return { operationId: id, outcome: 'SUCCEEDED' };
}

export const everyMutation: Readonly<
  Record<MutationName, readonly ((gateway: TestGateway) => Promise<Input>)[]>
> = {
  registerPatient: [async () => newPerson()],
  linkPatientSubject: [
    async (gateway) => ({
      patientId: await registered(gateway),
      subject: `subject-${randomUUID()}`,
    }),
  ],
  linkVendorAccount: [
    async (gateway) => {
      const { patientId, chartId } = await newChart(gateway, 'MD_HQ', false);
      const account = { vendor: 'MD_HQ', vendorPatientId: String(chartId), acceptMismatch: true };
      return { patientId, ...account };
    },
  ],
  unlinkVendorAccount: [
    async (gateway) => ({
      patientId: (await newChart(gateway, 'CERBO')).patientId,
      vendor: 'CERBO',
    }),
  ],
  onboardPatient: [
    async () => ({
      ...newPerson(),
      ...measures,
      treatmentType: clinic.treatmentTypes[0],
      ...key(),
    }),
    async (gateway) => ({ patientId: await registered(gateway), ...measures }),
  ],
  enablePortalAccess: [
    async (gateway) => ({ patientId: await onboarded(gateway), validForHours: 3, ...key() }),
  ],
  revokePortalAccess: [
    async (gateway) => ({
      ...{ patientId: await onboarded(gateway), reason: freeText('revocation') },
      ...key(),
    }),
  ],
  createFollowUp: [
    async (gateway) => ({ patientId: await onboarded(gateway), date: '2031-03-04', ...key() }),
  ],
  createPortalLink: [
    async (gateway) => ({
      ...{ patientId: await registered(gateway), destination: 'ROOM', roomSlug: 'clinic' },
      ...{ disableEmails: true, hideNavigation: true, ...key() },
    }),
  ],
  startWalkInVisit: [
    async (gateway) => ({
      ...{ patientId: await registered(gateway), roomCode: 'clinic', providerId: '826' },
      ...{ consultationId: longVisit, intake: intake(), ...key() },
    }),
  ],
  scheduleVisit: [
    async (gateway) => {
      const patientId = await registered(gateway);
      return {
        ...{ patientId, roomCode: 'clinic', providerId: '826', consultationId: longVisit },
        ...(await freeTime(gateway, patientId)),
        ...{ overrideCalendar: true, intake: intake(), ...key() },
      };
    },
  ],
  requestEConsult: [
    async (gateway) => ({
      ...{ patientId: await registered(gateway), roomCode: 'second-opinion', providerId: '826' },
      ...{ consultationId: chargedVisit, intake: intake(), ...key() },
    }),
  ],
  connectPatientPortal: [
    async (gateway) => ({
      patientId: gateway.ids.Chloe,
      returnTo: `${returnTo}?about=${freeText('return')}`,
    }),
  ],
  completePatientPortalConnection: [
    async (gateway) => ({
      connection: await connectionFor(gateway, gateway.ids.Chloe, 'chloe'),
    }),
  ],
  disconnectPatientPortal: [
    async (gateway) => {
      const connection = await connectionFor(gateway, gateway.ids.David, 'david');
      await before(gateway, 'completePatientPortalConnection', { connection }, '');
      // Another login is under way meanwhile.
      await beginLogin(gateway, gateway.ids.David);
      return { patientId: gateway.ids.David, ...key() };
    },
  ],
  bookAppointment: [
    async (gateway) => {
      const [time] = (await portalTimes(gateway, gateway.ids.Ana, { type: '200' })).slice(-1);
      return {
        ...{ patientId: gateway.ids.Ana, availabilityId: time?.id, comments: freeText('comment') },
        ...{ asapListOptIn: false, emailNotifications: false, smsNotifications: true, ...key() },
        commentAnswers: { 'Größe in cm': '170', Herzschrittmacher: 'Nein', Allergien: ['Jod'] },
      };
    },
    async (gateway) => {
      const patientId = await registered(gateway);
      const [time] = (await roomTimes(gateway, patientId)).slice(-1);
      return { patientId, availabilityId: time?.id, intake: intake() };
    },
  ],
  rescheduleAppointment: [rescheduled],
  cancelAppointment: [async (gateway) => ({ appointmentId: await booked(gateway), ...key() })],
  joinAsapList: [
    async (gateway) => ({
      ...{ appointmentId: await booked(gateway), email: `${uniqueName()}@example.com` },
      ...key(),
    }),
  ],
  leaveAsapList: [
    async (gateway) => {
      const appointmentId = await booked(gateway);
      await before(gateway, 'joinAsapList', { appointmentId, email: 'asap@example.com' }, '');
      return { appointmentId, ...key() };
    },
  ],
  invitePatientToPortal: [
    async (gateway) => ({
      ...{ patientId: (await newChart(gateway, 'CERBO')).patientId, vendor: 'CERBO' },
      ...key(),
    }),
  ],
  dismissPortalRequest: [waiting],
  reconcileOperation: [unknown],
};
