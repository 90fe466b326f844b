import { UserFailure } from '../domain/errors.ts';
import type { PortalRequest } from '../domain/records.ts';
import { type ActionEnvironment, accountOf, capabilityOf, vendorRecordOf } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';

/**
 * STAFF removes a request from the patient's queue (Cerbo and MD HQ, a soft delete). Whatever the
 * request is about, a prescription say, is not withdrawn.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, UNSUPPORTED_BY_VENDOR
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function dismissPortalRequest(
  environment: ActionEnvironment,
  input: { portalRequestId: string },
): Promise<{ portalRequest: PortalRequest } & Ledgered> {
  const { loaders, writeScope } = environment;
  const action = 'dismissPortalRequest';
  const key = vendorRecordOf(
    environment,
    action,
    'PortalRequest',
    'portalRequestId',
    input.portalRequestId,
  );
  const { patientId, vendor, vendorRecordId } = key;
  const { portalRequests } = capabilityOf(environment, vendor, 'portalRequests');
  const patient = { id: patientId };
  const prepare = async () => {
    const account = await accountOf(environment, patient, vendor);
    // Read first: the vendor's answer to the deletion does not say what was deleted.
    const request = await loaders.portalRequests.request(key);
    if (request === undefined) {
      throw new UserFailure('NOT_FOUND', 'The request is no longer in the queue.', {
        path: ['input', 'portalRequestId'],
      });
    }
    return { account, request };
  };
  const write = { action, input, patient, vendor, record: input.portalRequestId } as const;
  return ledgered(environment, write, prepare, async (work, { account, request }) => {
    await work.repeatable('deletePortalRequest', () =>
      portalRequests.dismiss(writeScope, account, vendorRecordId),
    );
    loaders.portalRequests.queue.clear({ patientId, vendor });
    return { portalRequest: { ...request, status: 'DELETED' as const } };
  });
}
