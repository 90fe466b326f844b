import { invalidInput, UserFailure } from '../domain/errors.ts';
import type { CalendarDate, FollowUp, Order, VendorAccount } from '../domain/records.ts';
import { adapterFor } from '../loaders/environment.ts';
import type { Work } from '../operations/work.ts';
import { today } from './calendar.ts';
import { type ActionEnvironment, accountOf, patientOf } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';

/** The call that must not be made twice. */
const creating = 'external-portal-access/create-followup';

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
  const latestOrder = async (work: Work, account: VendorAccount): Promise<Order> => {
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
    return order;
  };
  const write = { action: 'createFollowUp', input, patient, vendor } as const;
  return ledgered(environment, write, prepare, async (work, account) => {
    // Asked before only: when it is gone on with there may be another order, or none any more.
    const order = work.isBegun(creating) ? null : await latestOrder(work, account);
    // The vendor lists no follow-ups: a lost answer cannot be looked up.
    const { on, ...created } = await work.once(creating, async () => ({
      on: order as Order,
      ...(await orders.createFollowUp(writeScope, account, order as Order, input.date)),
    }));
    const followUp = await store.followUps.add({
      id: work.operationId,
      patientId: patient.id,
      vendor,
      ...created,
    });
    loaders.register.followUps.clear(patient.id);
    return { followUp, order: on };
  });
}
