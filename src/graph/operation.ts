import { decodeOwnId } from '../domain/ids.ts';
import type { Patient as PatientRecord } from '../domain/records.ts';
import type { VendorId } from '../domain/vendor.ts';
import { builder } from './builder.ts';
import { enumType } from './enum-type.ts';
import { Node } from './node.ts';
import { Patient } from './patient-ref.ts';
import { Vendor } from './vendor.ts';

/** Writes are not recorded as operations yet: the ledger is a piece of its own. */

type OperationStatus = 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'OUTCOME_UNKNOWN';

interface OperationStepShape {
  name: string;
  status: OperationStatus;
  startedAt: Date;
  finishedAt: Date | null;
}

export interface OperationShape {
  id: string;
  action: string;
  status: OperationStatus;
  vendor: VendorId | null;
  patient: PatientRecord | null;
  patientId: string;
  startedAt: Date;
  finishedAt: Date | null;
  steps: OperationStepShape[];
}

const OperationStatusType = enumType<OperationStatus>()(
  'OperationStatus',
  'How far a write has come.',
  {
    IN_PROGRESS: 'It is being done, or can be resumed.',
    SUCCEEDED: 'It was done.',
    FAILED: 'It was certainly not done.',
    OUTCOME_UNKNOWN: 'The vendor’s answer was lost; see `reconcileOperation`.',
  },
);

const OperationStep = builder.objectRef<OperationStepShape>('OperationStep').implement({
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
      description: 'When the call was started.',
    }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', description: 'When it ended.' }),
  }),
});

export const Operation = builder.objectRef<OperationShape>('Operation').implement({
  description:
    'One write, which may take several vendor calls. It outlives the request, and the process.',
  interfaces: [Node],
  authScopes: ({ patientId }) => ({ record: patientId }),
  fields: (t) => ({
    id: t.exposeID('id', { nullable: false, description: 'Global id.' }),
    action: t.exposeString('action', { nullable: false, description: 'The mutation’s name.' }),
    status: t.expose('status', {
      type: OperationStatusType,
      nullable: false,
      description: 'How far it has come.',
    }),
    vendor: t.expose('vendor', { type: Vendor, description: 'The vendor that it writes at.' }),
    patient: t.expose('patient', { type: Patient, description: 'Whom it is about.' }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: false,
      description: 'When it was recorded.',
    }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', description: 'When it was settled.' }),
    steps: t.expose('steps', {
      type: [OperationStep],
      nullable: false,
      description: 'Its vendor calls, in order.',
    }),
  }),
});

builder.queryField('operation', (t) =>
  t.field({
    type: Operation,
    description: 'One write by its id. Null as long as writes are not recorded as operations.',
    args: { id: t.arg.id({ required: true, description: 'The operation’s global id.' }) },
    resolve: (_root, { id }, { access }) => {
      access.requireQuery('operation');
      decodeOwnId('Operation', id);
      return null;
    },
  }),
);
