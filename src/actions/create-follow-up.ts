import { invalidInput, UserFailure } from '../domain/errors.ts';
import type { CalendarDate, FollowUp, Order } from '../domain/records.ts';
import { adapterFor } from '../loaders/environment.ts';
import { today } from './calendar.ts';
import { type ActionEnvironment, accountOf, patientOf } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';

/**
 * STAFF schedules a follow-up on the patient's latest order (Nimbus `latest-order`, then
 * `create-followup`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, NO_ORDER
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function createFollowUp(
  environment: ActionEnvironment,
  input: { patientId: string; date: CalendarDate },
): Promise<{ followUp: FollowUp; order: Order } & Ledgered> {
  const { store, loaders, vendors, writeScope, clock, settings } = environment;
  const patient = await patientOf(environment, 'createFollowUp', input.patientId);
  const { id: vendor, orders } = adapterFor(vendors, 'orders', 'Follow-ups');
  const prepare = async () => {
    if (input.date < today(clock(), settings.clinicTimeZone).earliest) {
      throw invalidInput('A follow-up cannot lie in the past.', 'date');
    }
    return accountOf(environment, patient, vendor);
  };
  const write = { action: 'createFollowUp', input, patient, vendor } as const;
  return ledgered(environment, write, prepare, async (work, account) => {
    const order = await work.repeatable('external-portal-access/latest-order', () =>
      orders.latestOrder(writeScope, account),
    );
    if (order === null) {
      throw new UserFailure(
        'NO_ORDER',
        'The patient has no order yet: they have to finish the onboarding questionnaire first.',
        { path: ['input', 'patientId'] },
      );
    }
    // The vendor lists no follow-ups: a lost answer cannot be looked up.
    const created = await work.once('external-portal-access/create-followup', () =>
      orders.createFollowUp(writeScope, account, order, input.date),
    );
    const followUp = await store.followUps.add({
      id: work.operationId,
      patientId: patient.id,
      vendor,
      ...created,
    });
    loaders.register.followUps.clear(patient.id);
    return { followUp, order };
  });
}
