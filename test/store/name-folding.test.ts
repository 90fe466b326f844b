import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameBeginnings, wantedBeginnings } from '../../src/store/name-folding.ts';

const letters = [...'aAnéß李x0', '\u0301', "'", '’', '-', '–', '.', ',', '@', ' ', '\t', '\0'];
const name = fc.oneof(
  fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength: 45 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 45 }),
);

test('everybody is found by their own name', () => {
  fc.assert(
    fc.property(name, name, (first, last) => {
      const known = new Set(nameBeginnings(first, last));
      for (const wanted of wantedBeginnings(`${last} ${first}`)) {
        expect(wanted.some((beginning) => known.has(beginning))).toBe(true);
      }
    }),
    { numRuns: 1_000 },
  );
});

test('nobody is found by an initial, nor told by one', () => {
  expect(nameBeginnings('Ana', "O'Neil")).not.toContain('o');
  expect(wantedBeginnings('Ana O.')).toEqual([['ana']]);
  // Some are known by their name as it is written only.
  expect(wantedBeginnings("O'Neil, José")).toEqual([
    ["o'neil", 'oneil'],
    ['josé', 'jose'],
  ]);
});
