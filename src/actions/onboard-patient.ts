import type { IssuedAccess, OnboardingRequest } from '../domain/capabilities/portal-access.ts';
import { forbidden, invalidInput, UserFailure } from '../domain/errors.ts';
import type { Demographics, Patient, PortalAccess } from '../domain/records.ts';
import type { VendorWith } from '../domain/vendor.ts';
import { adapterFor } from '../loaders/environment.ts';
import { checkDemographics, checkGivenDemographics } from './demographics.ts';
import { type ActionEnvironment, patientOf } from './environment.ts';

export interface OnboardPatientInput extends Partial<Demographics> {
  patientId?: string | null | undefined;
  heightFeet: number;
  heightInches: number;
  weightPounds: number;
  treatmentType?: string | null | undefined;
}

const complete = (person: Partial<Demographics>, measures: Measures): OnboardingRequest => {
  const missing = (field: string) =>
    invalidInput('The vendor needs this to onboard a patient; give it here.', ...field.split('.'));
  const need = <T>(value: T | null | undefined, field: string): T => {
    if (value == null) {
      throw missing(field);
    }
    return value;
  };
  const { sex } = person;
  if (sex !== 'FEMALE' && sex !== 'MALE') {
    throw sex == null
      ? missing('sex')
      : invalidInput('The vendor takes FEMALE or MALE only.', 'sex');
  }
  return {
    person: {
      firstName: need(person.firstName, 'firstName'),
      lastName: need(person.lastName, 'lastName'),
      birthDate: need(person.birthDate, 'birthDate'),
      sex,
      email: need(person.email, 'email'),
      phone: need(person.phone, 'phone'),
      address: person.address ?? null,
    },
    address: {
      street: need(person.address?.street, 'address.street'),
      city: need(person.address?.city, 'address.city'),
      state: need(person.address?.state, 'address.state'),
      postalCode: need(person.address?.postalCode, 'address.postalCode'),
    },
    ...measures,
  };
};

type Measures = Pick<
  OnboardingRequest,
  'heightFeet' | 'heightInches' | 'weightPounds' | 'treatmentType'
>;

function checkMeasures(input: OnboardPatientInput, treatmentTypes: readonly string[]): Measures {
  const within = (value: number, low: number, high: number, field: string) => {
    if (!(value >= low && value <= high)) {
      throw invalidInput(`This must be between ${low} and ${high}.`, field);
    }
    return value;
  };
  const treatmentType = input.treatmentType ?? treatmentTypes[0];
  if (treatmentType === undefined || !treatmentTypes.includes(treatmentType)) {
    throw invalidInput('This is none of the configured treatment types.', 'treatmentType');
  }
  return {
    heightFeet: within(input.heightFeet, 1, 8, 'heightFeet'),
    heightInches: within(input.heightInches, 0, 11, 'heightInches'),
    weightPounds: within(input.weightPounds, 1, 1500, 'weightPounds'),
    treatmentType,
  };
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
  return { patient: access.patientId ? await loaders.patients.load(access.patientId) : undefined };
}

/**
 * Somebody in the register must not be onboarded as somebody new: the vendor offers no look-up
 * afterwards, so that a double could not be found again.
 */
async function refuseDoubles({ store, access }: ActionEnvironment, person: Demographics) {
  const sameEmail = person.email === null ? [] : await store.patients.findByEmail(person.email);
  const name = `${person.firstName} ${person.lastName}`;
  const { rows } = await store.patients.search(name, { limit: 100 });
  const samePerson = rows
    .map(({ value }) => value)
    .filter((each) => each.birthDate !== null && each.birthDate === person.birthDate);
  const [double] = [...sameEmail, ...samePerson];
  if (double !== undefined) {
    // A PATIENT must not learn who else is in the register.
    throw new UserFailure(
      'ALREADY_EXISTS',
      'This person or e-mail is in the register already. Onboard that record by its patientId.',
      access.isStaff ? { path: ['input'], payload: { patient: double } } : { path: ['input'] },
    );
  }
}

/** Keeps what the vendor issued: the account first, because nothing else leads back to it. */
async function keep(
  { store, loaders }: ActionEnvironment,
  adapter: VendorWith<'onboarding'>,
  patient: Patient,
  issued: IssuedAccess,
): Promise<PortalAccess> {
  const vendor = adapter.id;
  const { vendorPatientId, redirectUrl, expiresAt } = issued;
  const account = await store.accounts.link({
    patientId: patient.id,
    vendor,
    vendorPatientId,
    linkMethod: 'CREATED',
  });
  if (account === 'TAKEN') {
    throw new UserFailure(
      'ALREADY_LINKED',
      'The vendor knows this e-mail as a patient who is linked to another record.',
      { path: ['input', 'email'] },
    );
  }
  loaders.accounts.clear(patient.id);
  const access = await store.portalAccess.add({
    patientId: patient.id,
    vendor,
    status: 'ACTIVE',
    expiresAt,
  });
  loaders.portalAccesses.clear(patient.id);
  return { ...access, redirectUrl };
}

/**
 * Creates a patient at the onboarding vendor (Nimbus `external-transfer-onboarding`) and issues the
 * first way in. A new person enters the register when the vendor has taken them.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, ALREADY_EXISTS, ALREADY_LINKED
 */
export async function onboardPatient(
  environment: ActionEnvironment,
  input: OnboardPatientInput,
): Promise<{ patient: Patient; portalAccess: PortalAccess }> {
  const { access, store, loaders, vendors, writeScope, trail } = environment;
  const adapter = adapterFor(vendors, 'onboarding', 'Onboarding patients');
  const { patient } = await personOf(environment, input);
  const given = checkGivenDemographics(environment, input);
  // What the register holds stands; the input fills its gaps only.
  const known = Object.fromEntries(
    Object.entries(patient ?? {}).filter(([, value]) => value !== null),
  ) as Partial<Demographics>;
  const request = complete(
    { ...given, ...known },
    checkMeasures(input, adapter.onboarding.treatmentTypes),
  );

  if (patient === undefined) {
    await refuseDoubles(environment, checkDemographics(environment, request.person));
  } else if (
    (await loaders.accounts.load(patient.id)).some(({ vendor }) => vendor === adapter.id)
  ) {
    throw new UserFailure(
      'ALREADY_EXISTS',
      'The patient is onboarded already. For another way in use enablePortalAccess.',
      { path: ['input', 'patientId'], payload: { patient } },
    );
  }

  const onboard = () => adapter.onboarding.onboard(writeScope, request);
  const issued = await (patient === undefined
    ? onboard()
    : trail.around(
        { patientId: patient.id, vendor: adapter.id, action: 'onboardPatient' },
        onboard,
      ));

  const subject = access.isStaff ? null : access.caller.subject;
  const registered =
    patient === undefined
      ? await store.patients.create(
          checkDemographics(environment, { ...request.person, address: given.address ?? null }),
          subject,
        )
      : await store.patients.fillGaps(patient.id, given);
  if (registered === undefined) {
    throw new UserFailure('ALREADY_EXISTS', 'You have a record already; see `viewer.patient`.');
  }
  if (patient === undefined) {
    trail.record({
      patientId: registered.id,
      vendor: adapter.id,
      action: 'onboardPatient',
      outcome: 'ALLOWED',
    });
    if (subject !== null) {
      access.becomes(registered.id);
    }
  }
  return {
    patient: registered,
    portalAccess: await keep(environment, adapter, registered, issued),
  };
}
