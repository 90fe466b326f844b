import { readFileSync } from 'node:fs';
import { buildSchema, isEnumType } from 'graphql';
import { expect, it } from 'vitest';
import { PorticoError, type UserErrorCode } from '../../src/client/client.ts';
import { explainError, explainRefusal } from '../../src/front-desk/problems/explain.ts';

const printed = readFileSync(new URL('../../schema/schema.graphql', import.meta.url), 'utf8');
const codes = buildSchema(printed, { assumeValidSDL: true }).getType('UserErrorCode');

const refusal = (code: string, path: string[] | null = null) => ({
  __typename: 'GeneralUserError' as const,
  ...{ code: code as UserErrorCode, message: 'Said so.', path },
});

it('has a next step after every refusal that the schema knows, and after one that it does not', () => {
  const known = isEnumType(codes) ? codes.getValues().map(({ name }) => name) : [];
  expect(known.length).toBeGreaterThan(15);
  for (const code of [...known, 'OF_A_NEWER_GATEWAY']) {
    const { what, next } = explainRefusal(refusal(code), true);
    expect(what, code).toMatch(/\.$/);
    expect(next, code).toMatch(/\.$/);
  }
});

it('has one after a request that failed', () => {
  for (const code of ['NOT_LINKED', 'NOT_CONFIGURED', 'QUERY_TOO_COSTLY', 'OF_A_NEWER_GATEWAY']) {
    const error = new PorticoError({ message: 'Said so.', code: code as 'NOT_LINKED' });
    expect(explainError(error).next, code).toMatch(/\.$/);
  }
});

it.each([
  ['ALREADY_LINKED', null, true, 'Check whom you have before you.'],
  ['ALREADY_LINKED', null, false, 'Ask the clinic.'],
  ['ASAP_NOT_ENABLED', null, true, 'It stays booked.'],
  ['NOT_FOUND', null, true, 'Close this to see how it stands now.'],
  ['NOT_FOUND', ['input', 'roomCode'], true, 'Correct it and send it again.'],
  // Nothing of it tells a patient who else is in the register.
  ['ALREADY_EXISTS', ['input'], false, ''],
])('says after %s at %j, to staff: %s, "%s"', (code, path, isStaff, next) => {
  const { what, next: said } = explainRefusal(refusal(code, path), isStaff);
  expect(what).toBe('Said so.');
  expect(said.startsWith(next) && (next !== '' || said === '')).toBe(true);
});
