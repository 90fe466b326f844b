import { VendorError, type VendorErrorOptions } from '../domain/errors.ts';
import type { RequestScope, VendorCallRecord } from '../domain/request.ts';

export type ErrorDetails = Omit<VendorErrorOptions, 'vendor' | 'operation' | 'repeatable'>;

/** Keeps count of one call and tells its scope how it ended, once. */
export interface CallReport {
  /** Attempts sent. */
  attempts: number;
  /** What an earlier attempt may have done stays true, whatever a later one says. */
  error(details: ErrorDetails): VendorError;
  succeeded(status: number | undefined): void;
  /** Of an answer that is handed on although it is none of success. */
  ended(outcome: string, status: number): void;
  /** @throws VendorError the one given */
  failWith(error: VendorError): never;
}

/** What is known of a call before it begins. */
type Called = Pick<VendorCallRecord, 'vendor' | 'operation' | 'method' | 'server' | 'template'>;

export function createCallReport(
  scope: RequestScope,
  called: Called,
  clock: () => number,
  repeatable = false,
): CallReport {
  const { vendor, operation } = called;
  const startedAt = clock();
  let acted = false;
  const report: CallReport = {
    attempts: 0,
    error(details) {
      acted ||= details.mayHaveActed ?? false;
      return new VendorError({ ...details, mayHaveActed: acted, repeatable, vendor, operation });
    },
    succeeded: (status) => end('OK', status),
    ended: (outcome, status) => end(outcome, status),
    failWith(error) {
      end(error.kind, error.status);
      throw error;
    },
  };
  const end = (outcome: string, status: number | undefined) =>
    scope.onVendorCall?.({
      ...called,
      attempts: report.attempts,
      status,
      outcome,
      startedAt,
      duration: clock() - startedAt,
    });
  return report;
}
