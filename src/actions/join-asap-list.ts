import type { Appointment } from '../domain/records.ts';
import {
  appointmentKeyOf,
  appointmentOf,
  asapNotEnabled,
  changedAppointment,
  changeOf,
} from './appointment-change.ts';
import { type ActionEnvironment, capabilityOf, refusedBecause } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';

/**
 * Has the vendor mail this address when an earlier time opens up (MyPatientPortal
 * `appointments/{id}/asap_list`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, ASAP_NOT_ENABLED, UNSUPPORTED_BY_VENDOR
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function joinAsapList(
  environment: ActionEnvironment,
  input: { appointmentId: string; email: string },
): Promise<{ appointment: Appointment } & Ledgered> {
  const action = 'joinAsapList';
  const key = appointmentKeyOf(environment, action, input.appointmentId);
  const { appointments } = capabilityOf(environment, key.vendor, 'appointments');
  const write = { action, input, ...changeOf(key, input.appointmentId) } as const;
  const prepare = () => appointmentOf(environment, key);
  return ledgered(environment, write, prepare, async (work, change) => {
    try {
      await work.repeatable('asap_list/subscribe', () =>
        appointments.joinAsapList(
          environment.writeScope,
          change.account,
          key.vendorRecordId,
          input.email,
        ),
      );
    } catch (error) {
      if (refusedBecause(error, 'asap_not_enabled')) {
        throw asapNotEnabled('appointmentId');
      }
      throw error;
    }
    const appointment = await changedAppointment(environment, change, { asapListSubscribed: true });
    return { appointment };
  });
}
