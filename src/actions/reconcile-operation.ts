import { randomUUID } from 'node:crypto';
import { forbidden, invalidInput, UserFailure } from '../domain/errors.ts';
import { parseOwnId } from '../domain/ids.ts';
import type { Operation, OperationLedger } from '../domain/operations.ts';
import { settleLostStep } from '../operations/recovery.ts';
import type { ActionEnvironment } from './environment.ts';
import { resume } from './resume.ts';

export interface ReconcileOperationInput {
  operationId: string;
  /** STAFF: what was found out by other means. */
  outcome?: 'SUCCEEDED' | 'FAILED' | null | undefined;
}

/** What STAFF found out settles it, without a call. */
async function settleByHand(
  { access, store }: ActionEnvironment,
  operation: Operation,
  worker: string,
  outcome: 'SUCCEEDED' | 'FAILED',
): Promise<void> {
  const settledBy = access.caller.subject;
  const settled = await store.operations.handBack(
    operation.id,
    worker,
    outcome === 'SUCCEEDED'
      ? { status: 'SUCCEEDED', settledBy, outcome: { kind: 'ANSWER', answer: {} } }
      : {
          status: 'FAILED',
          settledBy,
          outcome: {
            kind: 'FAILURE',
            code: 'VENDOR_REJECTED',
            message: 'Staff found that this was not done. Send it again with a new key.',
            path: null,
          },
        },
  );
  if (!settled) {
    throw new UserFailure('OUTCOME_UNKNOWN', 'Another request has taken this over. Try again.', {
      payload: { operation },
    });
  }
}

/**
 * Hands back what it never came to work on, or what the work could not hand back: it may have sent something,
 * so as the steps stand by now.
 */
async function letGo(ledger: OperationLedger, id: string, worker: string): Promise<void> {
  const [operation] = await ledger.findByIds([id]);
  if (operation !== undefined && !(await settleLostStep(ledger, operation, worker))) {
    await ledger.handBack(id, worker, { status: 'IN_PROGRESS' });
  }
}

/**
 * Settles a write whose answer was lost: asks the vendor where it can tell, finishes what is left to
 * do, or takes STAFF's word. Settled operations are returned as they are.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, UNSUPPORTED_BY_VENDOR where the vendor cannot tell
 * @throws CodedError FORBIDDEN for an outcome by hand from a PATIENT
 */
export async function reconcileOperation(
  environment: ActionEnvironment,
  { operationId, outcome }: ReconcileOperationInput,
): Promise<{ operation: Operation }> {
  const { access, store } = environment;
  // Its own name in the ledger: two requests of one process must not pass for each other.
  const worker = randomUUID();
  const id = parseOwnId('Operation', operationId);
  if (id === undefined) {
    throw invalidInput(
      'This is no id of type Operation. Use the id exactly as a query returned it.',
      'operationId',
    );
  }
  if (outcome != null && !access.isStaff) {
    throw forbidden();
  }
  const find = async () => (await store.operations.findByIds([id]))[0];
  const operation = await find();
  if (operation === undefined || !access.mayReachOperation(operation)) {
    throw new UserFailure('NOT_FOUND', 'There is no such operation.', {
      path: ['input', 'operationId'],
    });
  }
  const claimed =
    operation.status === 'SUCCEEDED' || operation.status === 'FAILED'
      ? undefined
      : await store.operations.claim(id, worker, access.actor);
  if (claimed === undefined) {
    // Settled, or at work in another request: as it is.
    return { operation };
  }
  try {
    if (outcome != null) {
      await settleByHand(environment, claimed, worker, outcome);
    } else {
      await resume(environment, { operation: claimed, worker, reconciling: true });
    }
  } catch (error) {
    // What cannot be handed back now ends by itself.
    await letGo(store.operations, id, worker).catch(() => undefined);
    const settled = await find();
    // That the write was refused, or not done, is what the operation now says.
    if (error instanceof UserFailure && settled?.status === 'FAILED') {
      return { operation: settled };
    }
    throw error;
  }
  return { operation: (await find()) ?? claimed };
}
