/** The sandbox's invented clinic: rooms and providers. Patients come into being by signing in. */

export const accountCode = 'portico-sandbox';
export const apiKey = 'sandbox-api-key';
export const apiSecret = 'sandbox-api-secret';
export const adminToken = 'sandbox-admin-token';

export interface SandboxProvider {
  id: string;
  firstName: string;
  lastName: string;
  title: string;
  /** 482 doctor, 484 nurse. */
  subtype: string;
}

export const providers: readonly SandboxProvider[] = [
  { id: '826', firstName: 'Grace', lastName: 'Hill', title: 'Dr.', subtype: '482' },
  { id: '827', firstName: 'Omar', lastName: 'Haddad', title: 'Dr.', subtype: '482' },
];

export interface SandboxConsultation {
  id: string;
  description: string;
  /** Minutes. */
  duration: number;
  /** Dollars that the clinic charges. */
  amount: number;
  visibleToPatient: boolean;
}

export interface SandboxRoom {
  id: string;
  code: string;
  slug: string;
  name: string;
  timeZone: string;
  closed: boolean;
  walkIn: boolean;
  appointment: boolean;
  eConsult: boolean;
  consultations: readonly SandboxConsultation[];
}

const shortVisit: SandboxConsultation = {
  id: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a1501',
  description: 'Short visit',
  duration: 15,
  amount: 0,
  visibleToPatient: true,
};

const longVisit: SandboxConsultation = {
  id: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a3002',
  description: 'Long visit',
  duration: 30,
  amount: 0,
  visibleToPatient: true,
};

const night: SandboxRoom = {
  id: '5102',
  code: 'night',
  slug: 'night',
  name: 'Night clinic',
  timeZone: 'America/Los_Angeles',
  closed: true,
  walkIn: true,
  appointment: false,
  eConsult: false,
  consultations: [shortVisit],
};

export const rooms: readonly SandboxRoom[] = [
  {
    id: '5101',
    code: 'clinic',
    slug: 'clinic',
    name: 'Main clinic',
    timeZone: 'America/Los_Angeles',
    closed: false,
    walkIn: true,
    appointment: true,
    eConsult: true,
    consultations: [
      shortVisit,
      longVisit,
      {
        id: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a9903',
        description: 'Staff only',
        duration: 30,
        amount: 0,
        visibleToPatient: false,
      },
    ],
  },
  night,
  {
    ...night,
    id: '5103',
    code: 'econsult',
    slug: 'econsult',
    name: 'Written advice',
    closed: false,
    walkIn: false,
    eConsult: true,
  },
  {
    ...night,
    id: '5105',
    code: 'paid',
    slug: 'paid',
    name: 'Paid advice',
    closed: false,
    appointment: true,
    eConsult: true,
    consultations: [{ ...shortVisit, id: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a1506', amount: 30 }],
  },
  {
    ...night,
    id: '5106',
    code: 'second-opinion',
    slug: 'second-opinion',
    name: 'Paid advice of two kinds',
    closed: false,
    eConsult: true,
    consultations: [
      { ...shortVisit, id: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a1507', amount: 30 },
      { ...longVisit, id: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a3007', amount: 45 },
    ],
  },
  {
    id: '5104',
    code: 'berlin',
    slug: 'berlin-practice',
    name: 'Berlin practice',
    timeZone: 'Europe/Berlin',
    closed: false,
    walkIn: false,
    appointment: true,
    eConsult: false,
    consultations: [
      { ...longVisit, id: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a4904' },
      {
        ...longVisit,
        id: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a4905',
        description: 'Second opinion',
        amount: 45,
      },
    ],
  },
];
