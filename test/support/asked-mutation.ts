import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Fault, ReceivedCall } from '../../src/sandbox/simulator.ts';
import type { EnqueuedPortalSimulator } from '../../src/vendors/enqueued-portal/sandbox.ts';
import type { NimbusSimulator } from '../../src/vendors/nimbus/sandbox.ts';
import { ofPatient } from './documents.ts';
import type { Answer, Data, TestGateway, Who } from './gateway.ts';

/** Asks a gateway for one mutation with everything that its payload may say. */

const patient = 'patient { id fullName }';
const portalAccess =
  'portalAccess { id vendor status issuedAt expiresAt revokedAt revocationReason redirectUrl patient { id } }';

const payloads = {
  registerPatient:
    'patient { id firstName lastName fullName birthDate sex email phone address { street city state postalCode country } createdAt vendorAccounts { vendor } }',
  linkPatientSubject: patient,
  linkVendorAccount: `${patient} vendorAccount { vendor vendorPatientId linkedAt linkMethod connected }`,
  unlinkVendorAccount: 'patient { id vendorAccounts { vendor } }',
  onboardPatient: `patient { id fullName birthDate sex email phone vendorAccounts { vendor vendorPatientId linkMethod connected } } ${portalAccess} operation { id }`,
  enablePortalAccess: `${portalAccess} operation { id }`,
  revokePortalAccess: `${portalAccess} operation { id }`,
  createFollowUp:
    'followUp { id vendor date createdAt patient { id } } order { id vendor tenantDomain } operation { id }',
  invitePatientToPortal: `${portalAccess} operation { id }`,
  dismissPortalRequest:
    'portalRequest { id vendor status type title patient { id } } operation { id }',
  reconcileOperation: 'operation { id }',
} as const;

export type AskedMutation = keyof typeof payloads;

const capitalized = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

export interface MutationAnswer extends Answer {
  /** The payload of the mutation; undefined where it was refused as a whole. */
  payload: Data;
}

export async function mutate(
  gateway: TestGateway,
  name: AskedMutation,
  input: Record<string, unknown>,
  as: Who = 'staff',
): Promise<MutationAnswer> {
  const answer = await gateway.query(
    `mutation ($input: ${capitalized(name)}Input!) { ${name}(input: $input) { ${payloads[name]} userErrors { __typename code message path ... on VendorUnavailableError { vendor retryAt } } } }`,
    { input },
    as,
  );
  return { ...answer, payload: answer.data?.[name] };
}

/** The payload of a mutation that was done. */
export async function done(
  gateway: TestGateway,
  name: AskedMutation,
  input: Record<string, unknown>,
  as: Who = 'staff',
): Promise<Data> {
  const { errors, payload } = await mutate(gateway, name, input, as);
  expect(errors).toEqual([]);
  expect(payload.userErrors).toEqual([]);
  // Where the mutation writes at a vendor, the ledger has it.
  if ('operation' in payload) {
    expect(payload.operation).toEqual({ id: expect.any(String) });
  }
  return payload;
}

/** That a mutation was refused by one user error, with nothing else in its payload. */
export function expectRefusal(
  { errors, payload }: MutationAnswer,
  code: string,
  path?: readonly string[] | null,
): void {
  expect(errors).toEqual([]);
  // Refused before anything was sent there is no operation; refused by the vendor there is one.
  const { userErrors, operation: _operation, ...rest } = payload;
  expect(userErrors).toEqual([
    expect.objectContaining({ code, ...(path !== undefined && { path }) }),
  ]);
  expect(userErrors[0].message).toMatch(/\w+ .*\.$/);
  expect(Object.values(rest).filter((value) => value !== null)).toEqual([]);
}

/** That a mutation was refused as a whole, with one coded error. */
export function expectWholeRefusal({ data, errors }: Answer, code: string): void {
  expect(data ?? null).toBeNull();
  expect(errors.map(({ extensions }) => extensions.code)).toEqual([code]);
}

/** An answer as it was sent, but for what differs between any two requests. */
export const withoutRequestId = ({ text }: Answer) =>
  text.replaceAll(/"requestId":"[^"]+"/g, '"requestId":""');

/** What the vendor got: `METHOD path`, with the query. */
export const sent = (calls: readonly ReceivedCall[]) =>
  calls.map(({ method, path, query }) => {
    const search = new URLSearchParams(query).toString();
    return `${method} ${path}${search && `?${search}`}`;
  });

export const basicAuthorization = /^Basic [A-Za-z0-9+/]{8,}={0,2}$/;

export const globalId = (...parts: string[]) => Buffer.from(parts.join(':')).toString('base64url');
/** Well-formed, and of nobody. */
export const nobody = () => globalId('Patient', randomUUID());

/** Ids that are not a patient's: malformed, of another spelling, of another type. */
export const noPatientIds: readonly string[] = [
  '',
  '1001',
  'Patient:1',
  randomUUID(),
  globalId('Patient', '1001'),
  globalId('Patient', randomUUID().toUpperCase()),
  globalId('Patient', randomUUID(), 'more'),
  globalId('FollowUp', randomUUID()),
  globalId('PortalRequest', 'CERBO', randomUUID(), '27'),
  `${globalId('Patient', randomUUID())}=`,
  `${globalId('Patient', randomUUID())}\u0000`,
  '../../etc/passwd',
  'x'.repeat(5000),
];

/** Faults after which nobody can say whether the vendor acted on a call that it received whole. */
export const lostAnswers: readonly (Fault & { title: string })[] = [
  { title: 'reset', kind: 'reset', act: true },
  { title: 'cut short', kind: 'truncate', act: true },
  { title: 'a 500', kind: 'status', status: 500, act: true },
  { title: 'a proxy’s 502 page', kind: 'html', status: 502, act: true },
  { title: 'a login page with 200', kind: 'html', status: 200, act: true },
  { title: 'never sent', kind: 'hang', act: true },
  { title: 'no JSON', kind: 'garbage', act: true },
  { title: 'of another shape', kind: 'wrong-shape', act: true },
];

/** The simulators with what they remember and how they can be switched. */
export const nimbusOf = ({ sandbox }: TestGateway) => sandbox.simulators.NIMBUS as NimbusSimulator;
export const queueOf = ({ sandbox }: TestGateway, vendor: 'CERBO' | 'MD_HQ') =>
  sandbox.simulators[vendor] as EnqueuedPortalSimulator;

/** The latest entry of a patient's log. */
export async function latestEventOf(gateway: TestGateway, id: string): Promise<Data> {
  const { data } = await gateway.query(
    ofPatient('accessLog(first: 1) { nodes { actor action outcome } }'),
    { id },
    'admin',
  );
  return data.patient.accessLog.nodes[0];
}
