import { signInAsPatient } from '../vendors/my-patient-portal/sandbox-login.ts';
import { type Asked, createAsk } from './ask.ts';

/**
 * Walks the real login at the booking portal, as the patient would in a browser.
 * @returns the one-time `portal_connection` that it ends with
 */
export async function portalConnection(
  asked: Asked,
  patientId: string,
  login: { username: string; password: string },
): Promise<string> {
  const { fetch, publicUrl } = asked;
  const { connectPatientPortal } = await createAsk(asked)(
    'mutation ($input: ConnectPatientPortalInput!) { connectPatientPortal(input: $input) { authorizationUrl userErrors { code message } } }',
    { input: { patientId, returnTo: new URL('graphql', publicUrl).href } },
  );
  const callback = await signInAsPatient(String(connectPatientPortal?.authorizationUrl), login);
  const back = await fetch(new Request(callback));
  const { searchParams } = new URL(back.headers.get('location') ?? '', publicUrl);
  return searchParams.get('portal_connection') ?? '';
}
