/** The invented patients of the sandbox, as the register knows them; vendors' fixtures agree. */
export interface SandboxPerson {
  firstName: string;
  lastName: string;
  birthDate: string;
  sex: 'FEMALE' | 'MALE';
  email: string;
  phone: string;
  /** The identity provider's subject, for those who can log in. */
  subject?: string;
  /** Login at MyPatientPortal, for those who are connected from the start. */
  portalLogin?: { username: string; password: string };
  /** Vendor records that are linked from the start. */
  accounts: Readonly<Record<string, string>>;
}

export const sandboxAddress = {
  street: '1 Sandbox Street',
  city: 'Los Angeles',
  state: 'CA',
  postalCode: '90012',
  country: 'US',
};

export const sandboxPeople: readonly SandboxPerson[] = [
  {
    firstName: 'Ana',
    lastName: 'Silva',
    birthDate: '1988-02-11',
    sex: 'FEMALE',
    email: 'ana.silva@example.com',
    phone: '+15550104477',
    subject: 'sandbox-ana',
    portalLogin: { username: 'ana', password: 'ana-sandbox' },
    accounts: { NIMBUS: '1001', CERBO: '221', MD_HQ: '1221' },
  },
  {
    firstName: 'Ben',
    lastName: 'Okafor',
    birthDate: '1975-09-30',
    sex: 'MALE',
    email: 'ben.okafor@example.com',
    phone: '+15550104478',
    subject: 'sandbox-ben',
    portalLogin: { username: 'ben', password: 'ben-sandbox' },
    accounts: { NIMBUS: '1002', CERBO: '222', MD_HQ: '1222' },
  },
  {
    firstName: 'Chloe',
    lastName: 'Meyer',
    birthDate: '1992-06-05',
    sex: 'FEMALE',
    email: 'chloe.meyer@example.com',
    phone: '+15550104479',
    accounts: { NIMBUS: '1003', CERBO: '223', MD_HQ: '1223' },
  },
  {
    firstName: 'David',
    lastName: 'Rossi',
    birthDate: '1950-12-24',
    sex: 'MALE',
    email: 'david.rossi@example.com',
    phone: '+15550104480',
    accounts: { CERBO: '224' },
  },
  {
    firstName: 'Emi',
    lastName: 'Tanaka',
    birthDate: '2001-03-17',
    sex: 'FEMALE',
    email: 'emi.tanaka@example.com',
    phone: '+15550104481',
    accounts: {},
  },
];
