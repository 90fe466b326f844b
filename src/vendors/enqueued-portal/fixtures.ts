/** The invented people of both clinics; every clinic has its own ids. */

/** As kept by the simulator, in the vendors' own words. */
export interface SandboxPatient {
  id: number;
  first_name: string;
  last_name: string;
  dob: string;
  sex: 'M' | 'F' | '?';
  email1: string | null;
  email2: string | null;
  phone_mobile: string | null;
  patient_status_description: 'prospective' | 'active' | 'inactive' | 'deceased';
}

/** An item of the queue without what the simulator adds. */
export interface SandboxRequestSeed {
  pt_id: number;
  request_type: string;
  title: string | null;
  content: string | null;
  notes: string | null;
  associated_resource_id: number | null;
  associated_resource_type: string | null;
  /** UTC, without a zone mark. */
  created: string;
}

export interface SandboxClinic {
  patients: SandboxPatient[];
  requests: SandboxRequestSeed[];
}

type Person = [firstName: string, lastName: string, dob: string, sex: 'M' | 'F' | '?'];

/** The five whom all simulators know, then people who make searching and paging mean something. */
const people: readonly Person[] = [
  ['Ana', 'Silva', '1988-02-11', 'F'],
  ['Ben', 'Okafor', '1975-09-30', 'M'],
  ['Chloe', 'Meyer', '1992-06-05', 'F'],
  ['David', 'Rossi', '1950-12-24', 'M'],
  ['Emi', 'Tanaka', '2001-03-17', 'F'],
  ['Farid', 'Haddad', '1969-01-08', 'M'],
  ['Greta', 'Lindqvist', '1983-11-19', 'F'],
  ['Hugo', 'Silva', '1979-04-02', 'M'],
  ['Ines', 'Silva', '2010-08-23', 'F'],
  ['Jonas', 'Weber', '1996-12-31', 'M'],
  ['Kira', 'Novak', '1987-05-14', 'F'],
  ['Liam', 'Byrne', '1958-10-10', 'M'],
  ['Mona', 'Fischer', '1991-02-28', '?'],
  ['Noor', 'Rahman', '1999-07-07', 'F'],
  ['Oskar', 'Nielsen', '1964-03-03', 'M'],
  ['Paula', 'Silva', '1973-06-18', 'F'],
  ['Quentin', 'Dubois', '1948-09-09', 'M'],
  ['Rosa', 'Moreno', '1985-01-25', 'F'],
  ['Samuel', 'Adeyemi', '2003-04-30', 'M'],
  ['Tessa', "O'Brien", '1994-08-12', 'F'],
  ['Umar', 'Siddiqui', '1977-11-05', 'M'],
  ['Vera', 'Kovacs', '1962-02-02', 'F'],
  ['Willem', 'de Vries', '1981-12-01', 'M'],
  ['Xenia', 'Petrova', '1998-05-20', 'F'],
  ['Yusuf', 'Demir', '1956-07-29', 'M'],
];

const address = (firstName: string, lastName: string) =>
  `${firstName}.${lastName}@example.com`.toLowerCase().replaceAll(/[' ]/g, '');

function patients(firstId: number): SandboxPatient[] {
  return people.map(([firstName, lastName, dob, sex], index) => ({
    id: firstId + index,
    first_name: firstName,
    last_name: lastName,
    dob,
    sex,
    email1: address(firstName, lastName),
    email2: null,
    phone_mobile: `(555) 010-${4477 + index}`,
    patient_status_description: 'active',
  }));
}

/** A questionnaire is submitted with an HTML rendering of whatever a patient typed. */
const intake = `<h2>New patient intake</h2>
<p>Allergies: <b>penicillin</b> &amp; nuts</p>
<script>document.title = 'sandbox script ran'</script>
<p onclick="document.title = 'sandbox handler ran'">Pain for <i>three</i> days
<img src="x" onerror="document.title = 'sandbox image ran'">
<a href="javascript:document.title = 'sandbox link ran'">details</a>
<a href="https://clinic.example.test/forms/1">form</a></p>`;

type Request = [
  person: number,
  type: string,
  title: string | null,
  content: string | null,
  notes: string | null,
  resource: string | null,
  created: string,
];

/** `person` counts from 0 in the list of people. */
const requests: readonly Request[] = [
  [0, 'questionnaire', 'New patient intake', intake, null, 'pt_qs', '2026-02-11 17:42:08'],
  [0, 'rx', 'Lisinopril 10 mg', null, 'New prescription', 'pt_rx', '2026-02-12 08:00:00'],
  [
    0,
    'rx_refill',
    'Refill: Lisinopril 10 mg',
    null,
    'Please renew before travel',
    'pt_rx',
    '2026-02-13 23:59:59',
  ],
  [
    0,
    'secure_message',
    'Question about my results',
    '<p>When may I call?</p>',
    'Mornings suit me best',
    null,
    '2026-02-14 00:00:01',
  ],
  [0, 'supplement', 'Vitamin D 1000 IU', null, null, 'pt_supplement', '2026-02-15 12:30:00'],
  [0, 'kiosk_checkin', null, 'Arrived at the front desk', null, null, '2026-02-16 09:15:00'],
  [0, 'appointment', 'Appointment wanted', 'Next week, please', null, null, '2026-02-17 10:00:00'],
  [1, 'demographics', 'New address', '2 Sandbox Street', null, null, '2026-03-01 14:00:00'],
  [1, 'document', 'Insurance card', null, null, 'pt_document', '2026-03-02 15:00:00'],
  [
    2,
    'questionnaire',
    'Follow-up form',
    '<p>Feeling better</p>',
    null,
    null,
    '2026-03-03 16:00:00',
  ],
  [7, 'rx_refill', 'Refill: Metformin 500 mg', null, null, 'pt_rx', '2026-03-04 17:00:00'],
];

/**
 * A clinic of five known and twenty more people with a queue.
 * @param firstId id of Ana; the others count on from it
 */
export function createClinic(firstId: number): SandboxClinic {
  return {
    patients: patients(firstId),
    requests: requests.map(([person, type, title, content, notes, resource, created], index) => ({
      pt_id: firstId + person,
      request_type: type,
      title,
      content,
      notes,
      associated_resource_id: resource === null ? null : 801 + index,
      associated_resource_type: resource,
      created,
    })),
  };
}

/** A clinic in which one of the people differs. */
export const withPatient = (
  clinic: SandboxClinic,
  id: number,
  change: Partial<SandboxPatient>,
): SandboxClinic => ({
  ...clinic,
  patients: clinic.patients.map((patient) =>
    patient.id === id ? { ...patient, ...change } : patient,
  ),
});
