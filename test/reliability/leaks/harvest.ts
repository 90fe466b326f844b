import { sandboxPeople } from '../../../src/sandbox/people.ts';
import type { ReceivedCall } from '../../../src/sandbox/simulator.ts';
import { people as portalPeople } from '../../../src/vendors/my-patient-portal/fixtures.ts';
import { nimbusOf, queueOf } from '../../support/asked-mutation.ts';
import type { TestGateway } from '../../support/gateway.ts';
import { portalOf, vseeOf } from '../../support/simulators.ts';
import type { Needles } from './needles.ts';

/** Where the values come from that must not get out: fixtures, configuration, simulators and answers. */

/** What everybody may know: names of users, accounts and clients. */
const isCredential = /PASSWORD|SECRET|API_KEY|ADMIN_TOKEN|ENCRYPTION_KEY/;

/** Credentials of a process's environment, as they are and as they are sent. */
export function addCredentials(needles: Needles, environment: Readonly<Record<string, string>>) {
  for (const [name, value] of Object.entries(environment)) {
    if (isCredential.test(name)) {
      needles.add('credential', name, value);
    }
    const user = environment[name.replace(/PASSWORD$/, 'USERNAME')];
    if (name.endsWith('PASSWORD') && user !== undefined) {
      needles.add(
        'credential',
        `${name} as Basic`,
        Buffer.from(`${user}:${value}`).toString('base64'),
      );
    }
  }
  const { DATABASE_URL } = environment;
  if (DATABASE_URL !== undefined) {
    needles.add(
      'credential',
      'password of DATABASE_URL',
      new URL(DATABASE_URL).password,
      DATABASE_URL,
    );
  }
}

interface Person {
  firstName: string;
  lastName: string;
  birthDate?: string | null | undefined;
  email?: string | null | undefined;
  phone?: string | null | undefined;
}

/** @param kind of the values; names alone only where they cannot be a word of ours */
function addPerson(needles: Needles, { firstName, lastName, birthDate, email, phone }: Person) {
  const add = (what: string, ...values: (string | null | undefined)[]) =>
    needles.add('person', what, ...values);
  add(
    'full name',
    `${firstName} ${lastName}`,
    `${lastName} ${firstName}`,
    `${lastName}, ${firstName}`,
  );
  add('last name', lastName);
  add(
    'birth date',
    birthDate,
    birthDate?.replaceAll('-', ''),
    birthDate?.split('-').reverse().join('.'),
  );
  add('e-mail', email);
  add('phone', phone, phone?.replace(/^\+1?/, ''));
}

/** The people of the sandbox's fixtures, and whoever got into a simulator's state since. */
export function addPeople(needles: Needles, gateway: TestGateway): void {
  for (const person of sandboxPeople) {
    addPerson(needles, person);
  }
  for (const { first_name, last_name, born_on, email, mobile, password } of portalPeople) {
    addPerson(needles, {
      firstName: first_name,
      lastName: last_name,
      birthDate: born_on,
      email,
      phone: mobile,
    });
    needles.add('credential', 'password of a portal login', password);
  }
  for (const { person } of nimbusOf(gateway).state.users.values()) {
    addPerson(needles, {
      ...{ firstName: person.first_name, lastName: person.last_name, birthDate: person.dob },
      ...{ email: person.email, phone: person.phone_number },
    });
  }
  for (const { firstName, lastName, birthDate, email, phone } of vseeOf(
    gateway,
  ).state.users.values()) {
    addPerson(needles, { firstName, lastName, birthDate, email, phone });
  }
  for (const vendor of ['CERBO', 'MD_HQ'] as const) {
    for (const chart of queueOf(gateway, vendor).state.patients) {
      addPerson(needles, {
        ...{ firstName: chart.first_name, lastName: chart.last_name, birthDate: chart.dob },
        ...{ email: chart.email1, phone: chart.phone_mobile },
      });
      needles.add('person', 'e-mail', chart.email2);
    }
  }
}

const issued = (needles: Needles, what: string, ...values: (string | null | undefined)[]) =>
  needles.add('issued secret', what, ...values);

/** Headers that hold credentials, and bodies that hold what only its holder may know. */
function addReceived(needles: Needles, call: ReceivedCall): void {
  const { authorization, 'x-apitoken': token } = call.headers;
  issued(
    needles,
    'authorization of a vendor call',
    authorization?.replace(/^\w+ +/, ''),
    String(token ?? ''),
  );
}

/** What simulators have issued so far; to be called before anything is forgotten. */
export function addIssued(needles: Needles, gateway: TestGateway): void {
  const nimbus = nimbusOf(gateway).state;
  issued(needles, 'one-time token of Nimbus', ...nimbus.tokens.keys());
  issued(needles, 'session of Nimbus', ...nimbus.sessions.keys());
  const vsee = vseeOf(gateway).state;
  issued(needles, 'SSO token of VSee', ...vsee.tokens.keys());
  for (const { oneTimeToken, code } of vsee.visits.values()) {
    issued(needles, 'one-time link of VSee', oneTimeToken, code);
  }
  issued(needles, 'token or code of MyPatientPortal', ...portalOf(gateway).issuedSecrets());
  for (const { calls } of Object.values(gateway.sandbox.simulators)) {
    for (const call of calls) {
      addReceived(needles, call);
    }
  }
}

/** Parameters of an address that let their holder in, or that a login is bound by. */
const secretParameters = /token|code|state|nonce|portal_connection/;

/** An address that was handed to somebody, and what in it is secret. */
export function addLink(needles: Needles, what: string, address: string): void {
  const url = new URL(address);
  const secrets = [...url.searchParams].filter(
    ([name, value]) => secretParameters.test(name) && value.length >= 16,
  );
  const inPath = url.pathname.split('/').filter((part) => /^[\w-]{24,}$/.test(part));
  issued(needles, what, ...secrets.map(([, value]) => value), ...inPath);
  if (secrets.length + inPath.length > 0) {
    issued(needles, what, address);
  }
}

/** Every link in the data of an answer. */
export function addLinksIn(needles: Needles, data: unknown, name = 'link'): void {
  if (typeof data === 'string') {
    if (/^https?:\/\//.test(data) && URL.canParse(data)) {
      addLink(needles, name, data);
    }
  } else if (typeof data === 'object' && data !== null) {
    for (const [key, value] of Object.entries(data)) {
      addLinksIn(needles, value, Array.isArray(data) ? name : key);
    }
  }
}
