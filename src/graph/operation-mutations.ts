import { reconcileOperation } from '../actions/reconcile-operation.ts';
import { mutation } from './mutation.ts';

mutation('reconcileOperation', {
  description:
    'Asks the vendor what became of a write whose outcome is unknown. NOT_FOUND as long as writes are not recorded as operations.',
  input: (t) => ({ operationId: t.id({ required: true, description: 'The operation.' }) }),
  payload: ['operation'],
  run: (_context, input) => reconcileOperation(input),
});
