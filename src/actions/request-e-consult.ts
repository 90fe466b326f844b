import { type ActionEnvironment, patientOf } from './environment.ts';
import type { VisitInput } from './start-walk-in-visit.ts';
import {
  checkIntake,
  checkProviderId,
  makeVisit,
  roomFor,
  type VisitResult,
  visitVendor,
} from './visit-flow.ts';

/**
 * A visit without a time, answered in writing (VSee use case 4: `users/sso`, `intakes`,
 * `visits/add_econsult`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND
 * @throws CodedError NOT_CONFIGURED
 */
export async function requestEConsult(
  environment: ActionEnvironment,
  input: VisitInput,
): Promise<Pick<VisitResult, 'visit'>> {
  const patient = await patientOf(environment, 'requestEConsult', input.patientId);
  const intake = checkIntake(input.intake);
  const providerId = checkProviderId(input.providerId);
  const adapter = visitVendor(environment);
  const { code: roomCode } = await roomFor(environment, input.roomCode, 'eConsultEnabled');
  const { visit } = await makeVisit(environment, adapter, patient, 'requestEConsult', {
    kind: 'E_CONSULT',
    roomCode,
    providerId,
    intake,
    make: (session, intakeId) =>
      adapter.visits.requestEConsult(environment.writeScope, session, {
        intakeId,
        roomCode,
        providerId,
      }),
  });
  return { visit };
}
