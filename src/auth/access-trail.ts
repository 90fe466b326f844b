import { randomUUID } from 'node:crypto';
import type { AccessOutcome } from '../domain/records.ts';
import type { PatientRegister, Store } from '../domain/store.ts';
import type { VendorId } from '../domain/vendor.ts';
import type { Caller } from './access.ts';

export interface Trace {
  patientId: string;
  /** The field, mutation or vendor operation, for example `Patient.latestOrder`. */
  action: string;
  vendor: VendorId | null;
  outcome: AccessOutcome;
}

const isDenied = ({ outcome }: Trace) => outcome === 'DENIED';

/**
 * Without refusals about nobody: ids can be invented without end, and what is written is kept for years.
 * One look-up for all that was refused, and none where nothing was.
 */
async function ofSomebody<T extends Trace>(
  traces: readonly T[],
  patients: PatientRegister,
): Promise<T[]> {
  const denied = traces.filter(isDenied).map(({ patientId }) => patientId);
  const known = new Set((await patients.find([...new Set(denied)])).map(({ id }) => id));
  return traces.filter((trace) => !isDenied(trace) || known.has(trace.patientId));
}

/**
 * Who touched which patient's data in one request: each patient, vendor, action and outcome once.
 * Written before the answer leaves.
 */
export class AccessTrail {
  /** With an id each: what is written again after a lost answer is not written twice. */
  private readonly traces = new Map<string, Trace & { id: string }>();

  /** Patients about whom an ALLOWED event is to be appended. */
  private readonly seen = new Set<string>();

  /** Whether what is handed out of a patient's is in the log already, or will be with the answer. */
  hasAllowed(patientId: string): boolean {
    return this.seen.has(patientId);
  }

  record(trace: Trace): void {
    if (trace.outcome === 'ALLOWED') {
      this.seen.add(trace.patientId);
    }
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
  async flush(
    { accessLog, patients }: Pick<Store, 'accessLog' | 'patients'>,
    caller: Caller,
  ): Promise<void> {
    const all = new Map(this.traces);
    if (all.size > 0) {
      const actor = caller.subject;
      const actorRoles = [...caller.roles];
      const traces = await ofSomebody([...all.values()], patients);
      await accessLog.record(traces.map((trace) => ({ actor, actorRoles, ...trace })));
      for (const key of all.keys()) {
        this.traces.delete(key);
      }
      // What comes after it is another answer, or another part of one.
      this.seen.clear();
    }
  }
}
