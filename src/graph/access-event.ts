import { encodeOwnId } from '../domain/ids.ts';
import type { AccessEvent as EventRecord, AccessOutcome as Outcome } from '../domain/records.ts';
import type { Role as RoleValue } from '../domain/roles.ts';
import { builder } from './builder.ts';
import { connectionOf } from './connection.ts';
import { enumType } from './enum-type.ts';
import { Vendor } from './vendor.ts';

export const Role = enumType<RoleValue>()('Role', 'What a caller may be.', {
  PATIENT: 'Sees and acts for the one patient linked to their subject.',
  STAFF: 'Sees and acts for all patients.',
  ADMIN: 'As STAFF: nothing in this API is for ADMIN alone.',
});

const AccessOutcome = enumType<Outcome>()('AccessOutcome', 'What became of an access.', {
  ALLOWED: 'It was allowed and done.',
  DENIED: 'It was refused.',
  FAILED: 'It was allowed, but failed.',
});

const AccessEvent = builder.objectRef<EventRecord>('AccessEvent').implement({
  description:
    'One access to a patient’s data: who, when, what, at which vendor, with which outcome.',
  authScopes: ({ patientId }) => ({ record: patientId }),
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description: 'Its id, for `accessLog` alone: `node` does not find it.',
      resolve: ({ id }) => encodeOwnId('AccessEvent', id),
    }),
    at: t.expose('at', { type: 'DateTime', nullable: false, description: 'When.' }),
    actor: t.exposeID('actor', {
      nullable: false,
      description:
        'Who: the subject of the identity provider; `operator …` for whoever exported the record at the command line.',
    }),
    actorRoles: t.field({
      type: [Role],
      nullable: false,
      description: 'What they were at the time.',
      resolve: ({ actorRoles }) => actorRoles as RoleValue[],
    }),
    action: t.exposeString('action', {
      nullable: false,
      description:
        'What: `read` for a record, a field that asked a vendor such as `Patient.latestOrder`, a query that was refused, a mutation, or `export`.',
    }),
    vendor: t.expose('vendor', {
      type: Vendor,
      description: 'At which vendor; null for what is kept here.',
    }),
    outcome: t.expose('outcome', {
      type: AccessOutcome,
      nullable: false,
      description: 'What became of it.',
    }),
  }),
});

export const AccessEventConnection = connectionOf(AccessEvent, 'accesses');
