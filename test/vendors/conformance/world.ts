import type { FunnelStep } from '../../../src/domain/capabilities/appointments.ts';
import type { VisitSession } from '../../../src/domain/capabilities/visits.ts';
import type { Order, Patient } from '../../../src/domain/records.ts';
import type { RequestScope } from '../../../src/domain/request.ts';
import type { AccountReference, VendorAdapter } from '../../../src/domain/vendor.ts';
import { signInAsPatient } from '../../../src/vendors/my-patient-portal/sandbox-login.ts';
import { anaAsPatient, type OpenVendor, sandboxAna } from './open-vendor.ts';

/** What the functions of a door are asked about: things that its simulator really holds. */
export interface World {
  scope: RequestScope;
  patient: Patient;
  account: AccountReference;
  session: VisitSession;
  intakeId: string;
  visitId: string;
  roomCode: string;
  step: FunnelStep;
  slotId: string;
  appointmentId: string;
  order: Order;
  requestId: string;
  /** From and to, as instants and as calendar dates. */
  window: { from: Date; to: Date; days: { from: string; to: string } };
}

const day = 86_400_000;
const date = (instant: Date) => instant.toISOString().slice(0, 10);

/** The room that every clinic has: its own. */
const roomCode = 'clinic';

/** Where a capability is absent its part of the world is a stand-in that nobody asks for. */
const absent = 'absent';

/** From two days on: not even a gateway ten hours ahead believes that any of it is over. */
function windowFromNow(): World['window'] {
  const from = new Date(Date.now() + 2 * day);
  const to = new Date(Date.now() + 21 * day);
  return { from, to, days: { from: date(from), to: date(to) } };
}

const first = <Value>(values: readonly Value[], what: string): Value => {
  const [value] = values;
  if (value === undefined) {
    throw new Error(`The simulator has no ${what} for Ana.`);
  }
  return value;
};

/** Walks the door as the gateway would, so that there is something to ask for. */
export async function prepareWorld(open: OpenVendor): Promise<World> {
  const door = open.connect();
  const patient = anaAsPatient();
  const { accounts, portalLogin } = sandboxAna();
  const scope = open.scope();
  const world: World = {
    scope,
    patient,
    account: { patientId: patient.id, vendorPatientId: accounts[open.id] ?? absent },
    session: {
      patientId: patient.id,
      vendorPatientId: absent,
      token: absent,
      expiresAt: new Date(0),
    },
    ...{ intakeId: absent, visitId: absent, roomCode, slotId: absent },
    step: { insuranceId: absent, categoryId: absent, typeId: absent },
    ...{ appointmentId: absent, requestId: absent },
    order: { vendor: open.id, id: absent, tenantDomain: absent, vendorPatientKey: absent },
    window: windowFromNow(),
  };
  if (door.connection) {
    const { authorizationUrl, secrets } = await door.connection.begin(scope);
    const callback = await signInAsPatient(authorizationUrl, portalLogin);
    const grant = await door.connection.finish(scope, new URL(callback), secrets);
    await open.vault.write(open.id, patient.id, grant.tokens);
    world.account = { patientId: patient.id, vendorPatientId: grant.vendorPatientId };
  }
  await prepareVisits(door, world);
  await prepareBooking(door, world);
  if (door.orders) {
    const order = await door.orders.latestOrder(scope, world.account);
    world.order = first(order ? [order] : [], 'order');
  }
  if (door.portalRequests) {
    const waiting = await door.portalRequests.list(scope, world.account);
    world.requestId = first(waiting, 'portal request').vendorRequestId;
  }
  return world;
}

const intake = { reasonForVisit: 'Question', location: null, phone: null, custom: {} };

export const intakeRequest = ({ roomCode: room }: World) =>
  ({ roomCode: room, providerId: null, kind: 'E_CONSULT', intake }) as const;

async function prepareVisits({ visits }: VendorAdapter, world: World): Promise<void> {
  if (visits) {
    const { scope, patient } = world;
    const session = await visits.signIn(scope, patient);
    const intakeId = await visits.createIntake(scope, session, intakeRequest(world));
    const place = { intakeId, roomCode, providerId: null };
    const { visit } = await visits.requestEConsult(scope, session, place);
    Object.assign(world, { session, intakeId, visitId: visit.vendorVisitId });
    world.account = { patientId: patient.id, vendorPatientId: session.vendorPatientId };
  }
}

async function prepareBooking(door: VendorAdapter, world: World): Promise<void> {
  const { scope, account, window } = world;
  if (door.funnel) {
    const { funnel } = door;
    const insurance = first(await funnel.insurances(scope, account), 'insurance');
    const categories = await funnel.categories(scope, account, insurance.id);
    const at = { insuranceId: insurance.id, categoryId: first(categories, 'category').id };
    const types = await funnel.types(scope, account, at);
    const onAsapList = types.filter((type) => type.asapNotificationsEnabled);
    world.step = { ...at, typeId: first([...onAsapList, ...types], 'appointment type').id };
    const slots = await funnel.availabilities(scope, account, world.step, window.days);
    const slotIds = slots.flatMap(({ vendorSlotId }) => vendorSlotId ?? []);
    world.slotId = first(slotIds, 'free time');
    world.appointmentId = await funnel.book(scope, account, {
      ...{ ...world.step, vendorSlotId: first(slotIds.slice(1), 'other free time') },
      ...{ asapListOptIn: false, comments: null, commentAnswers: null },
      ...{ emailNotifications: null, smsNotifications: null },
    });
  }
  if (door.appointments && !door.funnel) {
    const booked = (await door.appointments.list(scope, account)).filter(
      ({ cancellable, reschedulable }) => cancellable && reschedulable,
    );
    world.appointmentId = first(booked, 'appointment that can be moved').vendorAppointmentId;
  }
}
