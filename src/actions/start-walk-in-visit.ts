import { UserFailure } from '../domain/errors.ts';
import { type ActionEnvironment, patientOf, refusedBecause } from './environment.ts';
import {
  checkIntake,
  checkProviderId,
  type IntakeInput,
  makeVisit,
  roomFor,
  type VisitResult,
  visitVendor,
} from './visit-flow.ts';

export interface VisitInput {
  patientId: string;
  roomCode: string;
  providerId?: string | null | undefined;
  intake?: IntakeInput | null | undefined;
}

/**
 * A visit that starts now (VSee use case 2: `users/sso`, `intakes`, `visits/add_walkin`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, VENDOR_REJECTED
 * @throws CodedError NOT_CONFIGURED
 */
export async function startWalkInVisit(
  environment: ActionEnvironment,
  input: VisitInput,
): Promise<VisitResult> {
  const patient = await patientOf(environment, 'startWalkInVisit', input.patientId);
  const intake = checkIntake(input.intake);
  const providerId = checkProviderId(input.providerId);
  const adapter = visitVendor(environment);
  const { code: roomCode } = await roomFor(environment, input.roomCode, 'walkInEnabled');
  try {
    return await makeVisit(environment, adapter, patient, 'startWalkInVisit', {
      kind: 'WALK_IN',
      roomCode,
      providerId,
      intake,
      make: (session, intakeId) =>
        adapter.visits.startWalkIn(environment.writeScope, session, {
          intakeId,
          roomCode,
          providerId,
        }),
    });
  } catch (error) {
    if (refusedBecause(error, 'room_closed_or_duplicate')) {
      throw new UserFailure(
        'VENDOR_REJECTED',
        'The room takes no walk-in now, or the patient has one open already.',
        { path: ['input', 'roomCode'] },
      );
    }
    throw error;
  }
}
