import { DrizzleQueryError } from 'drizzle-orm';
import { badInput, CodedError } from '../domain/errors.ts';

/** What a failure of the store means for its caller. */
export type StoreErrorKind =
  /** No connection, none free in time, or a server that cannot write now: perhaps later. */
  | 'UNAVAILABLE'
  /** The statement took longer than is allowed. */
  | 'TIMED_OUT'
  /** Others kept changing the same rows. */
  | 'CONTENDED'
  /** A rule of the tables was broken, for example a patient that does not exist. */
  | 'CONSTRAINT'
  /** The row that was to be changed does not exist. */
  | 'MISSING'
  /** The folder or database cannot be used as it is: an operator has to act. */
  | 'UNUSABLE'
  /** A sealed value does not open: it was changed, or its key is in neither `ENCRYPTION_KEY…`. */
  | 'UNREADABLE'
  | 'FAULT';

const meanings: Record<StoreErrorKind, string> = {
  UNAVAILABLE: 'The database cannot be reached.',
  TIMED_OUT: 'The database did not answer in time.',
  CONTENDED: 'The database is too contended.',
  CONSTRAINT: 'The database refused a change that breaks a rule of its tables.',
  MISSING: 'The row to change does not exist.',
  UNUSABLE: 'The database cannot be used.',
  UNREADABLE:
    'A sealed value cannot be opened: it was changed, or its key is missing from ENCRYPTION_KEYS_OLD.',
  FAULT: 'The database failed.',
};

/**
 * A failure of the store. Neither its message nor its fields hold SQL, a parameter, a row or a
 * connection string, and it has no `cause` that could: it is safe to log.
 */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  /** @param code SQLSTATE or the system's error code, where there was one */
  constructor(
    readonly kind: StoreErrorKind,
    message: string = meanings[kind],
    readonly code?: string,
  ) {
    super(message);
  }
}

/** The SQLSTATE or system error code somewhere in a chain of causes. */
export function codeOf(error: unknown): string | undefined {
  for (let link = error, depth = 0; link instanceof Error && depth < 5; depth += 1) {
    const { code } = link as { code?: unknown };
    if (typeof code === 'string' && /^[A-Z0-9_]{5,40}$/.test(code)) {
      return code;
    }
    link = link.cause;
  }
  return undefined;
}

const lostConnection =
  /connection terminated|connection timeout|timeout exceeded when trying to connect|client has encountered a connection error|not queryable|after calling end on the pool|is closed/i;
const slowAnswer = /query read timeout/i;

function saysAnywhere(error: unknown, pattern: RegExp): boolean {
  for (let link = error, depth = 0; link instanceof Error && depth < 5; depth += 1) {
    // Drizzle's message quotes statement and parameters: only the driver's own says what happened.
    if (!('query' in link && 'params' in link && link.cause) && pattern.test(link.message)) {
      return true;
    }
    link = link.cause;
  }
  return false;
}

function kindOf(error: unknown, code: string | undefined): StoreErrorKind {
  if (code === undefined) {
    if (saysAnywhere(error, slowAnswer)) {
      return 'TIMED_OUT';
    }
    return saysAnywhere(error, lostConnection) ? 'UNAVAILABLE' : 'FAULT';
  }
  // 53 and 58: disk, memory or connections are used up, or the disk fails; 25006: it only reads.
  if (/^(E[A-Z_]{3,}|08...|57P0.|53...|58...|25006|28...|3D000)$/.test(code)) {
    return 'UNAVAILABLE';
  }
  if (/^(57014|55P03)$/.test(code)) {
    return 'TIMED_OUT';
  }
  if (/^40/.test(code)) {
    return 'CONTENDED';
  }
  return /^23/.test(code) ? 'CONSTRAINT' : 'FAULT';
}

/** What a unique index refused: there is one already. */
export const isTaken = (error: unknown) => error instanceof StoreError && error.code === '23505';

/** Serialization failure and deadlock: the whole transaction may simply be run again. */
export const isTransient = (error: unknown) => ['40001', '40P01'].includes(codeOf(error) ?? '');

/** What leaves the store instead of an error of the database, its driver or Drizzle. */
export function withoutDetails(error: unknown): StoreError | CodedError {
  // Drizzle wraps what the engine throws, which may be ours.
  const own = error instanceof DrizzleQueryError ? error.cause : error;
  if (own instanceof StoreError || own instanceof CodedError) {
    return own;
  }
  const code = codeOf(error);
  // PostgreSQL cannot keep a NUL character in a text; nothing else in here is a client's doing.
  return code === '22021' || code === '22P05'
    ? badInput('A text holds a character that cannot be stored.')
    : new StoreError(kindOf(error, code), undefined, code);
}
