import { forbidden } from '../domain/errors.ts';
import type { Role } from '../domain/roles.ts';
import type { AccessTrail } from './access-trail.ts';
import {
  allows,
  isStaff,
  type MutationName,
  mutationRules,
  type QueryName,
  queryRules,
  type SubscriptionName,
  subscriptionRules,
} from './rules.ts';

/** A caller whose token was verified. */
export interface Caller {
  subject: string;
  roles: ReadonlySet<Role>;
}

/** The same, with how long that holds. */
export interface VerifiedCaller extends Caller {
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

/**
 * What one caller may reach, for one request. One vendor credential reaches every patient of a
 * clinic, so this is the only wall between them.
 */
export class Access {
  constructor(
    readonly caller: Caller,
    private ownPatientId: string | undefined,
    private readonly trail: AccessTrail,
  ) {}

  get isStaff(): boolean {
    return isStaff(this.caller.roles);
  }

  /** The caller as the ledger puts them down. */
  get actor() {
    return { subject: this.caller.subject, roles: [...this.caller.roles] };
  }

  /** The patient linked to the caller's subject. */
  get patientId(): string | undefined {
    return this.ownPatientId;
  }

  /** The caller registered themselves in this very request. */
  becomes(patientId: string): void {
    this.ownPatientId = patientId;
  }

  mayReach(patientId: string): boolean {
    const own = this.caller.roles.has('PATIENT') && this.ownPatientId === patientId;
    return this.isStaff || own;
  }

  /** A write is for the caller who sent it, and for STAFF. */
  mayReachOperation({ subject }: { subject: string }): boolean {
    return this.isStaff || subject === this.caller.subject;
  }

  /**
   * Checked before anything is looked up, so that for a PATIENT a foreign record and one that does
   * not exist are the same.
   * @throws CodedError FORBIDDEN
   */
  requireRecord(patientId: string, action: string): void {
    if (!this.mayReach(patientId)) {
      this.trail.record({ patientId, action, vendor: null, outcome: 'DENIED' });
      throw forbidden();
    }
  }

  /** @throws CodedError FORBIDDEN */
  requireQuery(name: QueryName): void {
    if (!allows(queryRules[name], this.caller.roles)) {
      throw forbidden();
    }
  }

  /** @throws CodedError FORBIDDEN */
  requireSubscription(name: SubscriptionName): void {
    if (!allows(subscriptionRules[name], this.caller.roles)) {
      throw forbidden();
    }
  }

  /**
   * @param patientId whom the input names, if anybody: the refusal is put down on their record
   * @throws CodedError FORBIDDEN
   */
  requireMutation(name: MutationName, patientId?: string): void {
    if (!allows(mutationRules[name], this.caller.roles)) {
      if (patientId !== undefined) {
        this.trail.record({ patientId, action: name, vendor: null, outcome: 'DENIED' });
      }
      throw forbidden();
    }
  }
}
