import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareSchemas } from '../../src/graph/schema-changes.ts';

const released = `
  type Query { patient(id: ID!): Patient }
  type Patient { id: ID! fullName: String! status: Status }
  enum Status { ACTIVE UNKNOWN }
  input Wish { text: String }
`;

const compare = (current: string, recorded: unknown = []) =>
  compareSchemas({ released, current, recorded: JSON.stringify(recorded) });

describe('a change of the schema', () => {
  it('may add', () => {
    const verdict = compare(`${released} extend type Patient { nickname: String }`);
    expect(verdict).toEqual({ problems: [], notes: [] });
  });

  it.each([
    ['a field that is gone', 'fullName: String!', '', 'Patient.fullName was removed.'],
    [
      'a field of another type',
      'status: Status',
      'status: String',
      'Patient.status changed type from Status to String.',
    ],
    [
      'a field that may be null now',
      'fullName: String!',
      'fullName: String',
      'Patient.fullName changed type from String! to String.',
    ],
    [
      'a value that is gone',
      'ACTIVE UNKNOWN',
      'UNKNOWN',
      'ACTIVE was removed from enum type Status.',
    ],
    [
      'an input that is required now',
      'text: String',
      'text: String urgent: Boolean!',
      'A required field urgent on input type Wish was added.',
    ],
  ])('fails for %s, until it is recorded', (_what, before, after, change) => {
    const current = released.replace(before, after);
    expect(current).not.toBe(released);
    expect(compare(current).problems).toEqual([`Breaking and not recorded: ${change}`]);
    const meant = { change, date: '2026-11-21', reason: 'Nobody could ever use it.' };
    expect(compare(current, [meant]).problems).toEqual([]);
  });

  it('is recorded with a date and a reason, and only while it is one', () => {
    const current = released.replace('fullName: String!', '');
    const change = 'Patient.fullName was removed.';
    for (const lacking of [
      { change, date: '2026-11-21' },
      { change, date: '2026-11-31', reason: 'Nobody could ever use it.' },
      { change, date: '2026-11-21', reason: '' },
      { change, reason: 'Nobody could ever use it.' },
    ]) {
      expect(compare(current, [lacking]).problems).toEqual([
        'The record of breaking changes is no list of { change, date, reason }.',
      ]);
    }
    const old = { change, date: '2026-11-21', reason: 'Nobody could ever use it.' };
    expect(compare(released, [old]).problems).toEqual([
      `Recorded, but no breaking change of this schema: ${change}`,
    ]);
  });

  it('is noted where clients may stumble', () => {
    const { problems, notes } = compare(released.replace('ACTIVE', 'ACTIVE PAUSED'));
    expect(problems).toEqual([]);
    expect(notes).toEqual(['PAUSED was added to enum type Status.']);
  });
});

describe('a deprecation', () => {
  const deprecated = (reason: string) =>
    compare(
      released.replace(
        'fullName: String!',
        `fullName: String! @deprecated(reason: ${JSON.stringify(reason)}) name: String`,
      ),
    ).problems;

  it('names what replaces it and the day of its removal', () => {
    expect(deprecated('Use `name`: it may be empty. Removed on 2027-06-30.')).toEqual([]);
    expect(deprecated('Use `Patient.name`. Removed on 2027-06-30.')).toEqual([]);
  });

  it.each([
    'No longer supported',
    'Use `name`.',
    'Removed on 2027-06-30.',
    'Use `name`. Removed on 2027-02-30.',
  ])('fails with "%s"', (reason) => {
    expect(deprecated(reason)).toEqual([
      expect.stringMatching(/^Patient\.fullName is deprecated without replacement or date/),
    ]);
  });

  it('fails where the replacement does not exist', () => {
    expect(deprecated('Use `label`. Removed on 2027-06-30.')).toEqual([
      'Patient.fullName is deprecated in favour of label, which does not exist.',
    ]);
  });

  it('is looked for in arguments, inputs and values as well', () => {
    const current = released
      .replace('id: ID!)', 'id: ID!, old: ID @deprecated)')
      .replace('text: String', 'text: String @deprecated')
      .replace('ACTIVE', 'ACTIVE @deprecated');
    expect(compare(current).problems.map((problem) => problem.split(' ')[0])).toEqual([
      'Query.patient(old:)',
      'Status.ACTIVE',
      'Wish.text',
    ]);
  });
});

describe('the released schema', () => {
  it.each(['not GraphQL', 'type Query { patient: Patient }', ''])('is refused as "%s"', (text) => {
    expect(compareSchemas({ released: text, current: released, recorded: '[]' })).toEqual({
      problems: [
        'The released schema is no schema in GraphQL: name the one that clients were built on.',
      ],
      notes: [],
    });
  });

  it('is one, and its record can be read', () => {
    const text = readFileSync('schema/released.graphql', 'utf8');
    const recorded = readFileSync('schema/breaking-changes.json', 'utf8');
    const current = readFileSync('schema/schema.graphql', 'utf8');
    expect(compareSchemas({ released: text, current, recorded }).problems).toEqual([]);
  });
});
