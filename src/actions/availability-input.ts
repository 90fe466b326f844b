import { openAvailability } from '../domain/availability-id.ts';
import { invalidInput, UserFailure } from '../domain/errors.ts';
import type { Availability } from '../domain/records.ts';
import type { ActionEnvironment } from './environment.ts';

/**
 * What an availability id holds, for this patient.
 * @throws UserFailure INVALID_INPUT for one that was changed or is another patient's
 */
export function availabilityOf(
  { sealer, clock }: ActionEnvironment,
  patientId: string,
  id: string,
): Availability & { stale: boolean } {
  const opened = openAvailability(sealer, id, clock());
  if (opened === undefined || opened.availability.patientId !== patientId) {
    throw invalidInput(
      'This is not an availability of this patient. Use the id exactly as a query returned it.',
      'availabilityId',
    );
  }
  const { availability, stale } = opened;
  return { ...availability, stale: stale || availability.start.getTime() <= clock() };
}

/** @throws UserFailure AVAILABILITY_GONE for one that is too old to be tried */
export function checkFresh({ stale }: { stale: boolean }): void {
  if (stale) {
    throw new UserFailure('AVAILABILITY_GONE', 'This availability is too old. Search again.', {
      path: ['input', 'availabilityId'],
      alternatives: [],
    });
  }
}
