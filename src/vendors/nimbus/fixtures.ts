/** The invented people of the Nimbus simulator, and what the clinic was given to sign in with. */

/** A person as onboarding sends them. */
export interface SandboxPerson {
  first_name: string;
  last_name: string;
  email: string;
  phone_number: string;
  address: string;
  city: string;
  state: string;
  zip_code: string;
  sex: string;
  dob: string;
}

const home = {
  address: '1 Sandbox Street',
  city: 'Los Angeles',
  state: 'CA',
  zip_code: '90012',
};

export interface SandboxSeed {
  userId: number;
  patientId: number;
  /** Null where the questionnaire was never finished. */
  orderId: number | null;
  person: SandboxPerson;
}

export const seeds: readonly SandboxSeed[] = [
  {
    userId: 1001,
    patientId: 5001,
    orderId: 9001,
    person: {
      first_name: 'Ana',
      last_name: 'Silva',
      email: 'ana.silva@example.com',
      phone_number: '5550104477',
      sex: 'Female',
      dob: '1988-02-11',
      ...home,
    },
  },
  {
    userId: 1002,
    patientId: 5002,
    orderId: 9002,
    person: {
      first_name: 'Ben',
      last_name: 'Okafor',
      email: 'ben.okafor@example.com',
      phone_number: '5550104478',
      sex: 'Male',
      dob: '1975-09-30',
      ...home,
    },
  },
  {
    userId: 1003,
    patientId: 5003,
    orderId: null,
    person: {
      first_name: 'Chloe',
      last_name: 'Meyer',
      email: 'chloe.meyer@example.com',
      phone_number: '5550104479',
      sex: 'Female',
      dob: '1992-06-05',
      ...home,
    },
  },
];

export const clinic = {
  username: 'clinic-sandbox',
  password: 'nimbus-sandbox-password',
  treatmentTypes: ['Weight-loss', 'Hair-loss'],
  centralPharmacyId: 'pharm123',
  tenantDomain: 'portal.sandbox-clinic.test',
};
