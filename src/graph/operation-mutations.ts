import { reconcileOperation } from '../actions/reconcile-operation.ts';
import { enumType } from './enum-type.ts';
import { mutation } from './mutation.ts';

const SettledOutcome = enumType<'SUCCEEDED' | 'FAILED'>()(
  'SettledOutcome',
  'What staff found out about a write.',
  { SUCCEEDED: 'It was done.', FAILED: 'It was not done.' },
);

mutation('reconcileOperation', {
  description:
    'Settles a write whose outcome is unknown, or goes on with one that was broken off: asks the vendor where it can tell. For the caller who sent it, and for STAFF. Where the vendor cannot tell, it says UNSUPPORTED_BY_VENDOR.',
  // As many as the write that makes most: all of its calls may be left.
  vendorCalls: 7,
  input: (t) => ({
    operationId: t.id({ required: true, description: 'The operation.' }),
    outcome: t.field({
      type: SettledOutcome,
      description:
        'STAFF: settles it by hand, without asking the vendor. Who did it is recorded in `Operation.settledBy`.',
    }),
  }),
  payload: ['operation'],
  run: (context, input) => reconcileOperation(context, input),
});
