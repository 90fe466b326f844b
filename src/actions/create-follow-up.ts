import { invalidInput, UserFailure } from '../domain/errors.ts';
import type { CalendarDate, FollowUp, Order } from '../domain/records.ts';
import { adapterFor } from '../loaders/environment.ts';
import { today } from './calendar.ts';
import { type ActionEnvironment, accountOf, patientOf } from './environment.ts';

/**
 * STAFF schedules a follow-up on the patient's latest order (Nimbus `latest-order`, then
 * `create-followup`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, NO_ORDER
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function createFollowUp(
  environment: ActionEnvironment,
  input: { patientId: string; date: CalendarDate },
): Promise<{ followUp: FollowUp; order: Order }> {
  const { store, loaders, vendors, writeScope, trail, clock, settings } = environment;
  const patient = await patientOf(environment, 'createFollowUp', input.patientId);
  if (input.date < today(clock(), settings.clinicTimeZone)) {
    throw invalidInput('A follow-up cannot lie in the past.', 'date');
  }
  const { id: vendor, orders } = adapterFor(vendors, 'orders', 'Follow-ups');
  const account = await accountOf(environment, patient, vendor);
  const trace = { patientId: patient.id, vendor, action: 'createFollowUp' };
  const order = await trail.around(trace, () => orders.latestOrder(writeScope, account));
  if (order === null) {
    throw new UserFailure(
      'NO_ORDER',
      'The patient has no order yet: they have to finish the onboarding questionnaire first.',
      { path: ['input', 'patientId'] },
    );
  }
  const created = await trail.around(trace, () =>
    orders.createFollowUp(writeScope, account, order, input.date),
  );
  const followUp = await store.followUps.add({ patientId: patient.id, vendor, ...created });
  loaders.followUps.clear(patient.id);
  return { followUp, order };
}
