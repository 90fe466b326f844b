import { badInput } from '../domain/errors.ts';
import { decodeOwnId, encodeOwnId } from '../domain/ids.ts';
import { AccessEventConnection } from './access-event.ts';
import { AppointmentConnection, AppointmentFilter, appointmentsOf } from './appointment.ts';
import { Insurance } from './booking-funnel.ts';
import { builder } from './builder.ts';
import { connectionOf, pageArguments } from './connection.ts';
import { Address, Sex } from './demographics.ts';
import { cost } from './field-cost.ts';
import { Node } from './node.ts';
import { FollowUp, Order } from './order.ts';
import { pageOfRows, readPageArguments } from './page.ts';
import { Patient } from './patient-ref.ts';
import { PortalAccess } from './portal-access.ts';
import {
  PortalRequestConnection,
  PortalRequestFilter,
  portalRequestsOf,
} from './portal-request.ts';
import { Vendor } from './vendor.ts';
import { VendorAccount } from './vendor-account.ts';
import { VisitConnection, VisitFilter, visitsOf } from './visit.ts';

Patient.implement({
  description:
    'A person in the clinic’s own register, and all that the vendors know of them. FHIR: Patient.',
  interfaces: [Node],
  authScopes: ({ id }) => ({ record: id }),
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description: 'Global id.',
      resolve: ({ id }) => encodeOwnId('Patient', id),
    }),
    firstName: t.exposeString('firstName', { nullable: false, description: 'Given name.' }),
    lastName: t.exposeString('lastName', { nullable: false, description: 'Family name.' }),
    fullName: t.string({
      nullable: false,
      description: 'Given and family name.',
      resolve: ({ firstName, lastName }) => `${firstName} ${lastName}`,
    }),
    birthDate: t.expose('birthDate', { type: 'Date', description: 'Day of birth.' }),
    sex: t.expose('sex', { type: Sex, description: 'Administrative sex.' }),
    email: t.expose('email', { type: 'EmailAddress', description: 'E-mail address.' }),
    phone: t.expose('phone', { type: 'PhoneNumber', description: 'Phone number.' }),
    address: t.expose('address', { type: Address, description: 'Postal address.' }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      nullable: false,
      description: 'When the record was made here.',
    }),
    vendorAccounts: t.field({
      type: [VendorAccount],
      nullable: false,
      description:
        'The person’s accounts at the vendors. At Nimbus `onboardPatient` makes one, at MyPatientPortal `connectPatientPortal` leads to one, at VSee the first sign-in makes it; `linkVendorAccount` links one that exists at Nimbus, Cerbo or MD HQ.',
      extensions: cost({ listSize: 5 }),
      resolve: ({ id }, _args, { loaders }) => loaders.register.accounts.load(id),
    }),
    portalAccess: t.field({
      type: [PortalAccess],
      nullable: false,
      description: 'Ways into vendors’ portals that were given here, newest first.',
      args: { vendor: t.arg({ type: Vendor, description: 'Only this vendor’s.' }) },
      resolve: async ({ id }, { vendor }, { loaders }) => {
        const accesses = await loaders.register.portalAccesses.load(id);
        return vendor == null ? accesses : accesses.filter((access) => access.vendor === vendor);
      },
    }),
    latestOrder: t.field({
      type: Order,
      description:
        'The latest order; null while there is none. NOT_LINKED where the patient has no account there. Vendor: Nimbus `latest-order`.',
      extensions: cost({ vendorCalls: 1 }),
      resolve: ({ id }, _args, { loaders }) => loaders.orders.latestOrder.load(id),
    }),
    followUps: t.field({
      type: [FollowUp],
      nullable: false,
      description: 'Follow-ups that were scheduled here, newest first.',
      resolve: ({ id }, _args, { loaders }) => loaders.register.followUps.load(id),
    }),
    insurances: t.field({
      type: [Insurance],
      description:
        'Who may pay; the root of the booking walkthrough. NOT_LINKED until the patient has connected their account, AUTHORIZATION_REQUIRED where that has ended, see `connectPatientPortal`. Vendor: MyPatientPortal `insurances`.',
      extensions: cost({ vendorCalls: 1, listSize: 3 }),
      resolve: async ({ id }, _args, { loaders }) => {
        const insurances = await loaders.funnel.insurances.load(id);
        return insurances.map((insurance) => ({ ...insurance, patientId: id }));
      },
    }),
    visits: t.field({
      type: VisitConnection,
      nullable: false,
      description: 'Visits that were made here, newest first. Vendor: VSee.',
      // A sign-in; the vendor has no list, so that each visit is read by itself.
      extensions: cost({ vendorCalls: 1, vendorCallsPerEntry: 1 }),
      args: {
        filter: t.arg({ type: VisitFilter, description: 'Which visits; default all.' }),
        ...pageArguments,
      },
      resolve: ({ id }, args, context) => visitsOf(id, args, context),
    }),
    appointments: t.field({
      type: AppointmentConnection,
      nullable: false,
      description:
        'Appointments by their start. Vendors: MyPatientPortal, and VSee for scheduled visits.',
      // A list, a sign-in, and scheduled visits one by one, of which five are reckoned.
      extensions: cost({ vendorCalls: 7 }),
      args: {
        filter: t.arg({ type: AppointmentFilter, description: 'Which appointments; default all.' }),
        ...pageArguments,
      },
      resolve: ({ id }, args, context) => appointmentsOf(id, args, context),
    }),
    portalRequests: t.field({
      type: PortalRequestConnection,
      nullable: false,
      description:
        'What the patient asked for in the vendors’ portals, newest first. Vendors: Cerbo, MD HQ `portal/enqueued`.',
      extensions: cost({ vendorCalls: 2 }),
      args: {
        filter: t.arg({
          type: PortalRequestFilter,
          description: 'Which requests; default the open ones.',
        }),
        ...pageArguments,
      },
      resolve: ({ id }, args, context) => portalRequestsOf(id, args, context),
    }),
    accessLog: t.field({
      type: AccessEventConnection,
      nullable: false,
      description:
        'Who accessed the patient’s data, newest first. For the patient, STAFF and ADMIN.',
      args: pageArguments,
      resolve: async ({ id }, args, { store }) => {
        const window = readPageArguments(args);
        return pageOfRows(window, await store.accessLog.list(id, window));
      },
    }),
  }),
});

const PatientConnection = connectionOf(Patient, 'patients');

const longestSearch = 200;

builder.queryFields((t) => ({
  patient: t.field({
    type: Patient,
    description:
      'One patient. Null where there is none; FORBIDDEN for a PATIENT beyond their own record.',
    args: { id: t.arg.id({ required: true, description: 'The patient’s global id.' }) },
    resolve: (_root, { id }, { access, loaders }) => {
      access.requireQuery('patient');
      const key = decodeOwnId('Patient', id);
      access.requireRecord(key, 'Query.patient');
      return loaders.register.patients.load(key);
    },
  }),
  patients: t.field({
    type: PatientConnection,
    nullable: false,
    description: 'STAFF: the register, newest first.',
    args: {
      search: t.arg.string({
        description:
          'Words, or their first two letters and more, that all begin parts of the name, in any order; or a whole e-mail address. Case, accents, apostrophes, commas and hyphens do not matter, nor whether ü is written as ue, ø as oe, å as aa and the like; a single letter beside longer words is left out. 200 characters at most.',
      }),
      ...pageArguments,
    },
    resolve: async (_root, { search, ...args }, { access, store }) => {
      access.requireQuery('patients');
      const window = readPageArguments(args);
      const text = search?.trim() ?? '';
      if (text.length > longestSearch) {
        throw badInput(`A search has ${longestSearch} characters at most.`);
      }
      return pageOfRows(window, await store.patients.search(text || null, window));
    },
  }),
}));
