import { VendorError, type VendorErrorOptions } from '../domain/errors.ts';
import type { RequestScope, VendorCallRecord } from '../domain/request.ts';

export type ErrorDetails = Omit<VendorErrorOptions, 'vendor' | 'operation' | 'repeatable'>;

/** What is known of a call before it begins. */
type Called = Pick<VendorCallRecord, 'vendor' | 'operation' | 'method' | 'server' | 'template'>;

/** Keeps count of one call and tells its scope how it ended, once. */
export class CallReport {
  /** Attempts sent. */
  attempts = 0;
  private readonly startedAt: number;
  private acted = false;

  constructor(
    private readonly scope: RequestScope,
    private readonly called: Called,
    private readonly clock: () => number,
    private readonly repeatable = false,
  ) {
    this.startedAt = clock();
  }

  /** What an earlier attempt may have done stays true, whatever a later one says. */
  error(details: ErrorDetails): VendorError {
    this.acted ||= details.mayHaveActed ?? false;
    const { vendor, operation } = this.called;
    const told = { vendor, operation, mayHaveActed: this.acted, repeatable: this.repeatable };
    return new VendorError({ ...details, ...told });
  }

  succeeded(status: number | undefined): void {
    this.ended('OK', status);
  }

  /** Also of an answer that is handed on although it is none of success. */
  ended(outcome: string, status: number | undefined, code?: string): void {
    const { vendor, operation, method, server, template } = this.called;
    this.scope.onVendorCall?.({
      ...{ vendor, operation, method, server, template, status, outcome, code },
      attempts: this.attempts,
      startedAt: this.startedAt,
      duration: this.clock() - this.startedAt,
    });
  }

  /** @throws VendorError the one given */
  failWith(error: VendorError): never {
    const { kind, status, reason } = error;
    this.ended(kind, status, kind === 'UNREACHABLE' ? reason : undefined);
    throw error;
  }
}
