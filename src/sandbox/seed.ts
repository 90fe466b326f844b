import { signInAsPatient } from '../vendors/my-patient-portal/sandbox-login.ts';
import { type SandboxPerson, sandboxAddress, sandboxPeople } from './people.ts';

export interface SeedOptions {
  /** The gateway's own fetch. */
  fetch: (request: Request) => Promise<Response> | Response;
  publicUrl: URL;
  /** A token of STAFF. */
  token: string;
}

type Json = { [key: string]: Json } & Json[] & string;

/**
 * Fills the register through the gateway's own mutations, as staff would: nothing in the sandbox is
 * true that the API could not have made true. Does nothing where the people are there already.
 */
export async function seed({ fetch, publicUrl, token }: SeedOptions): Promise<void> {
  const run = async (query: string, variables: Record<string, unknown> = {}): Promise<Json> => {
    const answer = await fetch(
      new Request(new URL('graphql', publicUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, variables }),
      }),
    );
    const { data, errors } = (await answer.json()) as { data: Json; errors?: unknown };
    const refused = Object.values(data ?? {}).flatMap((payload) => payload?.userErrors ?? []);
    if (errors !== undefined || refused.length > 0) {
      throw new Error(`The sandbox could not be filled: ${JSON.stringify(errors ?? refused)}`);
    }
    return data;
  };

  const present = await run('{ patients(first: 1) { totalCount } }');
  if (Number(present.patients?.totalCount) > 0) {
    return;
  }
  for (const person of sandboxPeople) {
    const patientId = await register(run, person);
    if (person.portalLogin !== undefined) {
      await connect(run, fetch, publicUrl, patientId, person.portalLogin);
    }
  }
}

type Run = (query: string, variables?: Record<string, unknown>) => Promise<Json>;

async function register(run: Run, person: SandboxPerson): Promise<string> {
  const { subject, portalLogin, accounts, ...demographics } = person;
  const { registerPatient } = await run(
    'mutation ($input: RegisterPatientInput!) { registerPatient(input: $input) { patient { id } userErrors { code message } } }',
    { input: { ...demographics, address: sandboxAddress } },
  );
  const patientId = String(registerPatient?.patient?.id);
  if (subject !== undefined) {
    await run(
      'mutation ($input: LinkPatientSubjectInput!) { linkPatientSubject(input: $input) { userErrors { code message } } }',
      { input: { patientId, subject } },
    );
  }
  for (const [vendor, vendorPatientId] of Object.entries(accounts)) {
    await run(
      'mutation ($input: LinkVendorAccountInput!) { linkVendorAccount(input: $input) { userErrors { code message } } }',
      { input: { patientId, vendor, vendorPatientId } },
    );
  }
  if (accounts.NIMBUS !== undefined) {
    await run(
      'mutation ($input: EnablePortalAccessInput!) { enablePortalAccess(input: $input) { userErrors { code message } } }',
      { input: { patientId } },
    );
  }
  if (portalLogin !== undefined) {
    await run(
      'mutation ($input: RequestEConsultInput!) { requestEConsult(input: $input) { userErrors { code message } } }',
      {
        input: {
          patientId,
          roomCode: 'clinic',
          intake: { reasonForVisit: 'Question about a prescription' },
        },
      },
    );
  }
  return patientId;
}

/** Walks the real login at the booking portal, as the patient would in a browser. */
async function connect(
  run: Run,
  fetch: SeedOptions['fetch'],
  publicUrl: URL,
  patientId: string,
  login: { username: string; password: string },
): Promise<void> {
  const { connectPatientPortal } = await run(
    'mutation ($input: ConnectPatientPortalInput!) { connectPatientPortal(input: $input) { authorizationUrl userErrors { code message } } }',
    { input: { patientId, returnTo: new URL('graphql', publicUrl).href } },
  );
  const callback = await signInAsPatient(String(connectPatientPortal?.authorizationUrl), login);
  const back = await fetch(new Request(callback));
  const connection = new URL(back.headers.get('location') ?? '', publicUrl).searchParams.get(
    'portal_connection',
  );
  await run(
    'mutation ($input: CompletePatientPortalConnectionInput!) { completePatientPortalConnection(input: $input) { userErrors { code message } } }',
    { input: { connection } },
  );
}
