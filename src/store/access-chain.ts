import type { BrokenChain, Sealer } from '../domain/store.ts';
import type { accessChains, accessEvents } from './ledger-tables.ts';

/**
 * The chain of a patient's events: each event's hash covers its fields, its number and the hash before
 * it, and the head says how long the chain is. The hashes are keyed, so that who can write the tables
 * but has no encryption key cannot make a changed chain look whole; where its beginning was pruned, the
 * head says up to which event. What is not seen: a whole chain
 * with its head that was put back to an earlier state, or removed; the counts of a verification show
 * that.
 */

export type EventRow = typeof accessEvents.$inferSelect;
export type Head = typeof accessChains.$inferSelect;

/** Before the first event. */
export const noHash = '';

type Chained = Omit<EventRow, 'hash' | 'sequence'>;

const eventText = (event: Chained, before: string) =>
  JSON.stringify([
    ...[event.patientId, event.number, before, event.id, event.at.toISOString(), event.actor],
    ...[event.actorRoles, event.action, event.vendor, event.outcome],
  ]);
const headText = ({ patientId, length, hash, prunedLength, prunedHash }: Omit<Head, 'seal'>) =>
  JSON.stringify([
    ...[patientId, length, hash],
    ...(prunedLength > 0 ? [prunedLength, prunedHash] : []),
  ]);

export const hashOf = (sealer: Sealer, event: Chained, before: string) =>
  sealer.fingerprint('access-event', eventText(event, before));
export const sealOf = (sealer: Sealer, head: Omit<Head, 'seal'>) =>
  sealer.fingerprint('access-chain', headText(head));

/** Whether a head is as it was sealed. */
export const isSealed = (sealer: Sealer, head: Head) =>
  sealer.fingerprints('access-chain', headText(head)).includes(head.seal);

/** Follows one patient's chain, event by event. */
export class ChainWalk {
  private number: number;
  private before: string;
  private found: BrokenChain | undefined;

  constructor(
    private readonly sealer: Sealer,
    private readonly head: Head,
  ) {
    this.number = head.prunedLength;
    this.before = head.prunedHash;
  }

  private breaks(problem: BrokenChain['problem'], number: number) {
    this.found ??= { patientId: this.head.patientId, number, problem };
  }

  /** The next event by its number. */
  step(event: EventRow): void {
    this.number += 1;
    if (event.number !== this.number) {
      this.breaks('MISSING', this.number);
      return;
    }
    const { hash } = event;
    const hashes = this.sealer.fingerprints('access-event', eventText(event, this.before));
    if (hash === null || !hashes.includes(hash)) {
      this.breaks('CHANGED', this.number);
    }
    this.before = hash ?? noHash;
  }

  /** @returns what is wrong with the chain, if anything */
  end(): BrokenChain | undefined {
    const { head, sealer } = this;
    if (!isSealed(sealer, head)) {
      this.breaks('CHANGED', this.number);
    } else if (head.length > this.number) {
      this.breaks('REMOVED_AT_THE_END', this.number + 1);
    } else if (head.length < this.number) {
      this.breaks('ADDED', head.length + 1);
    } else if (head.hash !== this.before) {
      this.breaks('CHANGED', this.number);
    }
    return this.found;
  }
}
