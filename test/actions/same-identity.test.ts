import { describe, expect, it } from 'vitest';
import { sameIdentity } from '../../src/actions/link-vendor-account.ts';
import type { Patient, VendorProfile } from '../../src/domain/records.ts';

type Person = Pick<VendorProfile, 'firstName' | 'lastName' | 'birthDate'>;

const person = { firstName: 'Jürgen', lastName: 'Müller', birthDate: '1983-01-11' } as Person;
const isSame = (ours: Partial<Person>, theirs: Partial<Person>) =>
  sameIdentity({ ...person, ...ours } as Patient, { ...person, ...theirs } as VendorProfile);

describe('a vendor’s record is of the same person', () => {
  it.each([
    ['Müller', 'Mueller'],
    ['Müller', 'MULLER'],
    ['Sørensen', 'Soerensen'],
    ['Groß', 'Gross'],
    ['O’Neil', "O'Neil"],
    ['Lindqvist-Silva', 'Lindqvist Silva'],
    ['Müller', ' '],
    ['Müller', null],
  ])('whose name is %s here and %s there, and the other way round', (one, other) => {
    expect(isSame({ lastName: one }, { lastName: other })).toBe(true);
    expect(isSame({ lastName: other as string }, { lastName: one })).toBe(true);
    expect(isSame({ firstName: one }, { firstName: other })).toBe(true);
  });

  it.each([
    ['Müller', 'Miller'],
    ['Michael', 'Michal'],
    ['Lindqvist', 'Lindqvist Silva'],
  ])('but not where it is %s and %s', (one, other) => {
    expect(isSame({ lastName: one }, { lastName: other })).toBe(false);
    expect(isSame({ firstName: one }, { firstName: other })).toBe(false);
  });

  it('where the birth date is the very same, or one side does not know it', () => {
    expect(isSame({}, { birthDate: null })).toBe(true);
    // The same parts in another order are another day.
    expect(isSame({}, { birthDate: '1983-11-01' })).toBe(false);
  });
});
