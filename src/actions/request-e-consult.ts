import { type ActionEnvironment, patientOf } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';
import type { VisitInput } from './start-walk-in-visit.ts';
import {
  chargedIn,
  checkIntake,
  checkProviderId,
  makeVisit,
  roomFor,
  type VisitResult,
  visitVendor,
} from './visit-flow.ts';

/**
 * A visit without a time, answered in writing (VSee use case 4: `users/sso`, `intakes`, for what
 * is charged `intakes/:id`, `visits/add_econsult`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND
 * @throws CodedError NOT_CONFIGURED
 */
export async function requestEConsult(
  environment: ActionEnvironment,
  input: VisitInput,
): Promise<Pick<VisitResult, 'visit'> & Ledgered> {
  const action = 'requestEConsult';
  const patient = await patientOf(environment, action, input.patientId);
  const adapter = visitVendor(environment);
  const prepare = async () => {
    const intake = checkIntake(adapter, input.intake);
    const providerId = checkProviderId(input.providerId);
    const room = await roomFor(environment, input.roomCode, 'eConsultEnabled');
    const charged = chargedIn(room, input.consultationId ?? null);
    return { intake, providerId, roomCode: room.code, charged };
  };
  const write = { action, input, patient, vendor: adapter.id } as const;
  return ledgered(environment, write, prepare, async (work, place) => {
    const { roomCode, providerId } = place;
    const { visit } = await makeVisit(environment, work, adapter, patient, {
      kind: 'E_CONSULT',
      ...place,
      call: 'visits/add_econsult',
      make: (session, intakeId) =>
        adapter.visits.requestEConsult(environment.writeScope, session, {
          intakeId,
          roomCode,
          providerId,
        }),
    });
    return { visit };
  });
}
