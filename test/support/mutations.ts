import type { ReceivedCall } from '../../src/sandbox/simulator.ts';
import { signInAsPatient } from '../../src/vendors/my-patient-portal/sandbox-login.ts';
import type { Answer, Data, TestGateway, Who } from './gateway.ts';

/** What tests of mutations share: asking, and what they need to have asked before. */

const userErrors = `userErrors {
  __typename code message path
  ... on AvailabilityGoneError { alternatives { id vendor start end timeZone } }
  ... on AuthorizationRequiredError { authorizationUrl }
  ... on VendorUnavailableError { vendor retryAt }
}`;

export interface MutationAnswer extends Answer {
  /** The payload; null where the mutation was refused as a whole. */
  payload: Data;
}

/** Runs one mutation. `fields`: of its payload, without userErrors, which are always asked for. */
export async function mutate(
  gateway: TestGateway,
  name: string,
  input: Record<string, unknown>,
  fields = '',
  as: Who = 'staff',
): Promise<MutationAnswer> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const answer = await gateway.query(
    `mutation ($input: ${type}!) { ${name}(input: $input) { ${fields} ${userErrors} } }`,
    { input },
    as,
  );
  return { ...answer, payload: answer.data?.[name] ?? null };
}

/** `METHOD path` of calls. */
export const sent = (calls: readonly ReceivedCall[]) =>
  calls.map(({ method, path }) => `${method} ${path}`);

/** The vendor's own id inside the global id of a visit, an appointment or a portal request. */
export const vendorIdIn = (globalId: string) =>
  Buffer.from(globalId, 'base64url').toString().split(':')[3] ?? '';

/** A global id of the given parts, as somebody would forge it. */
export const globalIdOf = (...parts: string[]) =>
  Buffer.from(parts.join(':')).toString('base64url');

/** The register's own key inside a patient's global id. */
export const keyIn = (globalId: string) =>
  Buffer.from(globalId, 'base64url').toString().split(':')[1] ?? '';

/** A portal of the sandbox's paths, as `METHOD path` below the API. */
export const vseeCall = (method: string, path: string) => `${method} /api_v3/${path}`;

const times = `query ($patientId: ID!, $search: AvailabilitySearch!) {
  availabilities(patientId: $patientId, search: $search) { id vendor start end timeZone placesLeft }
}`;

export interface Time {
  id: string;
  vendor: string;
  start: string;
  end: string;
}

/** Free times of one type of appointment at the booking portal; default the consultation hour. */
export async function portalTimes(
  gateway: TestGateway,
  patientId: string,
  options: { type?: string; insurance?: string; as?: Who } = {},
): Promise<Time[]> {
  const myPatientPortal = {
    insuranceId: options.insurance ?? '136',
    appointmentCategoryId: '53',
    appointmentTypeId: options.type ?? '198',
  };
  const variables = { patientId, search: { myPatientPortal } };
  const { data, text } = await gateway.query(times, variables, options.as);
  if (!data?.availabilities?.length) {
    throw new Error(`No times: ${text}`);
  }
  return data.availabilities;
}

/** Free times of a clinic room within the next ten days. */
export async function roomTimes(
  gateway: TestGateway,
  patientId: string,
  search: { roomCode?: string; consultationId?: string; providerId?: string } = {},
  as: Who = 'staff',
): Promise<Time[]> {
  const from = new Date(Date.now() + 60 * 60 * 1000).toISOString();
  const to = new Date(Date.now() + 10 * 24 * 60 * 60 * 1000).toISOString();
  const vsee = { roomCode: 'clinic', from, to, ...search };
  const { data, text } = await gateway.query(times, { patientId, search: { vsee } }, as);
  if (!data?.availabilities?.length) {
    throw new Error(`No times: ${text}`);
  }
  return data.availabilities;
}

export const returnTo = 'http://localhost:4000/connected';

/** Begins a login at the booking portal. @returns the vendor's own authorization URL */
export async function beginLogin(
  gateway: TestGateway,
  patientId: string,
  as: Who = 'staff',
): Promise<string> {
  const input = { patientId, returnTo };
  const { payload, text } = await mutate(
    gateway,
    'connectPatientPortal',
    input,
    'authorizationUrl',
    as,
  );
  if (!payload?.authorizationUrl) {
    throw new Error(`No login: ${text}`);
  }
  return payload.authorizationUrl;
}

const passwordOf = (username: string) => ({ username, password: `${username}-sandbox` });

/** Walks the login up to the address that the vendor sends the browser back to. */
export const walkLogin = (authorizationUrl: string, username: string, approve = true) =>
  signInAsPatient(authorizationUrl, passwordOf(username), { approve });

/** Goes to the callback. @returns the address that the browser is sent on to */
export async function comeBack(gateway: TestGateway, callback: string): Promise<URL> {
  const response = await gateway.fetch(callback);
  if (response.status !== 303) {
    throw new Error(`The callback answered ${response.status}.`);
  }
  return new URL(response.headers.get('location') ?? '');
}

/** A login up to its one-time `portal_connection`. */
export async function connectionFor(
  gateway: TestGateway,
  patientId: string,
  username: string,
  as: Who = 'staff',
): Promise<string> {
  const callback = await walkLogin(await beginLogin(gateway, patientId, as), username);
  const back = await comeBack(gateway, callback);
  return back.searchParams.get('portal_connection') ?? '';
}

/** A whole connection. */
export async function connect(
  gateway: TestGateway,
  patientId: string,
  username: string,
  as: Who = 'staff',
): Promise<MutationAnswer> {
  const connection = await connectionFor(gateway, patientId, username, as);
  return mutate(
    gateway,
    'completePatientPortalConnection',
    { connection },
    'patient { id } vendorAccount { vendor vendorPatientId linkMethod connected }',
    as,
  );
}
