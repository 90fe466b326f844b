import { encodeOwnId } from '../domain/ids.ts';
import type { FollowUp as FollowUpRecord, Order as OrderRecord } from '../domain/records.ts';
import { builder } from './builder.ts';
import { Node } from './node.ts';
import { patientOfRecord } from './patient-of-record.ts';
import { Vendor } from './vendor.ts';

export const Order = builder.objectRef<OrderRecord>('Order').implement({
  description: 'What a patient’s onboarding led to at the vendor. Vendor: Nimbus `latest-order`.',
  fields: (t) => ({
    id: t.exposeID('id', { nullable: false, description: 'The vendor’s id of the order.' }),
    vendor: t.expose('vendor', {
      type: Vendor,
      nullable: false,
      description: 'Where it was placed.',
    }),
    tenantDomain: t.exposeString('tenantDomain', {
      nullable: false,
      description: 'The clinic’s portal domain at the vendor, a bare host. For display only.',
    }),
  }),
});

export const FollowUp = builder.objectRef<FollowUpRecord>('FollowUp').implement({
  description: 'A follow-up that was scheduled here on a patient’s order.',
  interfaces: [Node],
  authScopes: ({ patientId }) => ({ vendorRecord: patientId }),
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description: 'Global id.',
      resolve: ({ id }) => encodeOwnId('FollowUp', id),
    }),
    vendor: t.expose('vendor', {
      type: Vendor,
      nullable: false,
      description: 'Where it was scheduled.',
    }),
    patient: t.field(patientOfRecord('Whom it is for.')),
    date: t.expose('date', { type: 'Date', nullable: false, description: 'The day it is due.' }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      nullable: false,
      description: 'When it was scheduled.',
    }),
  }),
});
