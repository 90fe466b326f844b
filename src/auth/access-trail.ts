import { randomUUID } from 'node:crypto';
import type { AccessOutcome } from '../domain/records.ts';
import type { AccessLog } from '../domain/store.ts';
import type { VendorId } from '../domain/vendor.ts';
import type { Caller } from './access.ts';

export interface Trace {
  patientId: string;
  /** The field, mutation or vendor operation, for example `Patient.latestOrder`. */
  action: string;
  vendor: VendorId | null;
  outcome: AccessOutcome;
}

/**
 * Who touched which patient's data in one request: each patient, vendor, action and outcome once.
 * Written before the answer leaves.
 */
export class AccessTrail {
  /** With an id each: what is written again after a lost answer is not written twice. */
  private readonly traces = new Map<string, Trace & { id: string }>();

  record(trace: Trace): void {
    const key = `${trace.patientId}|${trace.vendor}|${trace.action}|${trace.outcome}`;
    if (!this.traces.has(key)) {
      this.traces.set(key, { id: randomUUID(), ...trace });
    }
  }

  /** Wraps a vendor call about a patient: ALLOWED when it answered, FAILED when it did not. */
  async around<T>(trace: Omit<Trace, 'outcome'>, call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      this.record({ outcome: 'ALLOWED', ...trace });
      return result;
    } catch (error) {
      this.record({ outcome: 'FAILED', ...trace });
      throw error;
    }
  }

  /** Appends what was recorded and is not appended yet. What cannot be written now is kept. */
  async flush(log: AccessLog, caller: Caller): Promise<void> {
    const entries = [...this.traces];
    if (entries.length > 0) {
      const actor = caller.subject;
      const actorRoles = [...caller.roles];
      await log.record(entries.map(([, trace]) => ({ actor, actorRoles, ...trace })));
      for (const [key] of entries) {
        this.traces.delete(key);
      }
    }
  }
}
