import { completePatientPortalConnection } from '../actions/complete-patient-portal-connection.ts';
import { connectPatientPortal } from '../actions/connect-patient-portal.ts';
import { createFollowUp } from '../actions/create-follow-up.ts';
import { createPortalLink } from '../actions/create-portal-link.ts';
import { disconnectPatientPortal } from '../actions/disconnect-patient-portal.ts';
import { enablePortalAccess } from '../actions/enable-portal-access.ts';
import { invitePatientToPortal } from '../actions/invite-patient-to-portal.ts';
import { revokePortalAccess } from '../actions/revoke-portal-access.ts';
import { enumType } from './enum-type.ts';
import { type InputFieldBuilder, mutation } from './mutation.ts';
import { Vendor } from './vendor.ts';

/** Ways into vendors' portals. */

const patientId = (t: InputFieldBuilder) => t.id({ required: true, description: 'The patient.' });

mutation('enablePortalAccess', {
  description:
    'Issues a new way into the portal; the one before stops working. A PATIENT cannot undo a revocation. Vendor: Nimbus `external-portal-access/enable`.',
  writesAtVendor: true,
  vendorCalls: 1,
  input: (t) => ({
    patientId: patientId(t),
    validForHours: t.int({ defaultValue: 24, description: 'Hours that it can be used, 1 to 720.' }),
  }),
  payload: ['portalAccess', 'operation'],
  run: (context, { patientId: id, validForHours }) =>
    enablePortalAccess(context, { patientId: id, validForHours: validForHours ?? 24 }),
});

mutation('revokePortalAccess', {
  description:
    'STAFF: ends all of the patient’s access to the portal. Vendor: Nimbus `external-portal-access/revoke`.',
  writesAtVendor: true,
  vendorCalls: 1,
  input: (t) => ({
    patientId: patientId(t),
    reason: t.string({ description: 'Why, at most 255 characters; the vendor keeps it.' }),
  }),
  payload: ['portalAccess', 'operation'],
  run: (context, input) => revokePortalAccess(context, input),
});

mutation('createFollowUp', {
  description:
    'STAFF: schedules a follow-up on the patient’s latest order. Vendor: Nimbus `latest-order`, then `create-followup`.',
  writesAtVendor: true,
  vendorCalls: 2,
  input: (t) => ({
    patientId: patientId(t),
    date: t.field({
      type: 'Date',
      required: true,
      description: 'The day it is due; not before today.',
    }),
  }),
  payload: ['followUp', 'order', 'operation'],
  run: (context, input) => createFollowUp(context, input),
});

const PortalDestination = enumType<'DASHBOARD' | 'ROOM'>()(
  'PortalDestination',
  'Where a portal link leads.',
  { DASHBOARD: 'The clinic’s dashboard.', ROOM: 'A waiting room, see `roomSlug`.' },
);

mutation('createPortalLink', {
  description:
    'A link that signs the patient in to the visits portal. Vendor: VSee `users/sso` (use case 1).',
  writesAtVendor: true,
  vendorCalls: 1,
  input: (t) => ({
    patientId: patientId(t),
    destination: t.field({
      type: PortalDestination,
      defaultValue: 'DASHBOARD',
      description: 'Where it leads.',
    }),
    roomSlug: t.string({
      description:
        'For the destination ROOM, and required there: the waiting room’s slug, see `ClinicRoom.slug`.',
    }),
    hideNavigation: t.boolean({
      defaultValue: false,
      description: 'Whether the portal shows no navigation of its own.',
    }),
    disableEmails: t.boolean({
      defaultValue: false,
      description: 'Whether the vendor sends this patient no notification mail.',
    }),
  }),
  payload: ['portalAccess', 'operation'],
  run: (context, { patientId: id, destination, roomSlug, hideNavigation, disableEmails }) =>
    createPortalLink(context, {
      patientId: id,
      destination: destination ?? 'DASHBOARD',
      roomSlug,
      hideNavigation: hideNavigation ?? false,
      disableEmails: disableEmails ?? false,
    }),
});

mutation('connectPatientPortal', {
  description:
    'Starts the patient’s own login at the booking portal; finish it with `completePatientPortalConnection`. Vendor: MyPatientPortal `oauth/authorize`.',
  vendorCalls: 1,
  input: (t) => ({
    patientId: patientId(t),
    returnTo: t.field({
      type: 'URL',
      required: true,
      description:
        'Where the browser comes back to, from the list of allowed return URLs. `portal_connection=<one-time token>` or `portal_error=<code>` is appended.',
    }),
  }),
  payload: ['authorizationUrl', 'expiresAt'],
  run: (context, input) => connectPatientPortal(context, input),
});

mutation('completePatientPortalConnection', {
  description: 'Links the account of a finished login. Only the subject who began can do it, once.',
  vendorCalls: 0,
  input: (t) => ({
    connection: t.string({
      required: true,
      description:
        'What the callback appended to `returnTo` as `portal_connection`; valid for 10 minutes.',
    }),
  }),
  payload: ['patient', 'vendorAccount'],
  run: (context, input) => completePatientPortalConnection(context, input),
});

mutation('disconnectPatientPortal', {
  description:
    'Withdraws the authorization at the booking portal and removes the link. Vendor: MyPatientPortal `oauth/revoke`.',
  writesAtVendor: true,
  vendorCalls: 2,
  input: (t) => ({ patientId: patientId(t) }),
  payload: ['patient', 'operation'],
  run: (context, input) => disconnectPatientPortal(context, input),
});

mutation('invitePatientToPortal', {
  description:
    'STAFF: has the vendor mail an invitation (also its password reset) to the patient’s primary e-mail there. Only an attempt is promised. Vendors: Cerbo, MD HQ `portal/invite`.',
  writesAtVendor: true,
  vendorCalls: 1,
  input: (t) => ({
    patientId: patientId(t),
    vendor: t.field({ type: Vendor, required: true, description: 'Whose portal.' }),
  }),
  payload: ['portalAccess', 'operation'],
  run: (context, input) => invitePatientToPortal(context, input),
});
