import { type Ask, type Asked, createAsk } from './ask.ts';
import { type SandboxPerson, sandboxAddress, sandboxPeople } from './people.ts';
import { portalConnection } from './portal-connection.ts';

/**
 * Fills the register through the gateway's own mutations, as staff would: nothing in the sandbox is
 * true that the API could not have made true. Does nothing where the people are there already.
 */
export async function seed(asked: Asked): Promise<void> {
  const run = createAsk(asked);
  const present = await run('{ patients(first: 1) { totalCount } }');
  if (Number(present.patients?.totalCount) > 0) {
    return;
  }
  for (const person of sandboxPeople) {
    const patientId = await register(run, person);
    if (person.portalLogin !== undefined) {
      const connection = await portalConnection(asked, patientId, person.portalLogin);
      await run(
        'mutation ($input: CompletePatientPortalConnectionInput!) { completePatientPortalConnection(input: $input) { userErrors { code message } } }',
        { input: { connection } },
      );
    }
  }
}

/**
 * The way into the onboarding vendor's portal that a patient has from the start. Asked for again it is the
 * same one, without another call.
 * @returns the id of its operation
 */
export async function firstAccess(run: Ask, patientId: string): Promise<string> {
  const { enablePortalAccess } = await run(
    'mutation ($input: EnablePortalAccessInput!) { enablePortalAccess(input: $input) { operation { id } userErrors { code message } } }',
    { input: { patientId, idempotencyKey: `sandbox-${patientId}` } },
  );
  return String(enablePortalAccess?.operation?.id);
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
    await firstAccess(run, patientId);
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
