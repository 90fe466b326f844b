import type { OnboardingRequest, OpenedAccount } from '../domain/capabilities/portal-access.ts';
import { forbidden, UserFailure } from '../domain/errors.ts';
import type { Demographics, Patient, PortalAccess } from '../domain/records.ts';
import type { VendorWith } from '../domain/vendor.ts';
import { adapterFor } from '../loaders/environment.ts';
import type { Work } from '../operations/work.ts';
import { checkDemographics, checkGivenDemographics } from './demographics.ts';
import { type ActionEnvironment, patientOf } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';
import { checkMeasures, completeRequest } from './onboarding-request.ts';

export interface OnboardPatientInput extends Partial<Demographics> {
  patientId?: string | null | undefined;
  heightFeet: number;
  heightInches: number;
  weightPounds: number;
  treatmentType?: string | null | undefined;
}

/** Who is onboarded: the named patient, the caller's own record, or somebody new (`patient` absent). */
async function personOf(environment: ActionEnvironment, input: OnboardPatientInput) {
  const { access, loaders } = environment;
  if (input.patientId != null) {
    return { patient: await patientOf(environment, 'onboardPatient', input.patientId) };
  }
  if (access.isStaff) {
    return { patient: undefined };
  }
  if (!access.caller.roles.has('PATIENT')) {
    throw forbidden();
  }
  return {
    patient: access.patientId ? await loaders.register.patients.load(access.patientId) : undefined,
  };
}

/**
 * Whoever registers themselves may write anybody's address into their record, and a vendor may answer a
 * known address with a way into the account that it has.
 * @param id of the record that may have it
 */
async function othersWith(
  { store }: ActionEnvironment,
  email: string | null,
  id?: string,
): Promise<Patient[]> {
  const holders = email === null ? [] : await store.patients.findByEmail(email);
  return holders.filter((holder) => holder.id !== id);
}

/**
 * Somebody in the register must not be onboarded as somebody new: the vendor offers no look-up
 * afterwards, so that a double could not be found again. A PATIENT must not learn who is in it, and leaves
 * a trace on the records that their input met.
 * @throws UserFailure ALREADY_EXISTS where there are any
 */
function refuseDoubles({ access, trail }: ActionEnvironment, doubles: readonly Patient[]): void {
  const [double] = doubles;
  if (double === undefined) {
    return;
  }
  const path = ['input'];
  if (access.isStaff) {
    throw new UserFailure(
      'ALREADY_EXISTS',
      'This person or e-mail is in the register already. Onboard that record by its patientId.',
      { path, payload: { patient: double } },
    );
  }
  for (const { id } of doubles) {
    trail.record({ patientId: id, action: 'onboardPatient', vendor: null, outcome: 'DENIED' });
  }
  throw new UserFailure('ALREADY_EXISTS', 'This cannot be done here. Ask the practice.', { path });
}

const linkedToAnother = () =>
  new UserFailure(
    'ALREADY_LINKED',
    'The vendor knows this e-mail as a patient who is linked to another record.',
    { path: ['input', 'email'] },
  );

/** What is onboarded, and as what it enters the register: plain data, kept by the ledger. */
interface Onboarding {
  request: OnboardingRequest;
  /** Absent for somebody new. */
  patient: Patient | null;
  /** What fills the gaps of a record that is there. */
  given: Partial<Demographics>;
  /** The new record's subject: a PATIENT's own. */
  subject: string | null;
}

/** Whose record somebody new gets: a PATIENT's who began it, also where STAFF goes on with it. */
function subjectOf({ access, resumed }: ActionEnvironment): string | null {
  if (resumed !== undefined) {
    // Recorded by this very action, sealed by ourselves.
    return (resumed.operation.input as { prepared: Onboarding }).prepared.subject;
  }
  return access.isStaff ? null : access.caller.subject;
}

async function prepareOnboarding(
  environment: ActionEnvironment,
  adapter: VendorWith<'onboarding'>,
  patient: Patient | undefined,
  input: OnboardPatientInput,
): Promise<Onboarding> {
  const { access, loaders, store } = environment;
  const given = checkGivenDemographics(environment, input);
  // What the register holds stands; the input fills its gaps only.
  const known = Object.fromEntries(
    Object.entries(patient ?? {}).filter(([, value]) => value !== null),
  ) as Partial<Demographics>;
  const request = completeRequest(
    { ...given, ...known },
    checkMeasures(input, adapter.onboarding.treatmentTypes),
  );
  if (patient === undefined) {
    const person = checkDemographics(environment, request.person);
    const namesakes = person.birthDate === null ? [] : await store.patients.findNamesakes(person);
    refuseDoubles(environment, [...(await othersWith(environment, person.email)), ...namesakes]);
  } else {
    if (!access.isStaff) {
      const { email } = request.person;
      refuseDoubles(environment, await othersWith(environment, email, patient.id));
    }
    if (
      (await loaders.register.accounts.load(patient.id)).some(({ vendor }) => vendor === adapter.id)
    ) {
      throw new UserFailure(
        'ALREADY_EXISTS',
        'The patient is onboarded already. For another way in use enablePortalAccess.',
        { path: ['input', 'patientId'], payload: { patient } },
      );
    }
  }
  const subject = subjectOf(environment);
  return { request, given, subject, patient: patient ?? null };
}

/** The record of who was onboarded, made now for somebody new. */
async function enterRegister(
  environment: ActionEnvironment,
  work: Work,
  vendor: string,
  { vendorPatientId }: OpenedAccount,
  { patient, given, request, subject }: Onboarding,
): Promise<Patient> {
  const { access, store, trail } = environment;
  if (patient !== null) {
    return store.patients.fillGaps(patient.id, given);
  }
  // A vendor may answer a known e-mail with the account that it has: nobody new was taken then.
  const [holder] = await store.accounts.findByVendorIds(vendor, [vendorPatientId]);
  if (holder !== undefined && holder.patientId !== work.operationId) {
    throw linkedToAnother();
  }
  const person = checkDemographics(environment, {
    ...request.person,
    address: given.address ?? null,
  });
  const registered =
    (await store.patients.create(person, subject, work.operationId)) ??
    // They registered themselves in the meantime: the account belongs to that record.
    (subject === null ? undefined : await store.patients.findBySubject(subject));
  if (registered === undefined) {
    throw new Error('A record could neither be made nor found.');
  }
  if (registered.id !== work.operationId) {
    trail.record({
      patientId: registered.id,
      vendor,
      action: 'onboardPatient',
      outcome: 'ALLOWED',
    });
  }
  if (subject === access.caller.subject) {
    access.becomes(registered.id);
  }
  return registered;
}

/** Keeps what the vendor gave: the account first, because nothing else leads back to it. */
async function keep(
  { store, loaders }: ActionEnvironment,
  work: Work,
  vendor: string,
  patient: Patient,
  { vendorPatientId, redirectUrl, expiresAt }: OpenedAccount,
): Promise<PortalAccess | null> {
  const account = await store.accounts.link({
    patientId: patient.id,
    vendor,
    vendorPatientId,
    linkMethod: 'CREATED',
  });
  if (account === 'TAKEN') {
    throw linkedToAnother();
  }
  loaders.register.accounts.clear(patient.id);
  if (redirectUrl === null) {
    return null;
  }
  const access = await store.portalAccess.add({
    id: work.operationId,
    patientId: patient.id,
    vendor,
    status: 'ACTIVE',
    expiresAt,
  });
  loaders.register.portalAccesses.clear(patient.id);
  return { ...access, redirectUrl };
}

const noLink =
  'The vendor has taken the patient, but gave no link that may be handed on. For one use enablePortalAccess.';

/**
 * Creates a patient at the onboarding vendor (Nimbus `external-transfer-onboarding`) and issues the
 * first way in. A new person enters the register when the vendor has taken them.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, ALREADY_EXISTS, ALREADY_LINKED
 */
export async function onboardPatient(
  environment: ActionEnvironment,
  input: OnboardPatientInput,
): Promise<{ patient: Patient; portalAccess: PortalAccess | null } & Ledgered> {
  const { vendors, writeScope } = environment;
  const adapter = adapterFor(vendors, 'onboarding', 'Onboarding patients');
  const { patient } = await personOf(environment, input);
  const vendor = adapter.id;
  // Two at once would each pass the checks, and the vendor would have the person twice.
  const record = `PortalAccess/${vendor}/${patient?.id ?? input.email?.trim().toLowerCase()}`;
  const action = 'onboardPatient';
  const write = { action, input, patient: patient ?? null, vendor, record } as const;
  const prepare = () => prepareOnboarding(environment, adapter, patient, input);
  return ledgered(environment, write, prepare, async (work, onboarding) => {
    // The vendor offers no look-up: what becomes of a lost answer, staff has to find out.
    const issued = await work.once('external-transfer-onboarding', () =>
      adapter.onboarding.onboard(writeScope, onboarding.request),
    );
    const registered = await enterRegister(environment, work, vendor, issued, onboarding);
    const portalAccess = await keep(environment, work, vendor, registered, issued);
    const notice = portalAccess === null ? noLink : null;
    return { patient: registered, portalAccess, notice };
  });
}
