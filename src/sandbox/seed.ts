import { signInAsPatient } from '../vendors/my-patient-portal/sandbox-login.ts';
import { type Ask, type Asked, createAsk } from './ask.ts';
import { type SandboxPerson, sandboxAddress, sandboxPeople } from './people.ts';

/**
 * Fills the register through the gateway's own mutations, as staff would: nothing in the sandbox is
 * true that the API could not have made true. Does nothing where the people are there already.
 */
export async function seed(asked: Asked): Promise<void> {
  const { fetch, publicUrl } = asked;
  const run = createAsk(asked);
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

async function register(run: Ask, person: SandboxPerson): Promise<string> {
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
  run: Ask,
  fetch: Asked['fetch'],
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
