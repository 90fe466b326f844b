import { badInput } from '../domain/errors.ts';
import type {
  Consultation as ConsultationRecord,
  ClinicRoom as RoomRecord,
} from '../domain/records.ts';
import { builder } from './builder.ts';
import { cost } from './field-cost.ts';
import { Provider } from './provider.ts';

const Consultation = builder.objectRef<ConsultationRecord>('Consultation').implement({
  description: 'What a clinic room offers for a set time.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The vendor’s id; null for older rooms.' }),
    description: t.exposeString('description', { description: 'What it is.' }),
    durationMinutes: t.exposeInt('durationMinutes', { description: 'Minutes that it takes.' }),
  }),
});

const ClinicRoom = builder.objectRef<RoomRecord>('ClinicRoom').implement({
  description:
    'A waiting room of the clinic, open to all patients. Vendor: VSee `GET /rooms/:code`.',
  fields: (t) => ({
    code: t.exposeString('code', {
      nullable: false,
      description: 'What mutations call `roomCode`.',
    }),
    slug: t.exposeString('slug', {
      description: 'What `createPortalLink` calls `roomSlug`.',
    }),
    name: t.exposeString('name', { description: 'Name for patients.' }),
    timeZone: t.expose('timeZone', { type: 'TimeZone', description: 'The room’s zone.' }),
    open: t.exposeBoolean('open', {
      nullable: false,
      description: 'Whether it takes patients now.',
    }),
    walkInEnabled: t.exposeBoolean('walkInEnabled', {
      nullable: false,
      description: 'Whether `startWalkInVisit` is open to it.',
    }),
    appointmentsEnabled: t.exposeBoolean('appointmentsEnabled', {
      nullable: false,
      description: 'Whether `scheduleVisit` is open to it.',
    }),
    eConsultEnabled: t.exposeBoolean('eConsultEnabled', {
      nullable: false,
      description: 'Whether `requestEConsult` is open to it.',
    }),
    consultations: t.field({
      type: [Consultation],
      nullable: false,
      description: 'What it offers.',
      resolve: (room) => room.consultations,
    }),
    providers: t.field({
      type: [Provider],
      description:
        'Who sees patients in it; their ids are what `providerId` wants. Vendor: VSee `GET /rooms/:code/providers`.',
      extensions: cost({ vendorCalls: 1 }),
      resolve: ({ code }, _arguments, { loaders }) => loaders.visits.providers.load(code),
    }),
  }),
});

builder.queryField('clinicRoom', (t) =>
  t.field({
    type: ClinicRoom,
    description:
      'A waiting room by its code. Null where there is none. Vendor: VSee `GET /rooms/:code`.',
    extensions: cost({ vendorCalls: 1 }),
    args: {
      code: t.arg.string({
        required: true,
        description: 'The room’s code at the vendor, for example `clinic`; see `clinicRooms`.',
      }),
    },
    resolve: (_root, { code }, { access, loaders }) => {
      access.requireQuery('clinicRoom');
      if (!/^[A-Za-z0-9_-]{1,64}$/.test(code)) {
        throw badInput('This cannot be a room code.');
      }
      return loaders.visits.room.load(code);
    },
  }),
);

builder.queryField('clinicRooms', (t) =>
  t.field({
    type: [ClinicRoom],
    description:
      'The waiting rooms of the clinic, as the vendor lists them. Vendor: VSee `GET /rooms`.',
    extensions: cost({ vendorCalls: 1 }),
    resolve: (_root, _arguments, { access, loaders }) => {
      access.requireQuery('clinicRooms');
      return loaders.visits.rooms.load('ALL');
    },
  }),
);
