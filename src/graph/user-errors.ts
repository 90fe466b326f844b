import {
  CodedError,
  type ErrorCode,
  type UserErrorCode,
  UserFailure,
  VendorError,
} from '../domain/errors.ts';
import type { Operation as OperationRecord } from '../domain/operations.ts';
import type { Availability } from '../domain/records.ts';
import type { VendorId } from '../domain/vendor.ts';
import { failureOfVendor } from '../domain/vendor-failure.ts';
import { Availability as AvailabilityType } from './availability.ts';
import { builder } from './builder.ts';
import { enumType } from './enum-type.ts';
import { Operation } from './operation.ts';
import { Vendor } from './vendor.ts';

/** Why a mutation was not done, as data of its payload. */

const UserErrorCodeType = enumType<UserErrorCode>()(
  'UserErrorCode',
  'Why a mutation was not done; for programs, as `message` is for people.',
  {
    INVALID_INPUT: 'An input field is wrong, or the vendor does not accept it; `path` names it.',
    NOT_FOUND: 'What the input names does not exist.',
    NOT_LINKED: 'The patient has no account at the vendor.',
    AUTHORIZATION_REQUIRED: 'The patient has to authorize first; see `connectPatientPortal`.',
    AVAILABILITY_GONE: 'The time is no longer free, or its id too old.',
    ALREADY_EXISTS: 'The record exists already.',
    ALREADY_LINKED: 'One side of the link is linked to somebody else.',
    IDENTITY_MISMATCH: 'The two records seem to be different people.',
    NOT_CANCELLABLE: 'The appointment can no longer be cancelled here.',
    NOT_RESCHEDULABLE: 'The appointment can no longer be moved here.',
    ASAP_NOT_ENABLED: 'The practice offers no ASAP list for it.',
    NO_ORDER: 'The patient has no order yet.',
    UNSUPPORTED_BY_VENDOR: 'The vendor does not offer that.',
    NOT_CONFIGURED: 'This deployment has no access to the vendor.',
    VENDOR_REJECTED: 'The vendor refused.',
    VENDOR_UNAVAILABLE: 'The vendor could not be reached: send it again with the same key.',
    RATE_LIMITED: 'Too many calls; try again later, at `retryAt` where that is known.',
    OUTCOME_UNKNOWN: 'The vendor’s answer was lost: it may or may not have been done.',
    IDEMPOTENCY_CONFLICT: 'The key was used with another input.',
  },
);

interface UserErrorShape {
  type: string;
  code: UserErrorCode;
  message: string;
  path: readonly string[] | null;
  alternatives?: readonly Availability[];
  authorizationUrl?: string | null;
  vendor?: VendorId | undefined;
  retryAt?: Date | null | undefined;
  operation?: OperationRecord | undefined;
}

export const UserError = builder.interfaceRef<UserErrorShape>('UserError').implement({
  description: 'Why a mutation was not done.',
  resolveType: ({ type }) => type,
  fields: (t) => ({
    code: t.expose('code', {
      type: UserErrorCodeType,
      nullable: false,
      description: 'For programs.',
    }),
    message: t.exposeString('message', { nullable: false, description: 'For people; may change.' }),
    path: t.stringList({
      description:
        'The input field, for example `["input", "birthDate"]`; null where no single one is meant.',
      resolve: ({ path }) => (path === null ? null : [...path]),
    }),
  }),
});

builder.objectRef<UserErrorShape>('GeneralUserError').implement({
  description: 'A reason that needs no further data.',
  interfaces: [UserError],
});

builder.objectRef<UserErrorShape>('AvailabilityGoneError').implement({
  description: 'The time is no longer free.',
  interfaces: [UserError],
  fields: (t) => ({
    alternatives: t.field({
      type: [AvailabilityType],
      nullable: false,
      description: 'Other times for the same purpose, where the vendor could be asked.',
      resolve: ({ alternatives }) => [...(alternatives ?? [])],
    }),
  }),
});

builder.objectRef<UserErrorShape>('AuthorizationRequiredError').implement({
  description: 'The patient’s authorization at the vendor is missing or dead.',
  interfaces: [UserError],
  fields: (t) => ({
    authorizationUrl: t.field({
      type: 'URL',
      description:
        'Where the patient authorizes; null where `connectPatientPortal` has to be called for it.',
      resolve: ({ authorizationUrl }) => authorizationUrl as never,
    }),
  }),
});

builder.objectRef<UserErrorShape>('VendorUnavailableError').implement({
  description:
    'The vendor did not take the call, could not be heard, or was not called because it had been too often; see `message`.',
  interfaces: [UserError],
  fields: (t) => ({
    vendor: t.field({
      type: Vendor,
      nullable: false,
      description: 'The vendor.',
      resolve: ({ vendor }) => vendor ?? '',
    }),
    retryAt: t.field({
      type: 'DateTime',
      description: 'When it is worth trying again, where that is known.',
      resolve: ({ retryAt }) => retryAt ?? null,
    }),
  }),
});

builder.objectRef<UserErrorShape>('OutcomeUnknownError').implement({
  description: 'The vendor’s answer was lost: the write may or may not have been done.',
  interfaces: [UserError],
  fields: (t) => ({
    operation: t.field({
      type: Operation,
      nullable: false,
      description: 'The write, for `reconcileOperation`.',
      resolve: ({ operation }) => operation as OperationRecord,
    }),
  }),
});

const general = (code: UserErrorCode, message: string, path: readonly string[] | null = null) => ({
  type: 'GeneralUserError',
  code,
  message,
  path,
});

/** Refusals that are about the task and so belong into the payload. */
const codesAsData: Partial<Record<ErrorCode, UserErrorCode>> = {
  BAD_USER_INPUT: 'INVALID_INPUT',
  NOT_LINKED: 'NOT_LINKED',
  NOT_CONFIGURED: 'NOT_CONFIGURED',
};

/** The type of a failure by its code, and what that type adds. */
function shapeOf({ code, message, details }: UserFailure): UserErrorShape {
  const { path = null, alternatives, authorizationUrl, vendor, retryAt, payload } = details;
  const plain = general(code, message, path);
  const operation = payload?.operation as OperationRecord | undefined;
  switch (code) {
    case 'AVAILABILITY_GONE':
      return {
        ...plain,
        type: 'AvailabilityGoneError',
        alternatives: (alternatives ?? []) as readonly Availability[],
      };
    case 'AUTHORIZATION_REQUIRED':
      return {
        ...plain,
        type: 'AuthorizationRequiredError',
        authorizationUrl: authorizationUrl ?? null,
      };
    case 'OUTCOME_UNKNOWN':
      return operation === undefined ? plain : { ...plain, type: 'OutcomeUnknownError', operation };
    case 'VENDOR_UNAVAILABLE':
    case 'RATE_LIMITED':
      return vendor === undefined
        ? plain
        : { ...plain, type: 'VendorUnavailableError', vendor, retryAt };
    default:
      return plain;
  }
}

/** One for each field that is meant; none for what is no refusal of the task and leaves as a top-level error. */
export function userErrorsOf(error: unknown): UserErrorShape[] {
  if (error instanceof UserFailure) {
    const first = shapeOf(error);
    const others = error.details.otherPaths ?? [];
    return [first, ...others.map((path) => ({ ...first, path }))];
  }
  if (error instanceof VendorError) {
    return userErrorsOf(failureOfVendor(error));
  }
  if (error instanceof CodedError) {
    const code = codesAsData[error.code];
    return code ? [general(code, error.message, code === 'INVALID_INPUT' ? ['input'] : null)] : [];
  }
  return [];
}

export type { UserErrorShape };
