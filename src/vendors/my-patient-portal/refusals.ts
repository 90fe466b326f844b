import type { FieldPath } from '../../domain/errors.ts';
import type { Refusal } from '../../http/exchange.ts';

/** The machine-readable reasons of this door, see section 6 of the contract. */
const reasons = [
  'slot_unavailable',
  'not_cancellable',
  'not_reschedulable',
  'asap_not_enabled',
  'asap_not_subscribed',
  'attendant_blocked',
  'validation_failed',
  'structured_comment_invalid',
  'insurance_not_allowed',
  'insufficient_scope',
] as const;
type Reason = (typeof reasons)[number];

export interface Expectation {
  /** A booking or move: the sibling answers a lost slot with 400 and a sentence. */
  takesSlot?: boolean;
  /** The call names an insurance: the sibling's only 403 is about it. */
  namesInsurance?: boolean;
  /** The call has an `email` and no answers to questions. */
  takesEmail?: boolean;
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** The texts of a text, of a list of them, or of an object by field, as its framework words errors. */
const textsIn = (value: unknown, deepest = 2): string[] => {
  if (typeof value === 'string') {
    return [value];
  }
  const isMore = typeof value === 'object' && value !== null && deepest > 0;
  return isMore ? Object.values(value).flatMap((one) => textsIn(one, deepest - 1)) : [];
};

/** What a body says, by whichever of the vendor's keys exists. Only looked at, never passed on. */
function statements(body: unknown): string[] {
  const { error, reason, message, errors } = record(body);
  return [error, reason, message, errors].flatMap((said) => textsIn(said));
}

/** What Doorkeeper says of a token in the header alone, as it does by default (RFC 6750, section 3). */
const errorOf = (challenge = '') => /\berror="?([a-z_]+)/.exec(challenge)?.[1] ?? '';

const reasonIn = (said: readonly string[]) => reasons.find((reason) => said.includes(reason));

/** What was refused, as the domain names it; the vendor sends one object or several. */
function refusedFields(body: unknown, { takesEmail }: Expectation): FieldPath[] {
  const names = [record(body).invalid_fields].flat().flatMap((one) => Object.keys(record(one)));
  if (takesEmail) {
    return names.includes('email') ? [['email']] : [];
  }
  return [...new Set(names)]
    .filter((question) => question !== '' && question.length <= 200)
    .slice(0, 50)
    .map((question) => ['commentAnswers', question]);
}

function forbidden(reason: Reason | undefined, expectation: Expectation): Refusal {
  if (reason === 'insufficient_scope') {
    return { kind: 'AUTHORIZATION_REQUIRED', reason };
  }
  const aboutInsurance = reason === undefined && expectation.namesInsurance === true;
  const known = aboutInsurance ? 'insurance_not_allowed' : reason;
  return { kind: 'REJECTED', ...(known && { reason: known }) };
}

/** Classifies a 4xx of the resource API: by status first, then by what the body says, if anything. */
export const refusalOf =
  (expectation: Expectation = {}) =>
  (status: number, body: unknown, challenge?: string): Refusal | undefined => {
    const said = [...statements(body), errorOf(challenge)];
    const reason = reasonIn(said);
    switch (status) {
      case 401:
        return { kind: 'AUTHORIZATION_REQUIRED' };
      case 403:
        return forbidden(reason, expectation);
      case 404:
      case 410:
        return { kind: 'NOT_FOUND' };
      case 400:
      case 409:
      case 422: {
        const fields = refusedFields(body, expectation);
        if (fields.length > 0) {
          return { kind: 'REJECTED', reason: 'validation_failed', fields };
        }
        // The exact sentence is not documented: it says that the event is unavailable.
        const lostSlot =
          expectation.takesSlot === true && said.some((text) => /available\b/i.test(text));
        const known = reason ?? (lostSlot ? 'slot_unavailable' : undefined);
        return { kind: 'REJECTED', ...(known && { reason: known }) };
      }
      default:
        return undefined;
    }
  };

/** A refusal inside a 2xx: the sibling's envelope says `success: false`, or `error` is a known reason. */
export function verdictOf(body: unknown): Refusal | undefined {
  const { success, error } = record(body);
  if (success !== false && reasons.every((reason) => reason !== error)) {
    return undefined;
  }
  const reason = reasonIn(statements(body));
  return { kind: 'REJECTED', ...(reason && { reason }) };
}
