import type { VendorError, VendorErrorKind } from '../domain/errors.ts';
import { parseJson } from './body.ts';
import type { CallReport, ErrorDetails } from './call-report.ts';
import { isDenial } from './denial.ts';
import type { Exchange, Refusal } from './exchange.ts';
import type { SignOfLife } from './gates.ts';
import { FetchFault, type LeanResponse } from './lean-fetch.ts';
import { parseRetryAfter } from './retry-after.ts';

/** An attempt that did not bring an answer. */
export interface Failed {
  life: SignOfLife;
  status: number | undefined;
  error: VendorError;
}

/** How one attempt ended. */
export type Outcome<Answer> =
  | Failed
  | { life: SignOfLife; status: number | undefined; answer: Answer; error?: never };

/** Kinds after which the vendor is not taken to be working. */
const faults: readonly VendorErrorKind[] = [
  'UNREACHABLE',
  'CONNECTION_LOST',
  'TIMED_OUT',
  'SERVER_ERROR',
  'TRUNCATED_BODY',
];

/** Whoever says in a 200 that it is none may have refused this one call, as with a 4xx. */
const isFault = ({ kind, status = 500 }: VendorError) =>
  faults.includes(kind) && (kind !== 'SERVER_ERROR' || status >= 500);

export const failed = (error: VendorError): Failed => ({
  error,
  status: error.status,
  life: error.kind === 'CANCELLED' ? 'NEITHER' : isFault(error) ? 'FAULT' : 'ALIVE',
});

/** The error of a status that is no success; the body is read for 4xx only. */
function statusError(
  status: number,
  body: () => unknown,
  headers: LeanResponse['headers'],
  now: number,
  refusal: Exchange<unknown>['refusal'],
): ErrorDetails {
  const retryAt = parseRetryAfter(headers['retry-after'], now, headers.date);
  if (status >= 500) {
    return { kind: 'SERVER_ERROR', status, mayHaveActed: true, retryAt };
  }
  if (status < 400) {
    // 302 and 303 may mean "done, look there"; 307 and 308 say that nothing was done here.
    return { kind: 'REDIRECTED', status, mayHaveActed: status === 302 || status === 303 };
  }
  if (status === 429) {
    return { kind: 'RATE_LIMITED', status, retryAt };
  }
  const said = read(() => refusal?.(status, body(), headers['www-authenticate']));
  return { ...refusalError(said, defaultKind(status)), status };
}

/** A door that trips over a body leaves the refusal what it is. */
function read(refusal: () => Refusal | undefined) {
  try {
    return refusal();
  } catch {
    return undefined;
  }
}

function defaultKind(status: number): VendorErrorKind {
  if (status === 401 || status === 403) {
    return 'CREDENTIAL_REFUSED';
  }
  return status === 404 || status === 410 ? 'NOT_FOUND' : 'REJECTED';
}

function refusalError(said: Refusal | undefined, otherwise: VendorErrorKind): ErrorDetails {
  const kind = said?.kind ?? otherwise;
  return {
    kind,
    mayHaveActed: kind === 'SERVER_ERROR',
    reason: said?.reason,
    fields: said?.fields,
  };
}

/** Judges an answer by status and body. */
function judge<Answer>(
  exchange: Exchange<Answer>,
  response: LeanResponse,
  now: number,
): { answer: Answer } | ErrorDetails {
  const { status } = response;
  const parsed = () => parseJson(response.bytes);
  if (status < 200 || status > 299) {
    const body = () => {
      const json = parsed();
      return 'value' in json ? json.value : undefined;
    };
    return statusError(status, body, response.headers, now, exchange.refusal);
  }
  const json = parsed();
  if ('fault' in json) {
    return json.fault === 'EMPTY_BODY' && 'emptyAnswer' in exchange
      ? { answer: exchange.emptyAnswer as Answer }
      : { kind: json.fault, status, mayHaveActed: true };
  }
  const said = exchange.verdict?.(json.value);
  if (said) {
    return { ...refusalError(said, 'REJECTED'), status };
  }
  if (isDenial(json.value)) {
    // Undocumented, so nobody knows what happened before the vendor said so.
    return { kind: 'SERVER_ERROR', status, mayHaveActed: true, reason: 'error_inside_success' };
  }
  const answer = exchange.answer.safeParse(json.value);
  return answer.success
    ? { answer: answer.data }
    : { kind: 'UNEXPECTED_SHAPE', status, mayHaveActed: true };
}

/** What an answer of any status means for the exchange. */
export function outcomeOf<Answer>(
  exchange: Exchange<Answer>,
  response: LeanResponse,
  now: number,
  report: CallReport,
): Outcome<Answer> {
  const { status } = response;
  try {
    const judged = judge(exchange, response, now);
    return 'answer' in judged
      ? { answer: judged.answer, status, life: 'ALIVE' }
      : failed(report.error(judged));
  } catch {
    // Nor does it turn a vendor's answer into a crash.
    return failed(report.error({ kind: 'UNEXPECTED_SHAPE', status, mayHaveActed: true }));
  }
}

const isNo = (status = 0) => status >= 400 && status < 500;

const isUnheardRefusal = (
  status: number | undefined,
  exchange: Pick<Exchange<unknown>, 'refusal' | 'repeatable'> | undefined,
) => isNo(status) && status !== 429 && exchange?.refusal !== undefined && exchange.repeatable;

/**
 * What a fault below HTTP means. An answer that said no before it broke off, or stalled, still said no; where
 * its words would tell what was refused, and asking again does no harm, it has to be heard out.
 * @param fair whether the vendor had enough time, so that a timeout says something about it
 */
export function outcomeOfFault(
  fault: unknown,
  now: number,
  fair: boolean,
  report: CallReport,
  exchange?: Pick<Exchange<unknown>, 'refusal' | 'repeatable'>,
): Failed {
  if (!(fault instanceof FetchFault)) {
    return failed(report.error({ kind: 'CONNECTION_LOST', mayHaveActed: true }));
  }
  const { kind, status, sent, headers } = fault;
  const ownEnd = kind === 'TIMED_OUT' || kind === 'CANCELLED';
  if (kind === 'TRUNCATED_BODY' && isUnheardRefusal(status, exchange)) {
    return failed(report.error({ kind, status }));
  }
  if (!ownEnd && status !== undefined && (status < 200 || status > 299)) {
    const said = statusError(status, () => undefined, headers, now, exchange?.refusal);
    return failed(report.error(said));
  }
  const mayHaveActed = sent && !isNo(status);
  const outcome = failed(report.error({ kind, status, mayHaveActed, reason: fault.code }));
  return kind === 'TIMED_OUT' && !fair ? { ...outcome, life: 'NEITHER' } : outcome;
}

/**
 * Whether an attempt had a fair chance: enough time, and not much less than its call had before it
 * stood in our own line. A vendor that is slow under our load answers late, but it answers.
 * @param left milliseconds at the attempt's begin
 * @param limit milliseconds that its class allows an attempt
 * @param whole milliseconds at the call's begin
 */
export const isFair = (left: number, limit: number, whole: number) =>
  left >= Math.min(limit, 1_000) && left >= 0.9 * Math.min(limit, whole);

/** A call for which there is no time left. */
export const outOfTime = (report: CallReport): Failed => ({
  ...failed(report.error({ kind: 'TIMED_OUT' })),
  life: 'NEITHER',
});
