import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';
import { fieldsOf, inputLeaves } from '../support/printed-schema.ts';
import { documentOf, type KnownIds, knownIds, variablesWith } from '../support/written-places.ts';

/** Values at the edge of what their types can hold, in every place: none of them is a fault of ours. */

let gateway: ListeningGateway;
let known: KnownIds;
beforeAll(async () => {
  gateway = await startListeningGateway();
  known = knownIds(gateway.ids.Ana);
});
afterAll(() => gateway.close());

/** Deeper than a stack. */
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** As JSON, because some of them have no other spelling. */
const values: Readonly<Record<string, readonly string[]>> = {
  Int: ['0', '-1', '2147483647', '-2147483648'],
  Float: ['0', '-1', '1e308', '-1e308', '5e-324'],
  Date: ['"0001-01-01"', '"0000-01-01"', '"9999-12-31"', '"1880-01-01"'],
  DateTime: [
    ...['"0001-01-01T00:00:00Z"', '"9999-12-31T23:59:59.999Z"', '"1970-01-01T00:00:00+23:59"'],
    ...['"2031-03-04T10:00:00.123456789Z"', '"2031-06-30T23:59:60Z"'],
  ],
  JSONObject: [
    ...['{"__proto__":{"a":1}}', '{"constructor":{"prototype":{"a":1}}}', '{"a":1e400}', '{"":""}'],
    ...[`{"a":${nested(1_000)}}`, `{"a":${nested(50_000)}}`, `{"a":"${'x'.repeat(100_000)}"}`],
    `{${Array.from({ length: 5_000 }, (_, at) => `"a${at}":"b"`).join(',')}}`,
  ],
};
const texts = [
  ...['""', '" "', '"\\u0000"', '"\\ud800"', '"\\u202e"', '"%00"', '"%"', '"\\\\"', '"__proto__"'],
  ...[`"${'a '.repeat(60_000)}"`, `"${'a'.repeat(120_000)}"`, `"${'\\u00e4'.repeat(20_000)}"`],
];

const cases = (['Query', 'Mutation'] as const).flatMap((root) =>
  fieldsOf(root).flatMap((field) =>
    field.args.length === 0 ? [] : [[root, field.name, field] as const],
  ),
);

describe('a value at the edge', () => {
  it.each(cases)(
    'of %s.%s is taken or refused, with a code',
    { timeout: 60_000 },
    async (root, _name, field) => {
      const marker = 'here-it-goes';
      for (const place of field.args.flatMap(({ name, type }) => inputLeaves(name, type))) {
        const written = values[place.type.name] ?? texts;
        for (const value of place.isList
          ? [...written, `[${Array(5_000).fill('null')}]`]
          : written) {
          gateway.forget();
          const variables = JSON.stringify(variablesWith(field, place, marker, known));
          const body = JSON.stringify({ query: documentOf(root, field), variables: {} }).replace(
            '"variables":{}',
            () => `"variables":${variables.replace(`"${marker}"`, () => value)}`,
          );
          const response = await gateway.fetch('/graphql', {
            method: 'POST',
            headers: {
              'content-type': 'application/json',
              authorization: `Bearer ${await gateway.token('staff')}`,
            },
            body,
          });
          const text = await response.text();
          const where = `${place.path.join('.')} = ${value.slice(0, 60)}: ${text.slice(0, 500)}`;
          expect(response.status, where).toBeLessThan(500);
          expect(text, where).not.toContain('INTERNAL_SERVER_ERROR');
        }
      }
      expect(await gateway.good()).toBeLessThan(1_000);
    },
  );
});
