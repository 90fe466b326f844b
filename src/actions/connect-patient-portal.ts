import { invalidInput } from '../domain/errors.ts';
import { adapterFor } from '../loaders/environment.ts';
import { type ActionEnvironment, patientOf } from './environment.ts';

/** Milliseconds from the start of a login to its callback, and again from there to its completion. */
export const connectionLifetime = 10 * 60 * 1000;

/** Whether an address is on the allow-list: same origin and path; its query is the caller's own. */
const isAllowedReturn = (allowed: readonly URL[], url: URL) =>
  url.username === '' &&
  url.password === '' &&
  allowed.some(({ origin, pathname }) => origin === url.origin && pathname === url.pathname);

/**
 * Starts the patient's own login at the booking portal (MyPatientPortal). Nothing is linked before
 * `completePatientPortalConnection`, by the same subject.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND
 * @throws CodedError NOT_CONFIGURED
 */
export async function connectPatientPortal(
  environment: ActionEnvironment,
  input: { patientId: string; returnTo: URL },
): Promise<{ authorizationUrl: string; expiresAt: Date }> {
  const { access, store, vendors, writeScope, clock, settings, trail } = environment;
  const patient = await patientOf(environment, 'connectPatientPortal', input.patientId);
  if (!isAllowedReturn(settings.allowedReturnUrls, input.returnTo)) {
    throw invalidInput('This address is not on the list of allowed return URLs.', 'returnTo');
  }
  const { id: vendor, connection } = adapterFor(
    vendors,
    'connection',
    'Connecting a patient portal',
  );
  const { authorizationUrl, secrets } = await trail.around(
    { patientId: patient.id, vendor, action: 'connectPatientPortal' },
    () => connection.begin(writeScope),
  );
  const expiresAt = new Date(clock() + connectionLifetime);
  await store.connections.begin({
    vendor,
    patientId: patient.id,
    subject: access.caller.subject,
    returnTo: input.returnTo.href,
    secrets,
    expiresAt,
  });
  return { authorizationUrl, expiresAt };
}
