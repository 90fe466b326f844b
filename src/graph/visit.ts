import { decodeVendorId, encodeVendorId } from '../domain/ids.ts';
import type {
  VisitKind as Kind,
  VisitStatus as Status,
  Visit as VisitRecord,
} from '../domain/records.ts';
import { appointmentOfVisit } from '../loaders/appointments.ts';
import { readEach } from '../loaders/read-each.ts';
import { Appointment } from './appointment-ref.ts';
import { builder, type GraphContext } from './builder.ts';
import { type GatheredPage, gatheredConnectionOf } from './connection.ts';
import { enumType } from './enum-type.ts';
import { cost } from './field-cost.ts';
import { Node } from './node.ts';
import { type PageArguments, pageOfList, readListArguments, sortedByKey, timeKey } from './page.ts';
import { patientOfRecord } from './patient-of-record.ts';
import { Provider } from './provider.ts';
import { gather } from './sources.ts';
import { Vendor } from './vendor.ts';

const VisitKind = enumType<Kind>()('VisitKind', 'How a visit takes place.', {
  WALK_IN: 'Starts now, in a waiting room.',
  SCHEDULED: 'At a set time.',
  E_CONSULT: 'In writing, without a time.',
  GUEST: 'An invited guest’s.',
  UNKNOWN: 'A kind of the vendor’s that is not known here.',
});

const VisitStatus = enumType<Status>()('VisitStatus', 'How far a visit has come.', {
  PENDING: 'Waiting, or not accepted yet.',
  CONFIRMED: 'A provider has taken it.',
  IN_PROGRESS: 'It takes place now.',
  COMPLETED: 'It is over.',
  CANCELLED: 'It was cancelled, or the patient left the waiting room.',
  REFUNDED: 'It was paid back.',
  UNKNOWN: 'A status of the vendor’s that is not known here.',
});

const keyOf = ({ vendor, patientId, vendorVisitId }: VisitRecord) => ({
  vendor,
  patientId,
  vendorRecordId: vendorVisitId,
});

export const Visit = builder.objectRef<VisitRecord>('Visit').implement({
  description: 'A telemedicine visit. Vendor: VSee Clinic. FHIR: Encounter.',
  interfaces: [Node],
  authScopes: ({ patientId }) => ({ vendorRecord: patientId }),
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description: 'Global id.',
      resolve: (visit) => encodeVendorId('Visit', keyOf(visit)),
    }),
    vendor: t.expose('vendor', {
      type: Vendor,
      nullable: false,
      description: 'Where it takes place.',
    }),
    patient: t.field(patientOfRecord('Whose visit it is.')),
    kind: t.expose('kind', {
      type: VisitKind,
      nullable: false,
      description: 'How it takes place.',
    }),
    status: t.expose('status', {
      type: VisitStatus,
      nullable: false,
      description: 'How far it has come.',
    }),
    reason: t.exposeString('reason', { description: 'Why, as the patient put it in the intake.' }),
    start: t.expose('start', { type: 'DateTime', description: 'When it is to start.' }),
    end: t.expose('end', { type: 'DateTime', description: 'When it is to end.' }),
    actualStart: t.expose('actualStart', { type: 'DateTime', description: 'When it did start.' }),
    actualEnd: t.expose('actualEnd', { type: 'DateTime', description: 'When it did end.' }),
    provider: t.expose('provider', {
      type: Provider,
      description: 'Who sees the patient; null until somebody has taken the visit.',
    }),
    inviteUrl: t.field({
      type: 'URL',
      description:
        'For a guest of the patient’s, who joins by it without a login: a bearer secret. Null where the vendor gave none.',
      resolve: ({ inviteUrl }) => inviteUrl as never,
    }),
    appointment: t.field({
      type: Appointment,
      description: 'The same, seen as an appointment, for SCHEDULED visits.',
      resolve: (visit, _args, { clock }) => appointmentOfVisit(visit, clock()),
    }),
  }),
});

export const VisitFilter = builder.inputType('VisitFilter', {
  description: 'Which visits; fields combine with and, entries of a list with or.',
  fields: (t) => ({
    kind: t.field({ type: [VisitKind], description: 'Only of these kinds.' }),
    status: t.field({
      type: [VisitStatus],
      description:
        'Only of these statuses. The vendor is asked for each visit of the patient then.',
    }),
  }),
});

export const VisitConnection = gatheredConnectionOf(Visit, 'visits');

interface VisitListArguments extends PageArguments {
  filter?:
    | { kind?: readonly Kind[] | null | undefined; status?: readonly Status[] | null | undefined }
    | null
    | undefined;
}

/**
 * A patient's visits that were made here, newest first. The vendor lists none for a patient, so each
 * is read by its id: only those of the page, unless the filter needs what the vendor alone knows.
 */
export async function visitsOf(
  patientId: string,
  { filter, ...args }: VisitListArguments,
  context: GraphContext,
): Promise<GatheredPage<VisitRecord>> {
  const { loaders } = context;
  const window = readListArguments('visits', args);
  const { kind, status } = filter ?? {};
  const [known, accounts] = await Promise.all([
    loaders.visits.visitRecords.load(patientId),
    loaders.register.accounts.load(patientId),
  ]);
  // Without an account, or the vendor, none can be read: they are in no page and no total.
  const readable = context.vendors
    .having('visits')
    .map(({ id }) => id)
    .filter((id) => accounts.some(({ vendor }) => vendor === id));
  const records = known.filter(
    (record) => readable.includes(record.vendor) && (kind == null || kind.includes(record.kind)),
  );
  const listed = sortedByKey(records, ({ createdAt, vendorVisitId }) =>
    timeKey('visits', createdAt, vendorVisitId, 'NEWEST_FIRST'),
  );
  const page = pageOfList(status == null ? listed : [], window);
  const wanted = status == null ? page.edges.map(({ value }) => value) : records;

  const { items, sources, complete } = await gather(context, ['visits'], null, async (vendor) => {
    // Says NOT_LINKED where the vendor does not know the patient.
    await loaders.register.account(patientId, vendor);
    return readEach(
      wanted
        .filter((record) => record.vendor === vendor)
        .map(({ vendorVisitId }) =>
          loaders.visits.visit.load({ vendor, patientId, vendorRecordId: vendorVisitId }),
        ),
    );
  });

  const visits = new Map(items.map((visit) => [`${visit.vendor}/${visit.vendorVisitId}`, visit]));
  const visitOf = (record: { vendor: string; vendorVisitId: string }) =>
    visits.get(`${record.vendor}/${record.vendorVisitId}`);
  if (status == null) {
    const edges = page.edges.flatMap(({ key, value }) => {
      const visit = visitOf(value);
      return visit === undefined ? [] : [{ key, value: visit }];
    });
    const { pageInfo } = page;
    return { edges, pageInfo, totalCount: complete ? page.totalCount : null, sources };
  }
  const matching = listed.flatMap(({ key, value }) => {
    const visit = visitOf(value);
    return visit !== undefined && status.includes(visit.status) ? [{ key, value: visit }] : [];
  });
  return { sources, ...pageOfList(matching, window, complete ? matching.length : null) };
}

builder.queryField('visit', (t) =>
  t.field({
    type: Visit,
    description:
      'One visit. Null where it does not exist, NOT_LINKED where the patient has no account at its vendor any more. Vendor: VSee `GET /visits/:id`.',
    extensions: cost({ vendorCalls: 2 }),
    args: { id: t.arg.id({ required: true, description: 'The visit’s global id.' }) },
    resolve: (_root, { id }, { access, loaders }) => {
      access.requireQuery('visit');
      const key = decodeVendorId('Visit', id);
      access.requireRecord(key.patientId, 'Query.visit');
      return loaders.visits.visit.load(key);
    },
  }),
);
