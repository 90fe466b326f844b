import { encodeOwnId } from '../domain/ids.ts';
import {
  type PortalAccess as Access,
  type PortalAccessStatus,
  statusAt,
} from '../domain/records.ts';
import { builder } from './builder.ts';
import { enumType } from './enum-type.ts';
import { Node } from './node.ts';
import { patientOfRecord } from './patient-of-record.ts';
import { Vendor } from './vendor.ts';

const PortalAccessStatusType = enumType<PortalAccessStatus>()(
  'PortalAccessStatus',
  'What a way into a portal is worth now.',
  {
    ACTIVE: 'It can be used, as far as is known here.',
    EXPIRED: 'Its time is over, or a newer one replaced it.',
    REVOKED: 'It was ended by staff.',
    INVITED: 'The vendor was asked to mail an invitation; whether it arrived is not known.',
  },
);

export const PortalAccess = builder.objectRef<Access>('PortalAccess').implement({
  description: 'A way into a vendor’s portal that was given to a patient.',
  interfaces: [Node],
  authScopes: ({ patientId }) => ({ record: patientId }),
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description: 'Global id.',
      resolve: ({ id }) => encodeOwnId('PortalAccess', id),
    }),
    vendor: t.expose('vendor', {
      type: Vendor,
      nullable: false,
      description: 'Whose portal it opens.',
    }),
    patient: t.field(patientOfRecord('Whom it was given to.')),
    status: t.field({
      type: PortalAccessStatusType,
      nullable: false,
      description: 'What it is worth now, by this gateway’s own records.',
      resolve: (access, _args, { clock }) => statusAt(access, clock()),
    }),
    issuedAt: t.expose('issuedAt', {
      type: 'DateTime',
      nullable: false,
      description: 'When it was given.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'When it ends, approximately; null where it has no end or none is known.',
    }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', description: 'When staff ended it.' }),
    revocationReason: t.exposeString('revocationReason', { description: 'Why, as staff put it.' }),
    redirectUrl: t.field({
      type: 'URL',
      description:
        'A bearer secret: filled only in the payload of the mutation that issued it, null on every later read. Send the browser there at once; never fetch or preview it.',
      resolve: ({ redirectUrl }) => (redirectUrl ?? null) as never,
    }),
  }),
});
