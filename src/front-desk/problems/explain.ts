import type {
  ErrorReport,
  PorticoError,
  PorticoErrorCode,
  SourceFieldsFragment,
  SourceState,
  UserErrorCode,
  UserErrorFieldsFragment,
  Vendor,
} from '../../client/client.ts';
import { vendorName } from '../elements/vendors.ts';

/** What went wrong in the words of a front desk, and what to do next. */
export interface Explanation {
  what: string;
  next: string;
  /** For who looks after the gateway: its log has more under this. */
  reference?: string | undefined;
  /** RFC 3339: not before. */
  retryAt?: string | undefined;
}

const retry = 'Try again in a moment.';
const wait = 'Wait a minute, then try again.';
const operator = 'Tell whoever looks after Portico.';

/** `what` is null where the message says it, which of some codes is written for programmers. */
type Words<About> = (about: About) => readonly [what: string | null, next: string];

/** A gateway can be newer than this page, and answer with a code that no table here has. */
const wordsOf = <About>(table: Readonly<Record<string, Words<About> | undefined>>, code: string) =>
  table[code];

/** By the code of a failed request, or of a failed part of one. */
const requestWords: Readonly<Record<PorticoErrorCode, Words<string>>> = {
  NETWORK_ERROR: () => ['Portico could not be reached.', `Check the network. ${retry}`],
  BAD_RESPONSE: () => ['Portico gave an answer that makes no sense.', retry],
  UNAUTHENTICATED: () => [
    'You are not signed in any more.',
    'Try again to sign in again. What you have entered stays here.',
  ],
  FORBIDDEN: () => ['You may not see or do this.', 'Ask the clinic if you think you should.'],
  BAD_USER_INPUT: () => [null, operator],
  NOT_LINKED: (vendor) => [
    `The patient has no account at ${vendor}.`,
    'Onboard or connect the patient there first.',
  ],
  AUTHORIZATION_REQUIRED: (vendor) => [
    `${vendor} asks for the patient’s consent.`,
    'Connect the patient first.',
  ],
  NOT_CONFIGURED: (vendor) => [`This clinic does not use ${vendor}.`, operator],
  VENDOR_UNAVAILABLE: (vendor) => [`${vendor} cannot be reached at the moment.`, retry],
  VENDOR_TIMED_OUT: (vendor) => [`${vendor} did not answer in time.`, retry],
  VENDOR_RATE_LIMITED: (vendor) => [`${vendor} was asked too often.`, wait],
  VENDOR_REJECTED: () => [null, `If that should not be: ${operator}`],
  VENDOR_BAD_RESPONSE: (vendor) => [`${vendor} gave an answer that makes no sense.`, retry],
  RATE_LIMITED: () => ['Too much was asked in a short time.', wait],
  QUERY_TOO_COSTLY: () => [null, operator],
  GRAPHQL_PARSE_FAILED: () => [null, operator],
  GRAPHQL_VALIDATION_FAILED: () => [null, `Reload the page. If that does not help: ${operator}`],
  INTERNAL_SERVER_ERROR: () => ['Something went wrong in Portico.', `${retry} ${operator}`],
};

const named = (vendor: Vendor | null | undefined) =>
  vendor == null ? 'The vendor' : vendorName(vendor);

export function explainReport({ code, message, vendor, retryAt, requestId }: ErrorReport) {
  const [what, next] = wordsOf(requestWords, code)?.(named(vendor)) ?? [null, operator];
  return { what: what ?? message, next, retryAt, reference: requestId } satisfies Explanation;
}

export const explainError = ({ reports, code, message }: PorticoError): Explanation =>
  explainReport(reports[0] ?? { code, message });

/** By the state of a vendor in a list that gathers from several; those that are no fault are not here. */
const sourceCodes: Readonly<Partial<Record<SourceState, PorticoErrorCode>>> = {
  UNAVAILABLE: 'VENDOR_UNAVAILABLE',
  TIMED_OUT: 'VENDOR_TIMED_OUT',
  RATE_LIMITED: 'VENDOR_RATE_LIMITED',
  REJECTED: 'VENDOR_REJECTED',
};

/** Undefined where the vendor did answer, or has nothing to do with the patient. */
export function explainSource(source: SourceFieldsFragment): Explanation | undefined {
  const { state, vendor, message, retryAt } = source;
  const code = sourceCodes[state];
  return (
    code &&
    explainReport({ code, vendor, message: message ?? '', ...(retryAt !== null && { retryAt }) })
  );
}

/** What a refusal is about, and who reads of it. */
interface Refused {
  vendor: string;
  path: readonly string[];
  isStaff: boolean;
}

const lookAgain = 'Close this to see how it stands now.';
const again = 'Correct it and send it again.';

/** By the code of a refusal. */
const refusalWords: Readonly<Record<UserErrorCode, Words<Refused>>> = {
  INVALID_INPUT: () => [null, again],
  NOT_FOUND: ({ path }) => [null, path.includes('roomCode') ? again : lookAgain],
  ALREADY_EXISTS: ({ path, isStaff }) =>
    path.includes('patientId')
      ? ['The patient is onboarded already.', 'Make a new sign-in link instead.']
      : isStaff
        ? [
            'This person, or this e-mail, is in the register already.',
            'Go on with that record, or correct the entries.',
          ]
        : // A patient must not learn who else is in the register: they are told what the gateway tells them.
          [null, ''],
  ALREADY_LINKED: ({ isStaff }) => [
    null,
    isStaff
      ? `Check whom you have before you. If it is the right person, there may be two records of them. ${operator}`
      : 'Ask the clinic.',
  ],
  NOT_LINKED: () => [null, 'Close this, and onboard or connect the patient there first.'],
  IDENTITY_MISMATCH: () => [null, 'Check that both records are the same person.'],
  AUTHORIZATION_REQUIRED: ({ vendor }) => [
    `${vendor} asks for the patient’s consent.`,
    'Connect the patient first, then do this again.',
  ],
  AVAILABILITY_GONE: () => ['This time is no longer free.', 'Choose another one.'],
  NOT_CANCELLABLE: () => [null, lookAgain],
  NOT_RESCHEDULABLE: () => [null, lookAgain],
  ASAP_NOT_ENABLED: () => [
    null,
    'It stays booked. For an earlier time, look with “Reschedule” now and then.',
  ],
  NO_ORDER: () => [
    'The patient has no order yet.',
    'They have to answer the questions in the portal first.',
  ],
  NOT_CONFIGURED: () => ['This clinic has not set that up.', operator],
  UNSUPPORTED_BY_VENDOR: () => [null, 'Do it in the vendor’s own screens, or call them.'],
  VENDOR_REJECTED: () => [null, 'Check the entries, or ask the vendor why.'],
  VENDOR_UNAVAILABLE: ({ vendor }) => [
    `${vendor} cannot take this at the moment.`,
    'Try again: it will not be done twice.',
  ],
  OUTCOME_UNKNOWN: ({ vendor }) => [
    `${vendor} may have done this, or not.`,
    'Find out before you do anything else.',
  ],
  RATE_LIMITED: () => ['This was asked for too often. Nothing was done.', 'Try again later.'],
  IDEMPOTENCY_CONFLICT: () => [
    'This was sent before with other entries.',
    'Close this, see whether it was done, and start over if it was not.',
  ],
};

export function explainRefusal(error: UserErrorFieldsFragment, isStaff: boolean): Explanation {
  const { vendor, retryAt } =
    error.__typename === 'VendorUnavailableError' ? error : { vendor: null, retryAt: null };
  const about = { vendor: named(vendor), path: error.path ?? [], isStaff };
  const [what, next] = wordsOf(refusalWords, error.code)?.(about) ?? [null, operator];
  return { what: what ?? error.message, next, retryAt: retryAt ?? undefined };
}

/** What is wrong with a field of the input: `problemAt(errors, 'address', 'street')`. */
export const problemAt = (errors: readonly UserErrorFieldsFragment[], ...field: string[]) =>
  errors.find(({ path }) => path !== null && path.slice(1).join('.') === field.join('.'))?.message;
