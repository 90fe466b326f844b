import type { Access } from '../auth/access.ts';
import type { AccessTrail } from '../auth/access-trail.ts';
import type { MutationName } from '../auth/rules.ts';
import { invalidInput, notConfigured, UserFailure, VendorError } from '../domain/errors.ts';
import {
  type NodeType,
  parseOwnId,
  parseVendorId,
  type VendorRecordKey,
  type VendorRecordType,
} from '../domain/ids.ts';
import type { Patient, VendorAccount } from '../domain/records.ts';
import type { RequestScope } from '../domain/request.ts';
import type { Sealer, Store } from '../domain/store.ts';
import type { Capability, VendorDirectory, VendorId, VendorWith } from '../domain/vendor.ts';
import type { Loaders } from '../loaders/loaders.ts';
import type { Held } from '../operations/proceed.ts';
import type { Flights } from './ledgered.ts';

/** What an action works with; one per request. */
export interface ActionEnvironment {
  /** Without the client's signal: a client that hangs up never cancels a write half-way. */
  writeScope: RequestScope;
  access: Access;
  trail: AccessTrail;
  store: Store;
  vendors: VendorDirectory;
  loaders: Loaders;
  sealer: Sealer;
  /** Milliseconds since the epoch. */
  clock: () => number;
  settings: ActionSettings;
  /** Of this process; see `ledgered.ts`. */
  flights: Flights;
  /** Of the mutation under way. */
  idempotencyKey?: string | null | undefined;
  /** Set while an operation is gone on with or reconciled. */
  resumed?: Held | undefined;
  /** Told which operation's secrets are in the answer, to drop them when it is delivered. */
  onSecretsInAnswer: (operationId: string) => void;
}

export interface ActionSettings {
  /** Whole URLs, compared by origin and path. */
  allowedReturnUrls: readonly URL[];
  /** IANA zone in which "today" is reckoned; null where the clinic has not said. */
  clinicTimeZone: string | null;
  /** Milliseconds that idempotency keys are good for. */
  idempotencyKeysValidFor: number;
  /**
   * Milliseconds after which a vendor has certainly ended a call: only then its "there is no such
   * thing" settles a lost write as not done.
   */
  vendorCallsOverAfter: number;
  /** Writes that one patient may be the subject of, at one vendor within a day, whoever asks for them. */
  dailyWrites: Partial<Readonly<Record<MutationName, number>>>;
}

const malformed = (type: NodeType, field: string) =>
  invalidInput(`This is no id of type ${type}. Use the id exactly as a query returned it.`, field);

/**
 * The patient that an input names, for a caller who may act for them.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND
 * @throws CodedError FORBIDDEN, also where a PATIENT names a record that does not exist
 */
export async function patientOf(
  { access, loaders }: ActionEnvironment,
  action: string,
  globalId: string,
): Promise<Patient> {
  const id = parseOwnId('Patient', globalId);
  if (id === undefined) {
    throw malformed('Patient', 'patientId');
  }
  access.requireRecord(id, action);
  const patient = await loaders.register.patients.load(id);
  if (patient === undefined) {
    throw new UserFailure('NOT_FOUND', 'There is no such patient.', {
      path: ['input', 'patientId'],
    });
  }
  return patient;
}

/**
 * The vendor's record that an input names, for a caller who may act for its patient.
 * @throws UserFailure INVALID_INPUT
 * @throws CodedError FORBIDDEN
 */
export function vendorRecordOf(
  { access }: ActionEnvironment,
  action: string,
  type: VendorRecordType,
  field: string,
  globalId: string,
): VendorRecordKey {
  const key = parseVendorId(type, globalId);
  if (key === undefined) {
    throw malformed(type, field);
  }
  access.requireRecord(key.patientId, action);
  return key;
}

/**
 * A capability of the vendor that an input or id names.
 * @throws CodedError NOT_CONFIGURED
 * @throws UserFailure UNSUPPORTED_BY_VENDOR
 */
export function capabilityOf<C extends Capability>(
  { vendors }: ActionEnvironment,
  vendor: VendorId,
  capability: C,
): VendorWith<C> {
  if (!vendors.offering(capability).includes(vendor)) {
    throw new UserFailure('UNSUPPORTED_BY_VENDOR', 'This vendor does not offer that.', {
      path: ['input'],
    });
  }
  const adapter = vendors.having(capability).find(({ id }) => id === vendor);
  if (adapter === undefined) {
    throw notConfigured('This vendor', vendor);
  }
  return adapter;
}

/** The patient's account at a vendor. @throws CodedError NOT_LINKED */
export const accountOf = (
  { loaders }: ActionEnvironment,
  patient: { id: string },
  vendor: VendorId,
): Promise<VendorAccount> => loaders.register.account(patient.id, vendor);

/** Whether a vendor refused for one of its door's reasons. */
export const refusedBecause = (error: unknown, ...reasons: string[]): error is VendorError =>
  error instanceof VendorError && error.reason !== undefined && reasons.includes(error.reason);
