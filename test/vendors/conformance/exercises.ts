import { randomUUID } from 'node:crypto';
import type { Capability, VendorAdapter } from '../../../src/domain/vendor.ts';
import { sandboxAddress } from '../../../src/sandbox/people.ts';
import { intakeRequest, type World } from './world.ts';

/**
 * How a function is driven, and what may be done with its calls: `read` and `safe` are repeated after a
 * fault, `unsafe` never, `handshake` neither (a library owns its protocol), `local` makes no call.
 */
export type Nature = 'read' | 'safe' | 'unsafe' | 'handshake' | 'local';

export interface Exercise<Offer> {
  nature: Nature;
  run: (offer: Offer, world: World) => unknown;
  /** The same with an id in place of each id that goes to the vendor. */
  ids?: Readonly<Record<string, (offer: Offer, world: World, id: string) => Promise<unknown>>>;
  /** Of its answer, the fields that take what a vendor words itself. */
  enums?: readonly string[];
  /** A 2xx without a body is an answer, too: there is nothing to say. */
  emptyIsAnswer?: true;
}

type Offer<C extends Capability> = NonNullable<VendorAdapter[C]>;
type FunctionsOf<T> = {
  [Key in keyof T]: T[Key] extends (...parameters: never[]) => unknown ? Key : never;
}[keyof T];
/** Exhaustive: a function that a capability gains does not compile until it is exercised. */
type Exercises = {
  [C in Exclude<Capability, 'staffLinking' | 'profile'>]: Record<
    FunctionsOf<Offer<C>>,
    Exercise<Offer<C>>
  >;
} & { profile: { profile: Exercise<Offer<'profile'>> }; staffLinking: Record<never, never> };

/** Somebody whom no simulator knows, another one each time. */
const newcomer = () => ({
  firstName: 'Pia',
  lastName: 'Novak',
  birthDate: '1990-05-06',
  sex: 'FEMALE' as const,
  email: `pia.${randomUUID()}@example.com`,
  phone: `+1555${String(Math.floor(Math.random() * 1e7)).padStart(7, '0')}`,
  address: null,
});

const place = ({ intakeId, roomCode }: World) => ({ intakeId, roomCode, providerId: null });
const slotSearch = ({ roomCode, window: { from, to } }: World) => ({
  ...{ roomCode, from, to },
  ...{ consultationId: null, durationMinutes: null, providerId: null },
});
const visitRequest = (world: World) => ({
  ...place(world),
  start: world.window.from,
  end: new Date(world.window.from.getTime() + 1_800_000),
  ...{ consultationId: null, vendorSlotId: null, overrideCalendar: false },
});
const booking = ({ step, slotId }: World) => ({
  ...{ ...step, vendorSlotId: slotId, asapListOptIn: false, comments: null },
  ...{ commentAnswers: null, emailNotifications: null, smsNotifications: null },
});
const anyFilter = { firstName: null, lastName: null, email: null, birthDate: null };

export const exercises: Exercises = {
  staffLinking: {},
  profile: {
    profile: {
      nature: 'read',
      run: (profile, { scope, account }) => profile(scope, account),
      enums: ['sex'],
    },
  },
  onboarding: {
    onboard: {
      nature: 'unsafe',
      run: (onboarding, { scope }) =>
        onboarding.onboard(scope, {
          person: newcomer(),
          address: sandboxAddress,
          ...{ heightFeet: 5, heightInches: 7, weightPounds: 170.5 },
          treatmentType: onboarding.treatmentTypes[0] ?? '',
        }),
    },
  },
  portalAccess: {
    enable: {
      nature: 'unsafe',
      run: (access, { scope, account }) => access.enable(scope, account, 24),
    },
    revoke: {
      nature: 'safe',
      run: (access, { scope, account }) => access.revoke(scope, account, 'Lost telephone'),
    },
  },
  orders: {
    latestOrder: {
      nature: 'read',
      run: (orders, { scope, account }) => orders.latestOrder(scope, account),
    },
    createFollowUp: {
      nature: 'unsafe',
      run: (orders, { scope, account, order, window }) =>
        orders.createFollowUp(scope, account, order, window.days.to),
    },
  },
  visits: {
    keptSession: {
      nature: 'local',
      run: (visits, { patient }) => visits.keptSession(patient.id),
    },
    signIn: {
      nature: 'safe',
      run: (visits, { scope, patient }) => visits.signIn(scope, patient, { renew: true }),
    },
    profile: {
      nature: 'read',
      run: (visits, { scope, session }) => visits.profile(scope, session),
      enums: ['sex'],
    },
    checkIntake: {
      nature: 'local',
      run: (visits, world) => visits.checkIntake(intakeRequest(world).intake),
    },
    createIntake: {
      nature: 'unsafe',
      run: (visits, world) => visits.createIntake(world.scope, world.session, intakeRequest(world)),
      ids: {
        room: (visits, world, roomCode) =>
          visits.createIntake(world.scope, world.session, { ...intakeRequest(world), roomCode }),
        provider: (visits, world, providerId) =>
          visits.createIntake(world.scope, world.session, { ...intakeRequest(world), providerId }),
      },
    },
    chargeIntake: {
      nature: 'safe',
      run: (visits, { scope, session, intakeId }) =>
        visits.chargeIntake(scope, session, intakeId, {}),
      ids: {
        intake: (visits, { scope, session }, id) => visits.chargeIntake(scope, session, id, {}),
      },
    },
    startWalkIn: {
      nature: 'unsafe',
      run: (visits, world) => visits.startWalkIn(world.scope, world.session, place(world)),
      ids: {
        intake: (visits, world, intakeId) =>
          visits.startWalkIn(world.scope, world.session, { ...place(world), intakeId }),
      },
    },
    schedule: {
      nature: 'unsafe',
      run: (visits, world) => visits.schedule(world.scope, world.session, visitRequest(world)),
      ids: {
        consultation: (visits, world, consultationId) =>
          visits.schedule(world.scope, world.session, { ...visitRequest(world), consultationId }),
      },
    },
    requestEConsult: {
      nature: 'unsafe',
      run: (visits, world) => visits.requestEConsult(world.scope, world.session, place(world)),
      ids: {
        room: (visits, world, roomCode) =>
          visits.requestEConsult(world.scope, world.session, { ...place(world), roomCode }),
      },
    },
    visit: {
      nature: 'read',
      run: (visits, { scope, session, visitId }) => visits.visit(scope, session, visitId),
      ids: { visit: (visits, { scope, session }, id) => visits.visit(scope, session, id) },
      enums: ['kind', 'medium', 'status'],
    },
    visitOfIntake: {
      nature: 'read',
      run: (visits, { scope, session, intakeId }) => visits.visitOfIntake(scope, session, intakeId),
      ids: { intake: (visits, { scope, session }, id) => visits.visitOfIntake(scope, session, id) },
      enums: ['visit.kind', 'visit.medium', 'visit.status'],
    },
    cancel: {
      nature: 'unsafe',
      run: (visits, { scope, session, visitId }) => visits.cancel(scope, session, visitId),
      ids: { visit: (visits, { scope, session }, id) => visits.cancel(scope, session, id) },
    },
    room: {
      nature: 'read',
      run: (visits, { scope, roomCode }) => visits.room(scope, roomCode),
      ids: { room: (visits, { scope }, id) => visits.room(scope, id) },
    },
    rooms: { nature: 'read', run: (visits, { scope }) => visits.rooms(scope) },
    providers: {
      nature: 'read',
      run: (visits, { scope, roomCode }) => visits.providers(scope, roomCode),
      ids: { room: (visits, { scope }, id) => visits.providers(scope, id) },
    },
    availabilities: {
      nature: 'read',
      run: (visits, world) => visits.availabilities(world.scope, world.session, slotSearch(world)),
      ids: {
        room: (visits, world, roomCode) =>
          visits.availabilities(world.scope, world.session, { ...slotSearch(world), roomCode }),
        provider: (visits, world, providerId) =>
          visits.availabilities(world.scope, world.session, { ...slotSearch(world), providerId }),
      },
    },
    portalLink: {
      nature: 'local',
      run: (visits, { session }) =>
        visits.portalLink(session, { roomSlug: null, hideNavigation: false }),
    },
  },
  connection: {
    begin: { nature: 'handshake', run: (connection, { scope }) => connection.begin(scope) },
    finish: {
      nature: 'handshake',
      run: async (connection, { scope }) => {
        const { authorizationUrl, secrets } = await connection.begin(scope);
        const asked = new URL(authorizationUrl).searchParams;
        const callback = new URL(String(asked.get('redirect_uri')));
        callback.searchParams.set('code', 'code-that-nobody-issued');
        callback.searchParams.set('state', secrets.state);
        return connection.finish(scope, callback, secrets);
      },
    },
    revoke: {
      nature: 'handshake',
      run: (connection, { scope, account }) => connection.revoke(scope, account),
    },
  },
  funnel: {
    insurances: {
      nature: 'read',
      run: (funnel, { scope, account }) => funnel.insurances(scope, account),
    },
    categories: {
      nature: 'read',
      run: (funnel, { scope, account, step }) =>
        funnel.categories(scope, account, step.insuranceId),
      ids: { insurance: (funnel, { scope, account }, id) => funnel.categories(scope, account, id) },
    },
    types: {
      nature: 'read',
      run: (funnel, { scope, account, step }) => funnel.types(scope, account, step),
      ids: {
        category: (funnel, { scope, account, step }, categoryId) =>
          funnel.types(scope, account, { ...step, categoryId }),
      },
    },
    availabilities: {
      nature: 'read',
      run: (funnel, { scope, account, step, window }) =>
        funnel.availabilities(scope, account, step, window.days),
      ids: {
        type: (funnel, { scope, account, step, window }, typeId) =>
          funnel.availabilities(scope, account, { ...step, typeId }, window.days),
      },
    },
    book: {
      nature: 'unsafe',
      run: (funnel, world) => funnel.book(world.scope, world.account, booking(world)),
      ids: {
        insurance: (funnel, world, insuranceId) =>
          funnel.book(world.scope, world.account, { ...booking(world), insuranceId }),
      },
    },
  },
  appointments: {
    list: { nature: 'read', run: (book, { scope, account }) => book.list(scope, account) },
    get: {
      nature: 'read',
      run: (book, { scope, account, appointmentId }) => book.get(scope, account, appointmentId),
      ids: { appointment: (book, { scope, account }, id) => book.get(scope, account, id) },
    },
    rescheduleSlots: {
      nature: 'read',
      run: (book, { scope, account, appointmentId, window }) =>
        book.rescheduleSlots(scope, account, appointmentId, window.days),
      ids: {
        appointment: (book, { scope, account, window }, id) =>
          book.rescheduleSlots(scope, account, id, window.days),
      },
    },
    reschedule: {
      nature: 'unsafe',
      run: (book, { scope, account, appointmentId, slotId }) =>
        book.reschedule(scope, account, appointmentId, slotId),
      ids: {
        appointment: (book, { scope, account, slotId }, id) =>
          book.reschedule(scope, account, id, slotId),
      },
    },
    cancel: {
      nature: 'unsafe',
      run: (book, { scope, account, appointmentId }) => book.cancel(scope, account, appointmentId),
      ids: { appointment: (book, { scope, account }, id) => book.cancel(scope, account, id) },
    },
    joinAsapList: {
      nature: 'safe',
      run: (book, { scope, account, appointmentId, patient }) =>
        book.joinAsapList(scope, account, appointmentId, String(patient.email)),
      ids: {
        appointment: (book, { scope, account, patient }, id) =>
          book.joinAsapList(scope, account, id, String(patient.email)),
      },
      emptyIsAnswer: true,
    },
    leaveAsapList: {
      nature: 'safe',
      run: (book, { scope, account, appointmentId }) =>
        book.leaveAsapList(scope, account, appointmentId),
      ids: {
        appointment: (book, { scope, account }, id) => book.leaveAsapList(scope, account, id),
      },
      emptyIsAnswer: true,
    },
    earlierAvailability: {
      nature: 'read',
      run: (book, { scope, account, appointmentId }) =>
        book.earlierAvailability(scope, account, appointmentId),
      ids: {
        appointment: (book, { scope, account }, id) => book.earlierAvailability(scope, account, id),
      },
    },
    videoConsultationUrl: {
      nature: 'read',
      run: (book, { scope, account, appointmentId }) =>
        book.videoConsultationUrl(scope, account, appointmentId),
      ids: {
        appointment: (book, { scope, account }, id) =>
          book.videoConsultationUrl(scope, account, id),
      },
    },
  },
  portalRequests: {
    list: {
      nature: 'read',
      run: (queue, { scope, account }) => queue.list(scope, account),
      enums: ['type', 'status'],
    },
    dismiss: {
      nature: 'safe',
      run: (queue, { scope, account, requestId }) => queue.dismiss(scope, account, requestId),
      ids: { request: (queue, { scope, account }, id) => queue.dismiss(scope, account, id) },
      emptyIsAnswer: true,
    },
  },
  invitations: {
    invite: {
      nature: 'unsafe',
      run: (invitations, { scope, account }) => invitations.invite(scope, account),
    },
  },
  directory: {
    search: {
      nature: 'read',
      run: (directory, { scope, patient }) =>
        directory.search(scope, { ...anyFilter, lastName: patient.lastName }, 10),
      enums: ['profile.sex'],
    },
  },
};

export interface DrivenFunction {
  /** `capability.function`. */
  name: string;
  exercise: Exercise<never>;
  run: (door: VendorAdapter, world: World) => Promise<unknown>;
  runWith: (door: VendorAdapter, world: World, kind: string, id: string) => Promise<unknown>;
}

/** All exercises of some capabilities. */
export const driven = (capabilities: readonly Capability[]): DrivenFunction[] =>
  capabilities.flatMap((capability) =>
    Object.entries(exercises[capability] as Record<string, Exercise<never>>).map(
      ([name, exercise]) => {
        const offer = (door: VendorAdapter) => door[capability] as never;
        return {
          name: `${capability}.${name}`,
          exercise,
          run: async (door, world) => exercise.run(offer(door), world),
          runWith: async (door, world, kind, id) => exercise.ids?.[kind]?.(offer(door), world, id),
        };
      },
    ),
  );

/** Functions that an offered capability really has, as `capability.function`. */
export const functionsOf = (door: VendorAdapter, capability: Capability): string[] => {
  const offer: unknown = door[capability];
  return typeof offer === 'function'
    ? [`${capability}.${capability}`]
    : Object.entries(offer ?? {})
        .filter(([, value]) => typeof value === 'function')
        .map(([name]) => `${capability}.${name}`);
};
