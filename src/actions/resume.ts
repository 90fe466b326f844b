import type { MutationName } from '../auth/rules.ts';
import type { Recorded } from '../operations/preparation.ts';
import type { Held } from '../operations/proceed.ts';
import { bookAppointment } from './book-appointment.ts';
import { cancelAppointment } from './cancel-appointment.ts';
import { createFollowUp } from './create-follow-up.ts';
import { createPortalLink } from './create-portal-link.ts';
import { disconnectPatientPortal } from './disconnect-patient-portal.ts';
import { dismissPortalRequest } from './dismiss-portal-request.ts';
import { enablePortalAccess } from './enable-portal-access.ts';
import type { ActionEnvironment } from './environment.ts';
import { invitePatientToPortal } from './invite-patient-to-portal.ts';
import { joinAsapList } from './join-asap-list.ts';
import { leaveAsapList } from './leave-asap-list.ts';
import type { Ledgered } from './ledgered.ts';
import { onboardPatient } from './onboard-patient.ts';
import { requestEConsult } from './request-e-consult.ts';
import { rescheduleAppointment } from './reschedule-appointment.ts';
import { revokePortalAccess } from './revoke-portal-access.ts';
import { scheduleVisit } from './schedule-visit.ts';
import { startWalkInVisit } from './start-walk-in-visit.ts';

type LedgeredAction = (environment: ActionEnvironment, input: never) => Promise<Ledgered>;

/** The writes at vendors, by the mutation's name, to be gone on with from the ledger. */
export const ledgeredActions: Partial<Record<MutationName, LedgeredAction>> = {
  onboardPatient,
  enablePortalAccess,
  revokePortalAccess,
  createFollowUp,
  createPortalLink,
  startWalkInVisit,
  scheduleVisit,
  requestEConsult,
  disconnectPatientPortal,
  bookAppointment,
  rescheduleAppointment,
  cancelAppointment,
  joinAsapList,
  leaveAsapList,
  invitePatientToPortal,
  dismissPortalRequest,
};

/** Goes on with an operation that is held, with what it was asked at the time. Its answer is nobody's yet. */
export async function resume(environment: ActionEnvironment, resumed: Held): Promise<Ledgered> {
  const { operation } = resumed;
  const act = ledgeredActions[operation.action as MutationName];
  if (act === undefined) {
    throw new Error('An operation of an action that is not on the ledger.');
  }
  // Recorded by this very action, sealed by ourselves.
  const { asked } = operation.input as Recorded;
  // Links wait for whoever asks under the key.
  return act({ ...environment, resumed, onSecretsInAnswer: () => undefined }, asked as never);
}
