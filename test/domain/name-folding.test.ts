import fc from 'fast-check';
import { expect, test } from 'vitest';
import { areSameNames, nameBeginnings, wantedBeginnings } from '../../src/domain/name-folding.ts';

const letters = [...'aAnéßüøåe李x0', '\u0301', "'", '’', '-', '–', '.', ',', '@', ' ', '\t', '\0'];
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

test('a pair of letters stands for the one that keyboards lack, and for nothing else', () => {
  expect(wantedBeginnings('Mueller')).toEqual([['mueller', 'müller']]);
  expect(wantedBeginnings('Müller')).toEqual([['müller', 'muller', 'mueller']]);
  for (const [search, name] of [
    ...[['Michael', 'Michal'] as const, ['Rafael', 'Rafał'] as const, ['Joel', 'Jol'] as const],
    ...[['Mueller', 'Muller'] as const, ['Soerensen', 'Sorensen'] as const],
  ]) {
    const [wanted = []] = wantedBeginnings(search);
    expect(nameBeginnings(name).filter((known) => wanted.includes(known))).toEqual([]);
    expect(areSameNames([name], [search])).toBe(false);
  }
});

test.each([
  // Within one name, one part without its accent and the other with a pair.
  [['Jorg', 'Mueller'], ['Jörg', 'Müller'], true],
  [['Jörg', 'Mueller'], ['Joerg', 'Müller'], true],
  [['Müller Groß', 'Jörg'], ['JORG MUELLER', 'Gross'], true],
  [['Jörg', 'Müller'], ['Jörg', 'Müller-Groß'], false],
  [['Jörg', 'Müller'], ['Jörg', 'Jörg'], false],
  [['Jorg', 'Mueller'], ['Joerg', 'Muller'], false],
])('%j and %j are one name: %s', (names, others, same) => {
  expect(areSameNames(names, others)).toBe(same);
  expect(areSameNames(others, names)).toBe(same);
});

test('records keep what they were stored with: nothing is added to it for other spellings', () => {
  expect(nameBeginnings('Ö', 'Mül').sort()).toEqual(['mu', 'mul', 'mü', 'mül', 'o', 'ö'].sort());
});

test('a word asks for a bounded number of spellings', () => {
  expect(wantedBeginnings('aeoeueaa'.repeat(8))[0]?.length).toBeLessThan(40);
});
