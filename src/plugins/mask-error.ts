import { GraphQLError } from 'graphql';
import { CodedError, type ErrorCode, VendorError, type VendorErrorKind } from '../domain/errors.ts';
import { meaningOfRefusal } from '../domain/vendor-failure.ts';
import { withoutValue } from './without-value.ts';

const codeOfKind: Record<VendorErrorKind, ErrorCode> = {
  UNREACHABLE: 'VENDOR_UNAVAILABLE',
  SHED: 'VENDOR_UNAVAILABLE',
  CONNECTION_LOST: 'VENDOR_UNAVAILABLE',
  SERVER_ERROR: 'VENDOR_UNAVAILABLE',
  CANCELLED: 'VENDOR_UNAVAILABLE',
  TIMED_OUT: 'VENDOR_TIMED_OUT',
  RATE_LIMITED: 'VENDOR_RATE_LIMITED',
  AUTHORIZATION_REQUIRED: 'AUTHORIZATION_REQUIRED',
  CREDENTIAL_REFUSED: 'VENDOR_REJECTED',
  NOT_FOUND: 'VENDOR_REJECTED',
  REJECTED: 'VENDOR_REJECTED',
  REDIRECTED: 'VENDOR_BAD_RESPONSE',
  EMPTY_BODY: 'VENDOR_BAD_RESPONSE',
  NOT_JSON: 'VENDOR_BAD_RESPONSE',
  TRUNCATED_BODY: 'VENDOR_BAD_RESPONSE',
  BODY_TOO_LARGE: 'VENDOR_BAD_RESPONSE',
  UNEXPECTED_SHAPE: 'VENDOR_BAD_RESPONSE',
};

const messages: Partial<Record<ErrorCode, string>> = {
  VENDOR_UNAVAILABLE: 'The vendor cannot be reached at the moment. Try again later.',
  VENDOR_TIMED_OUT: 'The vendor did not answer in time. Try again later.',
  VENDOR_RATE_LIMITED: 'The vendor asks for fewer calls. Try again at `retryAt`.',
  VENDOR_BAD_RESPONSE: 'The vendor’s answer could not be understood.',
  AUTHORIZATION_REQUIRED:
    'The patient has to authorize access at this vendor; call connectPatientPortal.',
};

/** Undefined for an error that is none of ours: a fault of the program. */
function coded(
  error: unknown,
): { message: string; extensions: Record<string, unknown> } | undefined {
  if (error instanceof VendorError) {
    const code = codeOfKind[error.kind];
    const { vendor, retryAt } = error;
    return {
      message: messages[code] ?? meaningOfRefusal(error),
      extensions: { code, vendor, ...(retryAt && { retryAt: retryAt.toISOString() }) },
    };
  }
  if (error instanceof CodedError) {
    const { code, vendor, message } = error;
    const http = { status: 401, headers: { 'www-authenticate': 'Bearer' } };
    return {
      message,
      extensions: {
        code,
        ...(vendor !== undefined && { vendor }),
        ...(code === 'UNAUTHENTICATED' && { http }),
      },
    };
  }
  return undefined;
}

/** The store could not be used for now; its class is of another room. */
const isOutage = (error: unknown) =>
  error instanceof Error &&
  error.name === 'StoreError' &&
  ['UNAVAILABLE', 'TIMED_OUT', 'CONTENDED'].includes((error as { kind?: string }).kind ?? '');

/** Where in the document and answer it happened, without what graphql-js would have us repeat. */
const placeOf = ({ nodes, path }: GraphQLError) => ({
  ...(nodes && { nodes }),
  ...(path && { path }),
});

/** Words of the server below us that are not of the closed set. */
const codeOfProtocol: Readonly<Record<string, ErrorCode>> = {
  BAD_REQUEST: 'BAD_USER_INPUT',
  OPERATION_RESOLUTION_FAILURE: 'BAD_USER_INPUT',
};

/** The server below us leaves the reader without what to do. */
const messageOf = (error: GraphQLError, suggesting: boolean) =>
  error.extensions.code === 'OPERATION_RESOLUTION_FAILURE'
    ? 'Say with `operationName` which of the document’s operations is meant.'
    : withoutValue(error, suggesting);

const codeOfRefusal = ({ message, extensions }: GraphQLError) => {
  if (typeof extensions.code === 'string') {
    return codeOfProtocol[extensions.code] ?? extensions.code;
  }
  if (message.startsWith('Syntax Error')) {
    return 'GRAPHQL_PARSE_FAILED';
  }
  const aboutInput =
    /^Variable |invalid value|Expected value|must not be null|cannot represent|enum|JSON/;
  return aboutInput.test(message) ? 'BAD_USER_INPUT' : 'GRAPHQL_VALIDATION_FAILED';
};

/**
 * A request that is no GraphQL request is a 400 for every client; Yoga would say 200 to those who
 * accept `application/json`.
 */
const statusOf = ({ extensions }: GraphQLError) =>
  extensions.code === 'BAD_REQUEST'
    ? Object.assign({}, extensions.http, { spec: false })
    : extensions.http;

export interface Masking {
  requestId: string;
  /** Gets what was not expected. */
  onFault: (error: unknown) => void;
  /** Whether names of the schema may be told that the client did not give. */
  suggesting?: boolean;
}

/**
 * Only coded errors leave. Whatever else went wrong becomes INTERNAL_SERVER_ERROR with the request id,
 * under which the log has the rest.
 */
export function maskError(
  error: GraphQLError,
  { requestId, onFault, suggesting = false }: Masking,
): GraphQLError {
  const cause = error.originalError;
  const found = coded(cause);
  if (found !== undefined) {
    return new GraphQLError(found.message, {
      ...placeOf(error),
      extensions: { ...found.extensions, requestId },
    });
  }
  // A refusal by GraphQL itself, by a scalar of ours, or by the protocol (which brings its status).
  const { http: refusal } = error.extensions;
  if (cause == null || cause instanceof GraphQLError || refusal !== undefined) {
    return new GraphQLError(messageOf(error, suggesting), {
      ...placeOf(error),
      extensions: {
        code: codeOfRefusal(error),
        requestId,
        ...(refusal !== undefined && { http: statusOf(error) }),
      },
    });
  }
  onFault(cause);
  const outage = isOutage(cause);
  const message = outage
    ? 'The gateway cannot reach its own records at the moment. Try again; a write with the same idempotency key.'
    : 'Something went wrong here. Tell the operator the request id.';
  const http = outage ? { status: 503, headers: { 'retry-after': '1' } } : { status: 500 };
  return new GraphQLError(message, {
    ...placeOf(error),
    extensions: {
      code: 'INTERNAL_SERVER_ERROR',
      requestId,
      // Without data the whole request failed; with data only a part of it did.
      ...(error.path === undefined && { http }),
    },
  });
}
