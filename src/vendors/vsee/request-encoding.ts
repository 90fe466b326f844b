import type { Exchange } from '../../http/exchange.ts';
import type { VSeeFields } from './requests.ts';

/** The vendor's samples show all three for the same calls; its newest one sends JSON. */
export const requestEncodings = ['json', 'form', 'multipart'] as const;
export type VSeeRequestEncoding = (typeof requestEncodings)[number];

const present = (fields: VSeeFields) =>
  Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);

/** Forms know text only: structured answers travel as JSON inside their field. */
const asText = (value: unknown) =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);

/** The body of a POST; absent fields are left out in every encoding. */
export function encodedBody(
  encoding: VSeeRequestEncoding,
  fields: VSeeFields,
): NonNullable<Exchange<unknown>['body']> {
  if (encoding === 'json') {
    return { json: Object.fromEntries(present(fields)) };
  }
  const texts = Object.fromEntries(present(fields).map(([name, value]) => [name, asText(value)]));
  return encoding === 'form' ? { form: texts } : { multipart: texts };
}
