import { UserFailure } from '../domain/errors.ts';
import { type ActionEnvironment, patientOf, refusedBecause } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';
import {
  chargedIn,
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
  consultationId?: string | null | undefined;
  intake?: IntakeInput | null | undefined;
}

/**
 * A visit that starts now (VSee use case 2: `users/sso`, `intakes`, for what is charged `intakes/:id`,
 * `visits/add_walkin`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, VENDOR_REJECTED
 * @throws CodedError NOT_CONFIGURED
 */
export async function startWalkInVisit(
  environment: ActionEnvironment,
  input: VisitInput,
): Promise<VisitResult & Ledgered> {
  const action = 'startWalkInVisit';
  const patient = await patientOf(environment, action, input.patientId);
  const adapter = visitVendor(environment);
  const prepare = async () => {
    const intake = checkIntake(adapter, input.intake);
    const providerId = checkProviderId(input.providerId);
    const room = await roomFor(environment, input.roomCode, 'walkInEnabled');
    const charged = chargedIn(room, input.consultationId ?? null);
    return { intake, providerId, roomCode: room.code, charged };
  };
  const write = { action, input, patient, vendor: adapter.id } as const;
  return ledgered(environment, write, prepare, async (work, place) => {
    const { roomCode, providerId } = place;
    try {
      return await makeVisit(environment, work, adapter, patient, {
        kind: 'WALK_IN',
        ...place,
        call: 'visits/add_walkin',
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
  });
}
