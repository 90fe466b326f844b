import type { MutationName } from '../../../src/auth/rules.ts';
import type { Sandbox } from '../../../src/sandbox/start-sandbox.ts';
import type { TestGateway, Who } from '../../support/gateway.ts';

/** One write at a vendor, to be done in as many fresh situations as there are faults. */
export interface Scenario {
  title: string;
  action: MutationName;
  vendor: keyof Sandbox['simulators'];
  /** A situation of its own: no other cell of the matrix touches it. */
  arrange(gateway: TestGateway): Promise<Situation>;
  /** Where the vendor cannot be asked afterwards what became of the write. */
  noLookUp?: true;
  /** How many situations there can be at once; default any number. */
  atOnce?: number;
}

export interface Situation {
  input: Readonly<Record<string, unknown>>;
  as?: Who;
  /** How often the vendor's own state holds what the write was to bring about. */
  effect(): number;
  /** Gives back what other situations need. */
  clear?(): void;
}

/** The last of these times, so that an earlier one stays free: and never a time that was given before. */
export function takeTime<Time extends { start: string }>(
  times: readonly Time[],
  taken: Set<string>,
) {
  const time = times.findLast(({ start }) => !taken.has(start));
  if (time === undefined) {
    throw new Error('The sandbox has no free time left.');
  }
  taken.add(time.start);
  return time;
}
