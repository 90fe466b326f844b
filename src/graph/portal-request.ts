import { encodeVendorId } from '../domain/ids.ts';
import type {
  PortalRequest as RequestRecord,
  PortalRequestStatus as Status,
  PortalRequestType as Type,
} from '../domain/records.ts';
import type { VendorId } from '../domain/vendor.ts';
import { builder, type GraphContext } from './builder.ts';
import { type GatheredPage, gatheredConnectionOf } from './connection.ts';
import { enumType } from './enum-type.ts';
import { plainText, safeHtml } from './html.ts';
import { Node } from './node.ts';
import { type PageArguments, pageOfList, readListArguments, sortedByKey, timeKey } from './page.ts';
import { patientOfRecord } from './patient-of-record.ts';
import { gather } from './sources.ts';
import { Vendor } from './vendor.ts';

const PortalRequestType = enumType<Type>()('PortalRequestType', 'What a patient asks for.', {
  APPOINTMENT: 'An appointment.',
  DEMOGRAPHICS: 'A change of their own data.',
  DOCUMENT: 'A document was handed in.',
  PRESCRIPTION: 'A prescription.',
  PRESCRIPTION_REFILL: 'A refill of a prescription.',
  QUESTIONNAIRE: 'A questionnaire was filled in.',
  SECURE_MESSAGE: 'A message.',
  SUPPLEMENT: 'A supplement.',
  UNKNOWN: 'A word of the vendor’s that is not known here; see `vendorType`.',
});

const PortalRequestStatus = enumType<Status>()('PortalRequestStatus', 'How a request stands.', {
  OPEN: 'It waits for staff.',
  DISMISSED: 'Staff has dealt with it.',
  DELETED: 'It was removed from the queue; the vendor keeps it, hidden.',
  UNKNOWN: 'A word of the vendor’s that is not known here.',
});

export const PortalRequest = builder.objectRef<RequestRecord>('PortalRequest').implement({
  description: 'What a patient asked for in a vendor’s portal. Vendors: Cerbo, MD HQ. FHIR: Task.',
  interfaces: [Node],
  authScopes: ({ patientId }) => ({ vendorRecord: patientId }),
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description: 'Global id.',
      resolve: ({ vendor, patientId, vendorRequestId }) =>
        encodeVendorId('PortalRequest', { vendor, patientId, vendorRecordId: vendorRequestId }),
    }),
    vendor: t.expose('vendor', {
      type: Vendor,
      nullable: false,
      description: 'Whose queue it is in.',
    }),
    patient: t.field(patientOfRecord('Who asked.')),
    type: t.expose('type', { type: PortalRequestType, nullable: false, description: 'What for.' }),
    vendorType: t.exposeString('vendorType', {
      description: 'The vendor’s own word for the type.',
    }),
    status: t.expose('status', {
      type: PortalRequestStatus,
      nullable: false,
      description: 'How it stands.',
    }),
    title: t.exposeString('title', { description: 'A headline.' }),
    contentHtml: t.string({
      description: 'What it says, sanitized HTML.',
      resolve: ({ content }) => safeHtml(content),
    }),
    contentText: t.string({
      description: 'What it says, plain text.',
      resolve: ({ content }) => plainText(content),
    }),
    notes: t.exposeString('notes', { description: 'A note to it.' }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'When it entered the queue.',
    }),
  }),
});

export const PortalRequestFilter = builder.inputType('PortalRequestFilter', {
  description:
    'Which requests; works today, although the vendors announce these filters as coming soon. Fields combine with and, entries of a list with or.',
  fields: (t) => ({
    vendor: t.field({
      type: [Vendor],
      description: 'Only of these vendors; others are not asked.',
    }),
    type: t.field({ type: [PortalRequestType], description: 'Only of these types.' }),
    status: t.field({
      type: [PortalRequestStatus],
      defaultValue: ['OPEN'],
      description: 'Only of these statuses; null for all.',
    }),
  }),
});

export const PortalRequestConnection = gatheredConnectionOf(PortalRequest, 'portal requests');

interface RequestListArguments extends PageArguments {
  filter?:
    | {
        vendor?: readonly VendorId[] | null | undefined;
        type?: readonly Type[] | null | undefined;
        status?: readonly Status[] | null | undefined;
      }
    | null
    | undefined;
}

/** A patient's requests from all queues, newest first; without a filter the open ones. */
export async function portalRequestsOf(
  patientId: string,
  { filter, ...args }: RequestListArguments,
  context: GraphContext,
): Promise<GatheredPage<RequestRecord>> {
  const window = readListArguments('portalRequests', args);
  const { vendor: wanted, type, status } = filter ?? { status: ['OPEN'] as const };
  const { items, sources, complete } = await gather(context, ['portalRequests'], wanted, (vendor) =>
    context.loaders.portalRequests.queue.load({ patientId, vendor }),
  );
  const matching = items.filter(
    (request) =>
      (type == null || type.includes(request.type)) &&
      (status == null || status.includes(request.status)),
  );
  const listed = sortedByKey(matching, ({ createdAt, vendor, vendorRequestId }) =>
    timeKey(
      'portalRequests',
      createdAt,
      `${vendor}/${vendorRequestId.padStart(12, '0')}`,
      'NEWEST_FIRST',
    ),
  );
  return { sources, ...pageOfList(listed, window, complete ? listed.length : null) };
}
