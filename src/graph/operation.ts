import { encodeOwnId } from '../domain/ids.ts';
import type {
  Operation as OperationRecord,
  OperationStatus,
  OperationStep as StepRecord,
} from '../domain/operations.ts';
import { builder } from './builder.ts';
import { enumType } from './enum-type.ts';
import { cost } from './field-cost.ts';
import { Node } from './node.ts';
import { findOperation } from './operation-lookup.ts';
import { Patient } from './patient-ref.ts';
import { Vendor } from './vendor.ts';

const OperationStatusType = enumType<OperationStatus>()(
  'OperationStatus',
  'How far a write has come.',
  {
    IN_PROGRESS: 'It is being done, or can be gone on with: send it again with the same key.',
    SUCCEEDED: 'It was done.',
    FAILED: 'It was certainly not done.',
    OUTCOME_UNKNOWN: 'The vendor’s answer was lost; see `reconcileOperation`.',
  },
);

const OperationStep = builder.objectRef<StepRecord>('OperationStep').implement({
  description: 'One vendor call of a write.',
  fields: (t) => ({
    name: t.exposeString('name', {
      nullable: false,
      description: 'The vendor document’s name of the call.',
    }),
    status: t.expose('status', {
      type: OperationStatusType,
      nullable: false,
      description: 'How far the call has come.',
    }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: false,
      description: 'When the call was started, the last time if it was made more than once.',
    }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', description: 'When it ended.' }),
  }),
});

export const Operation = builder.objectRef<OperationRecord>('Operation').implement({
  description:
    'One write, which may take several vendor calls. It outlives the request, and the process.',
  interfaces: [Node],
  authScopes: (operation) => ({ operation }),
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description: 'Global id.',
      resolve: ({ id }) => encodeOwnId('Operation', id),
    }),
    action: t.exposeString('action', { nullable: false, description: 'The mutation’s name.' }),
    status: t.expose('status', {
      type: OperationStatusType,
      nullable: false,
      description: 'How far it has come.',
    }),
    vendor: t.expose('vendor', { type: Vendor, description: 'The vendor that it writes at.' }),
    patient: t.field({
      type: Patient,
      description: 'Whom it is about; null while that person is not in the register.',
      extensions: cost({ samePatient: true }),
      resolve: ({ patientId }, _args, { loaders }) =>
        patientId === null ? null : loaders.register.patients.load(patientId),
    }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: false,
      description: 'When it was recorded.',
    }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', description: 'When it was settled.' }),
    settledBy: t.exposeID('settledBy', {
      description: 'The subject of the STAFF who settled it by hand.',
    }),
    steps: t.field({
      type: [OperationStep],
      nullable: false,
      description: 'Its vendor calls, in order.',
      resolve: ({ steps }) => steps,
    }),
  }),
});

builder.queryField('operation', (t) =>
  t.field({
    type: Operation,
    description:
      'One write by its id: for the caller who sent it, and for STAFF. Null where there is none. Asks no vendor, see `reconcileOperation`.',
    args: { id: t.arg.id({ required: true, description: 'The operation’s global id.' }) },
    resolve: (_root, { id }, context) => {
      context.access.requireQuery('operation');
      return findOperation(context, id);
    },
  }),
);
