import { badInput } from '../domain/errors.ts';
import type {
  VendorAccount as AccountRecord,
  LinkMethod as Method,
  VendorPatient as VendorRecord,
} from '../domain/records.ts';
import type { VendorId } from '../domain/vendor.ts';
import { adapterOf } from '../loaders/environment.ts';
import { builder, type GraphContext } from './builder.ts';
import { VendorProfile } from './demographics.ts';
import { enumType } from './enum-type.ts';
import { cost } from './field-cost.ts';
import { Patient } from './patient-ref.ts';
import { Vendor } from './vendor.ts';

const LinkMethod = enumType<Method>()('LinkMethod', 'How an account was linked.', {
  CREATED: 'The gateway made the account.',
  OAUTH: 'The patient logged in at the vendor.',
  STAFF: 'Staff linked a record that existed.',
});

export const VendorAccount = builder.objectRef<AccountRecord>('VendorAccount').implement({
  description: 'One person’s account at one vendor.',
  authScopes: ({ patientId }) => ({ record: patientId }),
  fields: (t) => ({
    vendor: t.expose('vendor', { type: Vendor, nullable: false, description: 'The vendor.' }),
    vendorPatientId: t.exposeID('vendorPatientId', {
      nullable: false,
      description: 'The vendor’s id of the person.',
    }),
    linkedAt: t.expose('linkedAt', {
      type: 'DateTime',
      nullable: false,
      description: 'When it was linked.',
    }),
    linkMethod: t.expose('linkMethod', {
      type: LinkMethod,
      nullable: false,
      description: 'How it was linked.',
    }),
    connected: t.exposeBoolean('connected', {
      nullable: false,
      description: 'False: the patient must (re)authorize, see `connectPatientPortal`.',
    }),
    profile: t.field({
      type: VendorProfile,
      description:
        'What the vendor holds about the person; null for vendors that tell nothing, and where the account is gone there. Vendor: VSee `users/-`, MyPatientPortal `profile`, Cerbo and MD HQ `patients/{patient_id}`.',
      extensions: cost({ vendorCalls: 1 }),
      resolve: ({ patientId, vendor }, _args, { loaders }) =>
        loaders.profiles.profile.load({ patientId, vendor }),
    }),
  }),
});

interface FoundPatient extends VendorRecord {
  linkedPatientId: string | undefined;
}

const VendorPatient = builder.objectRef<FoundPatient>('VendorPatient').implement({
  description: 'A record found at a vendor, linked to a Patient here or not.',
  fields: (t) => ({
    vendor: t.expose('vendor', { type: Vendor, nullable: false, description: 'The vendor.' }),
    vendorPatientId: t.exposeID('vendorPatientId', {
      nullable: false,
      description: 'The vendor’s id, for `linkVendorAccount`.',
    }),
    profile: t.expose('profile', {
      type: VendorProfile,
      nullable: false,
      description: 'What the vendor holds about the person.',
    }),
    linkedPatient: t.field({
      type: Patient,
      description:
        'The patient here that it is linked to already; null while it is linked to nobody.',
      resolve: ({ linkedPatientId }, _args, { loaders }) =>
        linkedPatientId === undefined ? null : loaders.register.patients.load(linkedPatientId),
    }),
  }),
});

const VendorPatientFilter = builder.inputType('VendorPatientFilter', {
  description: 'Whom to look for at a vendor; fields combine with and, at least one is needed.',
  fields: (t) => ({
    firstName: t.string({ description: 'Given name, exact.' }),
    lastName: t.string({ description: 'Family name, exact.' }),
    email: t.field({ type: 'EmailAddress', description: 'E-mail address, primary or secondary.' }),
    birthDate: t.field({ type: 'Date', description: 'Day of birth.' }),
  }),
});

const largestSearch = 100;

/** Adds who of them is in the register, and puts down on their records that they were read. */
async function withLinks(
  { store, trail }: GraphContext,
  vendor: VendorId,
  found: readonly VendorRecord[],
): Promise<FoundPatient[]> {
  const ids = found.map(({ vendorPatientId }) => vendorPatientId);
  const accounts = await store.accounts.findByVendorIds(vendor, ids);
  for (const { patientId } of accounts) {
    trail.record({ patientId, vendor, action: 'Query.vendorPatients', outcome: 'ALLOWED' });
  }
  const links = new Map(accounts.map((each) => [each.vendorPatientId, each.patientId]));
  return found.map((each) => ({ ...each, linkedPatientId: links.get(each.vendorPatientId) }));
}

builder.queryField('vendorPatients', (t) =>
  t.field({
    type: [VendorPatient],
    nullable: false,
    description:
      'STAFF: records at a vendor, to link them. Vendors: Cerbo and MD HQ `patients/search`.',
    // A page of the vendor's holds a hundred; addresses that it may match loosely take some pages more.
    extensions: cost({ vendorCalls: 2 }),
    args: {
      vendor: t.arg({ type: Vendor, required: true, description: 'Where to look.' }),
      filter: t.arg({
        type: VendorPatientFilter,
        required: true,
        description: 'Whom to look for.',
      }),
      first: t.arg.int({ defaultValue: 25, description: 'How many at most, 1 to 100.' }),
    },
    resolve: async (_root, { vendor, filter, first }, context) => {
      const { access, vendors, scope } = context;
      access.requireQuery('vendorPatients');
      const limit = first ?? 25;
      if (limit < 1 || limit > largestSearch) {
        throw badInput(`Ask for 1 to ${largestSearch} records.`);
      }
      const asked = {
        firstName: filter.firstName?.trim() || null,
        lastName: filter.lastName?.trim() || null,
        email: filter.email ?? null,
        birthDate: filter.birthDate ?? null,
      };
      if (Object.values(asked).every((value) => value === null)) {
        throw badInput('Say whom to look for: at least one field of the filter.');
      }
      if (!vendors.offering('directory').includes(vendor)) {
        throw badInput('This vendor cannot be searched for patients.');
      }
      const { directory } = adapterOf(vendors, vendor, 'directory');
      return withLinks(context, vendor, await directory.search(scope, asked, limit));
    },
  }),
);
