import { invalidInput, UserFailure } from '../domain/errors.ts';
import { parseOwnId } from '../domain/ids.ts';

/**
 * Settles a write of unknown outcome. Writes are not recorded as operations yet (the ledger is a
 * piece of its own), so no id can be found.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND
 */
export async function reconcileOperation(input: { operationId: string }): Promise<never> {
  if (parseOwnId('Operation', input.operationId) === undefined) {
    throw invalidInput('This is not the id of an Operation.', 'operationId');
  }
  throw new UserFailure('NOT_FOUND', 'There is no such operation.', {
    path: ['input', 'operationId'],
  });
}
