import { badInput } from './errors.ts';
import type { VendorId } from './vendor.ts';

/** What the outside world calls `id` of a `Node`: opaque base64url of type, vendor, patient, key. */

const typesOfOwnRecords = [
  'Patient',
  'PortalAccess',
  'FollowUp',
  'Operation',
  'AccessEvent',
] as const;
const typesOfVendorRecords = ['Visit', 'Appointment', 'PortalRequest'] as const;

export type OwnRecordType = (typeof typesOfOwnRecords)[number];
export type VendorRecordType = (typeof typesOfVendorRecords)[number];
export type NodeType = OwnRecordType | VendorRecordType;

/** A record that a vendor keeps: it is reached through the patient whose account it belongs to. */
export interface VendorRecordKey {
  vendor: VendorId;
  patientId: string;
  /** The vendor's own id, as a string. */
  vendorRecordId: string;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const vendorWord = /^[A-Z][A-Z_]{1,30}$/;
/** The union of what vendors call an id; each door narrows it further before a call. */
const vendorRecordId = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
const longestId = 512;

const encode = (parts: readonly string[]) => Buffer.from(parts.join(':')).toString('base64url');

export const encodeOwnId = (type: OwnRecordType, id: string) => encode([type, id]);

export const encodeVendorId = (type: VendorRecordType, key: VendorRecordKey) =>
  encode([type, key.vendor, key.patientId, key.vendorRecordId]);

function parts(id: string): string[] | undefined {
  if (id.length > longestId || !/^[A-Za-z0-9_-]+$/.test(id)) {
    return undefined;
  }
  const decoded = Buffer.from(id, 'base64url').toString('utf8');
  // One id has one spelling, so that it can be compared and cached.
  return Buffer.from(decoded).toString('base64url') === id ? decoded.split(':') : undefined;
}

/** The type an id claims to be of; undefined for anything that is no id of ours. */
export function typeOfId(id: string): NodeType | undefined {
  const type = parts(id)?.[0];
  return [...typesOfOwnRecords, ...typesOfVendorRecords].find((known) => known === type);
}

/** Whether an id claims to be of a record that is kept here, so that no vendor has to be asked for it. */
export function isOwnRecordId(id: string): boolean {
  const type = typeOfId(id);
  return typesOfOwnRecords.some((own) => own === type);
}

/** The store's key inside an id; undefined where it is malformed or of another type. */
export function parseOwnId(type: OwnRecordType, id: string): string | undefined {
  const found = parts(id);
  const key = found?.[1];
  return found?.length === 2 && found[0] === type && key !== undefined && uuid.test(key)
    ? key
    : undefined;
}

/** The vendor, patient and record inside an id; undefined where it is malformed or of another type. */
export function parseVendorId(type: VendorRecordType, id: string): VendorRecordKey | undefined {
  const [found, vendor, patientId, record, ...rest] = parts(id) ?? [];
  if (
    found !== type ||
    rest.length > 0 ||
    vendor === undefined ||
    patientId === undefined ||
    record === undefined ||
    !vendorWord.test(vendor) ||
    !uuid.test(patientId) ||
    !vendorRecordId.test(record)
  ) {
    return undefined;
  }
  return { vendor, patientId, vendorRecordId: record };
}

/** The patient inside the id of a patient or of a vendor's record; undefined in any other. */
export function patientInId(id: string): string | undefined {
  return (
    parseOwnId('Patient', id) ??
    typesOfVendorRecords.map((type) => parseVendorId(type, id)?.patientId).find(Boolean)
  );
}

const malformed = (type: NodeType) =>
  badInput(`This is no id of type ${type}. Use the id exactly as a query returned it.`);

/** @throws CodedError BAD_USER_INPUT */
export function decodeOwnId(type: OwnRecordType, id: string): string {
  const key = parseOwnId(type, id);
  if (key === undefined) {
    throw malformed(type);
  }
  return key;
}

/** @throws CodedError BAD_USER_INPUT */
export function decodeVendorId(type: VendorRecordType, id: string): VendorRecordKey {
  const key = parseVendorId(type, id);
  if (key === undefined) {
    throw malformed(type);
  }
  return key;
}
