import { expect, it } from 'vitest';
import { toEmailAddress } from '../../src/graph/email-address.ts';

it.each([
  ['ana.silva@example.com', 'ana.silva@example.com'],
  [' Ana.Silva@Example.COM ', 'Ana.Silva@Example.COM'],
  ['Ana Silva <ana@example.com>', 'ana@example.com'],
  ['erika@müller-praxis.de', 'erika@xn--mller-praxis-dlb.de'],
  ['Erika <erika@Müller-Praxis.de>', 'erika@xn--mller-praxis-dlb.de'],
  ['', null],
  ['unknown', null],
  ['müller', null],
  ['a@b@c', null],
  ['ana@example.com, ben@example.com', null],
  ['müller@example.com', null],
  ['<>', null],
  [null, null],
])('%j is the address %j', (text, address) => {
  expect(toEmailAddress(text)).toBe(address);
});
