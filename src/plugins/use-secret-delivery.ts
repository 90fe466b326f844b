import type { ServerResponse } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import type { OperationLedger } from '../domain/operations.ts';
import { requestState } from './request-state.ts';

/**
 * The ledger keeps bearer links until their answer has left, and no longer. If the client was gone by
 * then, they wait for its next try, fifteen minutes at most.
 * @param response undefined where nothing is sent over a connection
 */
export async function dropDelivered(
  ledger: OperationLedger,
  secretsOf: readonly string[],
  response: ServerResponse | undefined,
): Promise<void> {
  if (secretsOf.length === 0) {
    return;
  }
  // What cannot be dropped now goes with the next sweep.
  const drop = () =>
    Promise.all(secretsOf.map((id) => ledger.dropSecrets(id))).catch(() => undefined);
  if (response === undefined) {
    await drop();
  } else {
    response.once('finish', drop);
  }
}

/** The same for all that the server answers. */
export const useSecretDelivery = (
  ledger: OperationLedger,
): Plugin<object, { res?: ServerResponse }> => ({
  onResponse: ({ request, serverContext }) =>
    dropDelivered(ledger, requestState(request).secretsOf, serverContext?.res),
});
