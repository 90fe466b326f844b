import type {
  ErrorReport,
  PorticoError,
  SourceFieldsFragment,
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

type Words = Readonly<
  Record<string, ((vendor: string) => [what: string, next: string]) | undefined>
>;

/** By the code of a failed request, or of a failed part of one. */
const requestWords: Words = {
  NETWORK_ERROR: () => ['Portico could not be reached.', `Check the network. ${retry}`],
  BAD_RESPONSE: () => ['Portico gave an answer that makes no sense.', retry],
  UNAUTHENTICATED: () => ['You are not signed in any more.', 'Reload the page to sign in again.'],
  FORBIDDEN: () => ['You may not see or do this.', 'Ask the clinic if you think you should.'],
  NOT_LINKED: (vendor) => [`The patient has no account at ${vendor}.`, ''],
  AUTHORIZATION_REQUIRED: (vendor) => [
    `${vendor} asks for the patient’s consent.`,
    'Connect the patient first.',
  ],
  NOT_CONFIGURED: (vendor) => [`This clinic does not use ${vendor}.`, ''],
  VENDOR_UNAVAILABLE: (vendor) => [`${vendor} cannot be reached at the moment.`, retry],
  VENDOR_TIMED_OUT: (vendor) => [`${vendor} did not answer in time.`, retry],
  VENDOR_RATE_LIMITED: (vendor) => [`${vendor} was asked too often.`, wait],
  VENDOR_REJECTED: (vendor) => [`${vendor} refused this.`, operator],
  VENDOR_BAD_RESPONSE: (vendor) => [`${vendor} gave an answer that makes no sense.`, retry],
  RATE_LIMITED: () => ['Too much was asked in a short time.', wait],
  INTERNAL_SERVER_ERROR: () => ['Something went wrong in Portico.', `${retry} ${operator}`],
};

const named = (vendor: Vendor | null | undefined) =>
  vendor == null ? 'The vendor' : vendorName(vendor);

export function explainReport({ code, message, vendor, retryAt, requestId }: ErrorReport) {
  const [what, next] = requestWords[code]?.(named(vendor)) ?? [message, operator];
  return { what, next, retryAt, reference: requestId } satisfies Explanation;
}

export const explainError = ({ reports, code, message }: PorticoError): Explanation =>
  explainReport(reports[0] ?? { code, message });

/** By the state of a vendor in a list that gathers from several; those that are no fault are not here. */
const sourceCodes: Readonly<Record<string, ErrorReport['code'] | undefined>> = {
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

/** Codes whose message is written for programmers; the others say what is wrong in this very case. */
const refusalWords: Words = {
  AUTHORIZATION_REQUIRED: (vendor) => [
    `${vendor} asks for the patient’s consent.`,
    'Connect the patient first, then do this again.',
  ],
  AVAILABILITY_GONE: () => ['This time is no longer free.', 'Choose another one.'],
  VENDOR_UNAVAILABLE: (vendor) => [
    `${vendor} cannot take this at the moment.`,
    'Try again: it will not be done twice.',
  ],
  RATE_LIMITED: () => ['This was asked for too often. Nothing was done.', 'Try again later.'],
  IDEMPOTENCY_CONFLICT: () => ['This was sent before with other entries.', 'Start over.'],
  NO_ORDER: () => ['The patient has no order yet.', ''],
};

/** A patient must not learn who else is in the register: they are told what the gateway tells them. */
function existsWords({ path }: UserErrorFieldsFragment, isStaff: boolean) {
  if (path?.includes('patientId')) {
    return ['The patient is onboarded already.', 'Make a new sign-in link instead.'] as const;
  }
  return isStaff
    ? ([
        'This person, or this e-mail, is in the register already.',
        'Go on with that record, or correct the entries.',
      ] as const)
    : undefined;
}

const nextAfter: Readonly<Record<string, string | undefined>> = {
  INVALID_INPUT: 'Correct it and send it again.',
  NOT_LINKED: 'Link the account first.',
  VENDOR_REJECTED: 'Check the entries, or ask the vendor why.',
  IDENTITY_MISMATCH: 'Check that both records are the same person.',
};

export function explainRefusal(error: UserErrorFieldsFragment, isStaff: boolean): Explanation {
  const vendor = error.__typename === 'VendorUnavailableError' ? error.vendor : undefined;
  const retryAt = error.__typename === 'VendorUnavailableError' ? error.retryAt : null;
  const words =
    error.code === 'ALREADY_EXISTS'
      ? existsWords(error, isStaff)
      : refusalWords[error.code]?.(named(vendor));
  const [what, next] = words ?? [error.message, nextAfter[error.code] ?? ''];
  return { what, next, retryAt: retryAt ?? undefined };
}

/** What is wrong with a field of the input: `problemAt(errors, 'address', 'street')`. */
export const problemAt = (errors: readonly UserErrorFieldsFragment[], ...field: string[]) =>
  errors.find(({ path }) => path !== null && path.slice(1).join('.') === field.join('.'))?.message;
