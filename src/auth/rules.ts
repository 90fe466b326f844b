import type { Role } from '../domain/roles.ts';

/**
 * Who may do what, as one table.
 * - `SIGNED_IN`: every caller with a role.
 * - `OWN_RECORD`: a PATIENT for the one patient linked to their subject, STAFF and ADMIN for all.
 * - `STAFF`: STAFF and ADMIN.
 * For OWN_RECORD the wall stands on the record (see `Access.requireRecord` and the graph's type
 * scopes); the table says that a PATIENT may try at all.
 */
export type Rule = 'SIGNED_IN' | 'OWN_RECORD' | 'STAFF';

/**
 * Who may see objects of a type, however they came upon them: the wall stands on the type, so that no
 * path leads around it. `OWN_WRITE`: whoever sent the write, and STAFF. Types that are not listed are
 * parts of these, or payloads and errors of what was asked: no query leads to them by itself.
 */
export const typeRules = {
  Patient: 'OWN_RECORD',
  VendorAccount: 'OWN_RECORD',
  PortalAccess: 'OWN_RECORD',
  FollowUp: 'OWN_RECORD',
  Visit: 'OWN_RECORD',
  Appointment: 'OWN_RECORD',
  Availability: 'OWN_RECORD',
  PortalRequest: 'OWN_RECORD',
  AccessEvent: 'OWN_RECORD',
  Operation: 'OWN_WRITE',
  VendorPatient: 'STAFF',
  Viewer: 'SIGNED_IN',
  ClinicRoom: 'SIGNED_IN',
  VendorStatus: 'SIGNED_IN',
} as const satisfies Record<string, Rule | 'OWN_WRITE'>;

/** Who may ask a query at all. */
export const queryRules = {
  node: 'OWN_RECORD',
  nodes: 'OWN_RECORD',
  viewer: 'SIGNED_IN',
  patient: 'OWN_RECORD',
  patients: 'STAFF',
  vendorPatients: 'STAFF',
  visit: 'OWN_RECORD',
  appointment: 'OWN_RECORD',
  clinicRoom: 'SIGNED_IN',
  clinicRooms: 'SIGNED_IN',
  availabilities: 'OWN_RECORD',
  operation: 'OWN_RECORD',
  vendors: 'SIGNED_IN',
  treatmentTypes: 'SIGNED_IN',
  // For a supergraph in front, see `graph/entities.ts`.
  _entities: 'OWN_RECORD',
  _service: 'STAFF',
} as const satisfies Record<string, Rule>;

/** Who may try a mutation; what is more to it is in its action. */
export const mutationRules = {
  registerPatient: 'SIGNED_IN',
  linkVendorAccount: 'STAFF',
  unlinkVendorAccount: 'STAFF',
  linkPatientSubject: 'STAFF',
  onboardPatient: 'OWN_RECORD',
  // A PATIENT may renew an access that ran out, but not one that STAFF revoked; see the action.
  enablePortalAccess: 'OWN_RECORD',
  revokePortalAccess: 'STAFF',
  createFollowUp: 'STAFF',
  createPortalLink: 'OWN_RECORD',
  startWalkInVisit: 'OWN_RECORD',
  scheduleVisit: 'OWN_RECORD',
  requestEConsult: 'OWN_RECORD',
  connectPatientPortal: 'OWN_RECORD',
  completePatientPortalConnection: 'OWN_RECORD',
  disconnectPatientPortal: 'OWN_RECORD',
  bookAppointment: 'OWN_RECORD',
  rescheduleAppointment: 'OWN_RECORD',
  cancelAppointment: 'OWN_RECORD',
  joinAsapList: 'OWN_RECORD',
  leaveAsapList: 'OWN_RECORD',
  // It sends mail: staff only.
  invitePatientToPortal: 'STAFF',
  dismissPortalRequest: 'STAFF',
  reconcileOperation: 'OWN_RECORD',
} as const satisfies Record<string, Rule>;

/** Who may listen to a subscription. */
export const subscriptionRules = {
  earlierAvailability: 'OWN_RECORD',
} as const satisfies Record<string, Rule>;

export type SubscriptionName = keyof typeof subscriptionRules;
export type QueryName = keyof typeof queryRules;
export type MutationName = keyof typeof mutationRules;

const isStaff = (roles: ReadonlySet<Role>) => roles.has('STAFF') || roles.has('ADMIN');

export const allows = (rule: Rule, roles: ReadonlySet<Role>) =>
  rule === 'STAFF' ? isStaff(roles) : roles.size > 0;

export { isStaff };
