import { CodedError, UserFailure, VendorError } from '../domain/errors.ts';
import type { Operation, OperationOutcome } from '../domain/operations.ts';
import { failureOfVendor, outcomeUnknown, refusedHalfWay } from '../domain/vendor-failure.ts';

/** What errors come to, as answers of a write and as its recorded outcome. */

/** A failure together with the operation that it is the end of. */
export function failureWith({ code, message, details }: UserFailure, operation: Operation) {
  return new UserFailure(code, message, {
    ...details,
    payload: { ...details.payload, operation },
  });
}

/**
 * What an error says about the task; undefined for a fault of ours.
 * @param resumable whether the write can be gone on with under its key
 */
export function failureOf(error: unknown, resumable: boolean): UserFailure | undefined {
  if (error instanceof UserFailure) {
    return error;
  }
  if (error instanceof VendorError) {
    const isRefusal = error.kind === 'REJECTED' || error.kind === 'NOT_FOUND';
    // Its caller is not to give up what is not at its end.
    return resumable && isRefusal ? refusedHalfWay(error) : failureOfVendor(error, resumable);
  }
  if (error instanceof CodedError && error.code === 'BAD_USER_INPUT') {
    return new UserFailure('INVALID_INPUT', error.message, { path: ['input'] });
  }
  return undefined;
}

/** Why a reconciliation did not come to an end; "nothing was done" would be more than is known. */
export function notSettledBecause(error: unknown): UserFailure {
  if (!(error instanceof VendorError)) {
    return outcomeUnknown();
  }
  const { kind, vendor, retryAt } = error;
  return kind === 'AUTHORIZATION_REQUIRED'
    ? failureOfVendor(error, true)
    : new UserFailure(
        'VENDOR_UNAVAILABLE',
        'The vendor could not be asked now what became of this. It is still unknown; ask again later.',
        { vendor, retryAt },
      );
}

export const takenOver = () =>
  new UserFailure('OUTCOME_UNKNOWN', 'Another process has taken this over. Ask for the operation.');

export const stillUnknown = () =>
  new UserFailure(
    'OUTCOME_UNKNOWN',
    'The vendor does not have this, but may still be working on it. Reconcile it again in a moment.',
  );

export const cannotBeAsked = () =>
  new UserFailure(
    'UNSUPPORTED_BY_VENDOR',
    'The vendor cannot be asked what became of this. STAFF finds out and settles it with `outcome`.',
  );

export const foundUndone = () =>
  new UserFailure('VENDOR_REJECTED', 'The vendor has not done this. Send it again with a new key.');

/** As it is kept. Authorization URLs are not: they are good for one login. */
export function failureOutcome({ code, message, details }: UserFailure): OperationOutcome {
  const { path = null, otherPaths, vendor, alternatives } = details;
  return { kind: 'FAILURE', code, message, path, otherPaths, vendor, alternatives };
}

/** As it was thrown first. */
export function failureFrom(outcome: OperationOutcome & { kind: 'FAILURE' }): UserFailure {
  const { code, message, path, otherPaths, vendor, alternatives } = outcome;
  return new UserFailure(code as UserFailure['code'], message, {
    ...(path !== null && { path }),
    otherPaths,
    ...(vendor !== undefined && { vendor }),
    ...(alternatives !== undefined && { alternatives }),
  });
}
