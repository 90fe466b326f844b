import { setTimeout as delay } from 'node:timers/promises';
import { VendorError, type VendorErrorKind } from '../../src/domain/errors.ts';
import type { Found } from '../../src/operations/work.ts';

/** What the vendor does with one call. */
export type Behaviour =
  /** Acts and answers. */
  | 'DONE'
  /** Refuses for good. */
  | 'REFUSED'
  /** Was never reached. */
  | 'UNSENT'
  /** Is lost on the way, the vendor did not act. */
  | 'LOST_BEFORE'
  /** The vendor acted, its answer is lost. */
  | 'LOST_AFTER'
  /** The vendor acted and said so, and not what came of it. */
  | 'ALONE_AFTER'
  /** It said so and has not. */
  | 'ALONE_BEFORE'
  /** The vendor acted, and something in this process broke on its answer. */
  | 'BROKEN';

export const vendorError = (kind: VendorErrorKind, mayHaveActed = false, repeatable = false) =>
  new VendorError({ vendor: 'NIMBUS', operation: 'a/call', kind, mayHaveActed, repeatable });

const successAlone = () =>
  new VendorError({
    ...{ vendor: 'NIMBUS', operation: 'a/call', kind: 'UNEXPECTED_SHAPE' },
    ...{ reason: 'success_alone', mayHaveActed: true },
  });

export interface Made {
  id: string;
  at: Date;
}

/** An invented vendor in memory that counts what it was asked and what it did. */
export function createFakeVendor() {
  const effects = new Map<string, number>();
  const calls: string[] = [];
  const plans = new Map<string, Behaviour[]>();
  const vendor = {
    /** Every call, by its step. */
    calls,
    /** Milliseconds that a call takes. */
    latency: 0,
    /** How many times a step has taken effect. */
    effectsOf: (step: string) => effects.get(step) ?? 0,
    /** What the next calls of a step come to; then all are DONE. */
    plan(step: string, ...behaviours: Behaviour[]) {
      plans.set(step, behaviours);
    },
    async call(step: string): Promise<Made> {
      calls.push(step);
      const behaviour = plans.get(step)?.shift() ?? 'DONE';
      if (behaviour === 'UNSENT') {
        throw vendorError('UNREACHABLE');
      }
      await delay(vendor.latency);
      if (behaviour === 'REFUSED') {
        throw vendorError('REJECTED');
      }
      if (behaviour === 'LOST_BEFORE') {
        throw vendorError('CONNECTION_LOST', true);
      }
      if (behaviour === 'ALONE_BEFORE') {
        throw successAlone();
      }
      effects.set(step, vendor.effectsOf(step) + 1);
      if (behaviour === 'LOST_AFTER') {
        throw vendorError('TIMED_OUT', true);
      }
      if (behaviour === 'ALONE_AFTER') {
        throw successAlone();
      }
      if (behaviour === 'BROKEN') {
        throw new TypeError('something broke');
      }
      return { id: `${step}-${vendor.effectsOf(step)}`, at: new Date(1_000) };
    },
    async lookUp(step: string): Promise<Found<Made>> {
      const count = vendor.effectsOf(step);
      return count === 0
        ? { done: false }
        : { done: true, result: { id: `${step}-${count}`, at: new Date(1_000) } };
    },
  };
  return vendor;
}

export type FakeVendor = ReturnType<typeof createFakeVendor>;
