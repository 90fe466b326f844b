import { VendorError } from '../../domain/errors.ts';
import type { Exchange, Refusal } from '../../http/exchange.ts';
import type { VSeeCaller } from './auth.ts';

/**
 * What a refusal means. VSee is judged by the HTTP status only: the code inside its bodies can
 * disagree with it, and its messages are for people and may hold names.
 */
export const refusalFor =
  (
    caller: VSeeCaller['as'],
    reasons: Readonly<Record<number, string>> = {},
  ): NonNullable<Exchange<unknown>['refusal']> =>
  (status): Refusal | undefined => {
    if (status === 401) {
      return { kind: caller === 'patient' ? 'AUTHORIZATION_REQUIRED' : 'CREDENTIAL_REFUSED' };
    }
    if (status === 403 && caller !== 'patient') {
      return { kind: 'CREDENTIAL_REFUSED' };
    }
    const reason = reasons[status] ?? (status === 403 ? 'forbidden' : undefined);
    return reason === undefined ? undefined : { kind: 'REJECTED', reason };
  };

/** Null for what the vendor does not know. */
export async function orNull<Answer>(found: Promise<Answer>): Promise<Answer | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof VendorError && error.kind === 'NOT_FOUND') {
      return null;
    }
    throw error;
  }
}
