import type { Refusal } from '../../http/exchange.ts';
import { isRecord } from '../../http/is-record.ts';

/** `{ error: { message } }` or `{ message }`: both occur. The text goes no further than here. */
function readMessage(body: unknown): string | undefined {
  const holder = isRecord(body) && isRecord(body.error) ? body.error : body;
  const message = isRecord(holder) ? holder.message : undefined;
  return typeof message === 'string' ? message : undefined;
}

const noRoute: Refusal = { kind: 'REJECTED', reason: 'route_absent' };

/**
 * A tenant may lack routes that the documentation lists. The answer is a 404 like any other; only its
 * message may tell. Where it does not, the route's absence is a plain NOT_FOUND to us.
 */
const speaksOfRoute = (body: unknown) =>
  /\b(route|endpoint|not enabled|not available for)\b/i.test(readMessage(body) ?? '');

/** The transport's defaults are right for the rest: 401 and 403 are ours, 404 is NOT_FOUND. */
export const readRefusal = (status: number, body: unknown): Refusal | undefined =>
  status === 404 && speaksOfRoute(body) ? noRoute : undefined;

/** No e-mail on file, inactive, deceased: the vendor's texts are no code, so there is one reason. */
export const readInviteRefusal = (status: number, body: unknown): Refusal | undefined =>
  status === 422 ? { kind: 'REJECTED', reason: 'not_invitable' } : readRefusal(status, body);

/** A 200 can say no: `result: false`, or an `error` that says something. */
export function readVerdict(body: unknown): Refusal | undefined {
  if (!isRecord(body)) {
    return undefined;
  }
  const no = [false, 0, 'false', '0'].some((word) => word === body.result);
  const { error } = body;
  const isError = isRecord(error)
    ? Object.keys(error).length > 0
    : typeof error === 'string' && error !== '';
  return no || isError ? { kind: 'REJECTED' } : undefined;
}

/** The same of an invitation: whatever is said in a 200, the reason is `not_invitable`. */
export function readInviteVerdict(body: unknown): Refusal | undefined {
  const refusal = readVerdict(body);
  return refusal && { ...refusal, reason: 'not_invitable' };
}
