/** Invented people and an invented practice. */

export interface PortalPerson {
  username: string;
  password: string;
  /** The portal's own patient id; clients see a pairwise `sub` instead. */
  accountId: string;
  first_name: string;
  last_name: string;
  born_on: string;
  gender: string;
  email: string;
  mobile: string;
  insurance_id: number | null;
}

const person = (
  username: string,
  accountId: string,
  rest: Omit<PortalPerson, 'username' | 'password' | 'accountId' | 'email'>,
): PortalPerson => ({
  username,
  password: `${username}-sandbox`,
  accountId,
  email: `${rest.first_name}.${rest.last_name}@example.com`.toLowerCase(),
  ...rest,
});

export const people: readonly PortalPerson[] = [
  person('ana', 'pf530aafb01', {
    first_name: 'Ana',
    last_name: 'Silva',
    born_on: '1988-02-11',
    gender: 'female',
    mobile: '+15550104477',
    insurance_id: 136,
  }),
  person('ben', 'pf530aafb02', {
    first_name: 'Ben',
    last_name: 'Okafor',
    born_on: '1975-09-30',
    gender: 'male',
    mobile: '+15550104478',
    insurance_id: 137,
  }),
  person('chloe', 'pf530aafb03', {
    first_name: 'Chloe',
    last_name: 'Meyer',
    born_on: '1992-06-05',
    gender: 'female',
    mobile: '+15550104479',
    insurance_id: 136,
  }),
  person('david', 'pf530aafb04', {
    first_name: 'David',
    last_name: 'Rossi',
    born_on: '1950-12-24',
    gender: 'male',
    mobile: '+15550104480',
    insurance_id: null,
  }),
];

export const address = {
  street: '1 Sandbox Street',
  zip: '90012',
  city: 'Los Angeles',
  country: 'US',
};

export const practice = { id: '5y2ws8b5hw4ab7yf', name: 'MVZ Sandkasten München' };

export const insurances = [
  { id: 136, name: 'Techniker Krankenkasse', type: 'public', valid_until: null },
  { id: 137, name: 'Sandkasten Privatversicherung', type: 'private', valid_until: null },
  { id: 138, name: 'Selbstzahler', type: 'self_payer', valid_until: null },
];

export interface PortalCategory {
  id: number;
  name: string;
  subtitle: string | null;
  description: string | null;
  photo_url: string | null;
  /** Insurances it is tied to; null for all. Not sent. */
  insurances: readonly number[] | null;
}

export const categories: readonly PortalCategory[] = [
  {
    id: 53,
    name: 'Radiology',
    subtitle: 'Radiologist',
    description:
      '<p>R&ouml;ntgen, CT &amp; MRT in unserer&nbsp;Praxis.</p><script>window.stolen = document.cookie</script>\n',
    photo_url: '//images.portal.example.test/radiology.png',
    insurances: null,
  },
  {
    id: 54,
    name: 'Dermatology',
    subtitle: null,
    description: null,
    photo_url: null,
    insurances: [137, 138],
  },
];

export interface PortalQuestion {
  name: string;
  required: boolean;
  type: string;
  config: { values?: string; emptyText?: string; restriction?: string; multi?: string };
}

export interface PortalType {
  id: number;
  categoryId: number;
  name: string;
  description: string | null;
  duration: number | string;
  asap: boolean;
  video: boolean;
  questions: readonly PortalQuestion[] | null;
  /** Local times of day at which it can be booked, Monday to Friday. */
  times: readonly string[];
}

export const types: readonly PortalType[] = [
  {
    id: 198,
    categoryId: 53,
    name: 'Sprechstunde',
    description:
      '<p>Bitte bringen Sie Ihre&nbsp;Karte mit. <img src=x onerror="alert(1)"> F&uuml;r Geübte &lt;3</p>\n',
    duration: 20,
    asap: true,
    video: false,
    questions: null,
    times: ['08:30', '10:00', '11:30', '14:00', '16:30'],
  },
  {
    id: 199,
    categoryId: 53,
    name: 'Video consultation',
    description: null,
    duration: '00:15',
    asap: false,
    video: true,
    questions: null,
    times: ['09:05', '15:00'],
  },
  {
    id: 200,
    categoryId: 53,
    name: 'MRT',
    description: '<p>Mit Fragebogen.</p>\n',
    duration: '01:10',
    asap: false,
    video: false,
    questions: [
      { name: 'Größe in cm', required: true, type: 'textfield', config: { emptyText: '170' } },
      {
        name: 'Herzschrittmacher',
        required: true,
        type: 'combo',
        config: { values: 'Ja\nNein\nUnbekannt' },
      },
      {
        name: 'Letzte Untersuchung',
        required: false,
        type: 'date',
        config: { restriction: 'past' },
      },
      {
        name: 'Allergien',
        required: false,
        type: 'checkbox',
        config: { values: 'Jod\r\nLatex', multi: 'on' },
      },
      { name: 'Bemerkung', required: false, type: 'textarea', config: {} },
    ],
    times: ['07:45', '13:00'],
  },
  {
    id: 201,
    categoryId: 54,
    name: 'Hautscreening',
    description: null,
    duration: 30,
    asap: true,
    video: false,
    questions: null,
    times: ['09:00', '12:15'],
  },
];

/** Appointments that exist when the sandbox starts. `days`: ahead of the start, then the next weekday. */
export const seeds = [
  { id: 'xbCuVVTNU6rT6E5m8p6Y8h7opzAa', username: 'ana', typeId: 199, days: 3, time: '15:00' },
  {
    id: 'xbCuVVTNU6rT6E5m8p6Y8h7opzAb',
    username: 'ana',
    typeId: 198,
    days: 14,
    time: '14:00',
    asapEmail: 'ana.silva@example.com',
  },
  {
    id: 'xbCuVVTNU6rT6E5m8p6Y8h7opzAc',
    username: 'ana',
    typeId: 198,
    days: 7,
    time: '10:00',
    cancelled: true,
  },
  { id: 'xbCuVVTNU6rT6E5m8p6Y8h7opzBa', username: 'ben', typeId: 198, days: 5, time: '08:30' },
] as const satisfies readonly {
  id: string;
  username: string;
  typeId: number;
  days: number;
  time: string;
  asapEmail?: string;
  cancelled?: boolean;
}[];
