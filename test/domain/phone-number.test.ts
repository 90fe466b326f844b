import { expect, it } from 'vitest';
import { toPhoneNumber } from '../../src/domain/phone-number.ts';

it.each([
  ['+1 (555) 010-4477', '+15550104477'],
  ['555.010.4477', '5550104477'],
  ['(030) 123456', '030123456'],
  ['(0)30 123456', '030123456'],
  ['0049 30 123456', '004930123456'],
  // The zero in parentheses is dialled only within the country.
  ['+49 (0)30 123456', '+4930123456'],
  ['+49(0)30/123456', '+4930123456'],
  ['(+49) (0)30-123456', '+4930123456'],
  ['+49 ( 0 ) 30 123456', '+4930123456'],
  ['0049 (0)30 123456', '004930123456'],
  ['+43 (0)1 123456', '+431123456'],
  ['+41 (0)44 123 45 67', '+41441234567'],
  // In Italy the zero belongs to the number, so nobody knows what is meant by parentheses.
  ['+39 06 1234567', '+39061234567'],
  ['+39 (0)6 1234567', null],
  // Nobody is reached by these.
  ['+49 030 123456', null],
  ['+49 (030) 123456', null],
  ['0049 030 123456', null],
  ['+49 (0)(0)30 123456', null],
  ['+49 30 (0) 123456', null],
  ['+49 (0)0 123456', null],
  ['extension 5', null],
  ['1234', null],
  ['', null],
  [null, null],
])('%j is the number %j', (text, number) => {
  expect(toPhoneNumber(text)).toBe(number);
});
