import { normalizedExecutor } from '@graphql-tools/executor';
import fc from 'fast-check';
import { type ExecutionResult, GraphQLError, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schemaOver } from '../../src/graph/schema.ts';
import { maskError } from '../../src/plugins/mask-error.ts';
import { vendorDescriptions } from '../../src/vendors/registry.ts';

/** A refused variable says why, as a literal does; what was in it is somebody's health data. */

const schema = schemaOver(vendorDescriptions);
const document = parse(`query ($input: RegisterPatientInput, $vendor: Vendor, $instant: DateTime,
  $json: JSONObject, $number: Int, $size: Float, $flag: Boolean, $ids: [ID!], $search: AvailabilitySearch) { __typename }`);

/** As it leaves, beside what graphql-js says. */
async function refusalsOf(variableValues: Record<string, unknown>) {
  const { errors = [] } = (await normalizedExecutor({
    ...{ schema, document, variableValues },
  })) as ExecutionResult;
  const masking = { requestId: 'one', onFault: () => undefined };
  return errors.map((error) => ({
    raw: error.message,
    said: maskError(error, masking).message,
    suggested: maskError(error, { ...masking, suggesting: true }).message,
  }));
}

const person = { firstName: 'Ana', lastName: 'Silva' };
const canary = 'canary-Tuberkulose-7f3a91';

describe('a variable that does not fit', () => {
  it.each<[variables: Record<string, unknown>, where: string, why: string]>([
    [
      { input: { lastName: 'Silva' } },
      '',
      'Field "firstName" of required type "String!" was not provided.',
    ],
    [
      { input: { ...person, surname: canary } },
      '',
      'Field "surname" is not defined by type "RegisterPatientInput".',
    ],
    // A near miss, for which graphql-js has suggestions.
    [
      { input: { ...person, adress: canary } },
      '',
      'Field "adress" is not defined by type "RegisterPatientInput".',
    ],
    [
      { input: { ...person, [canary]: canary } },
      '',
      'A field that it has is not defined by type "RegisterPatientInput".',
    ],
    [{ input: canary }, '', 'Expected type "RegisterPatientInput" to be an object.'],
    [
      { input: { ...person, firstName: null } },
      ' at "input.firstName"',
      'Expected non-nullable type "String!" not to be null.',
    ],
    [
      { input: { ...person, firstName: [canary] } },
      ' at "input.firstName"',
      'String cannot represent this value. Expected a string.',
    ],
    [
      { input: { ...person, birthDate: canary } },
      ' at "input.birthDate"',
      'Expected an existing calendar day YYYY-MM-DD.',
    ],
    [
      { input: { ...person, phone: canary } },
      ' at "input.phone"',
      'Expected a phone number of 5 to 15 digits, after a country code as it is dialled from abroad, for example +49 30 123456.',
    ],
    [
      { input: { ...person, email: canary } },
      ' at "input.email"',
      'Value is not a valid email address.',
    ],
    [{ input: { ...person, email: { canary } } }, ' at "input.email"', 'Value is not a string.'],
    [
      { input: { ...person, sex: 'FEMAL' } },
      ' at "input.sex"',
      'The value does not exist in "Sex" enum.',
    ],
    [{ vendor: [canary] }, '', 'Enum "Vendor" cannot represent this value.'],
    [
      { instant: '2026-12-01' },
      '',
      'Expected an instant in RFC 3339, for example 2030-01-31T09:30:00Z.',
    ],
    [{ json: canary }, '', 'JSONObject cannot represent this value. Expected a JSON object.'],
    [
      { number: canary },
      '',
      'Int cannot represent this value. Expected a whole number from -2147483648 to 2147483647.',
    ],
    [{ size: canary }, '', 'Float cannot represent this value. Expected a number.'],
    [{ flag: canary }, '', 'Boolean cannot represent this value. Expected true or false.'],
    [
      { ids: ['a', { canary }] },
      ' at "ids[1]"',
      'ID cannot represent this value. Expected a string or a whole number.',
    ],
    [{ search: {} }, '', 'Exactly one key must be specified for OneOf type "AvailabilitySearch".'],
    [{ search: { vsee: null } }, ' at "search.vsee"', 'Field "vsee" must be non-null.'],
  ])('%j is refused%s: %s', async (variables, where, why) => {
    const [name] = Object.keys(variables);
    expect((await refusalsOf(variables)).map(({ said }) => said)).toContain(
      `Variable "$${name}" got an invalid value${where}. ${why}`,
    );
  });
});

describe('a variable that nearly fits, where names may be told', () => {
  it.each([
    [
      { input: { ...person, adress: canary } },
      ' Field "adress" is not defined by type "RegisterPatientInput". Did you mean "address"?',
    ],
    [
      { input: { ...person, 'first name': canary } },
      ' A field that it has is not defined by type "RegisterPatientInput". Did you mean "firstName", "lastName", or "birthDate"?',
    ],
    [
      { input: { ...person, sex: 'FEMAL' } },
      ' at "input.sex". The value does not exist in "Sex" enum. Did you mean the enum value "FEMALE" or "MALE"?',
    ],
    [
      { vendor: ['CERBO'] },
      ' Enum "Vendor" cannot represent this value. Did you mean the enum value "CERBO"?',
    ],
    [
      { json: `${canary}. Did you mean "Secret"?` },
      ' JSONObject cannot represent this value. Expected a JSON object.',
    ],
  ])('%j is told which', async (variables, why) => {
    const [refusal] = await refusalsOf(variables);
    expect(refusal?.suggested.endsWith(why), refusal?.suggested).toBe(true);
    expect(refusal?.said).not.toMatch(/did you mean/i);
  });
});

describe('a value that looks like the words around it', () => {
  /** Ends and beginnings of what graphql-js says, with something to find between them. */
  const words = [
    ...['"', '\\', '\\"', '\n', '\r\n', '\u2028', ': ', '; ', '. ', ', found: ', '{ ', ' }', '?'],
    ...[' at "input.Secret"', ' at "input', '"; Field "Secret" must be non-null.', '$&', '$1'],
    ...['"; Expected type "Secret".', 'Field "', '" is not defined by type "Secret".'],
    ...['" does not exist in "Secret" enum.', 'Value "', '" enum. Did you mean "Secret"?'],
    ...[
      ' Did you mean the enum value "Secret"?',
      ' cannot represent ',
      'Secret cannot represent x',
    ],
    ...['Value is not a valid Secret: ', '" of required type "Secret" was not provided.', 'Secret'],
    ...['Expected an existing Secret.', 'FEMALE', 'NIMBUS', '2026-01-01', '@example.com'],
  ];
  /** As a key no field's name: those may be said. */
  const text = fc
    .array(fc.constantFrom(...words), { minLength: 1, maxLength: 8 })
    .map((parts) => `${parts.join('')}Secret.`);
  const value = fc.oneof(
    text,
    fc.array(text, { maxLength: 3 }),
    fc.dictionary(text, text, { maxKeys: 3 }),
  );
  const variables = fc.oneof(
    fc.record(
      { ...{ vendor: value, instant: value, json: text, number: value }, ids: fc.array(value) },
      { requiredKeys: [] },
    ),
    fc.record({ input: value }),
    fc.record({
      input: fc.record({
        ...{ firstName: value, lastName: text, email: value, phone: value, birthDate: value },
        ...{ sex: value, address: value },
      }),
    }),
    fc.record({ input: text.map((key) => ({ ...person, [key]: key })) }),
    fc.record({ search: fc.dictionary(text, value, { maxKeys: 2 }) }),
  );

  it('is in no message, in whatever place and order', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(variables, async (given) => {
        for (const { raw, said, suggested } of await refusalsOf(given)) {
          expect(suggested, raw).not.toMatch(/secret/i);
          expect(said, raw).toMatch(
            /^Variable "\$\w+" got an invalid value( at "\w+[\w.[\]]*")?\.( [A-Z][\w "!,:[\].+-]*\.)?$/,
          );
          expect(suggested.slice(0, said.length), raw).toBe(said);
          expect(suggested.slice(said.length), raw).toMatch(/^( Did you mean [\w", ]+\?)?$/);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['words that are not known here', '"; Not so: "Secret".', 'Not so: "Secret".'],
    ['another end than its cause', ' at "input.Secret"', 'Expected type "Int".'],
  ])('is left out with %s', (_what, end, cause) => {
    const error = new GraphQLError(`Variable "$input" got invalid value "Secret${end}`, {
      originalError: new GraphQLError(cause),
    });
    const { message } = maskError(error, { requestId: 'one', onFault: () => undefined });
    expect(message).toMatch(/^Variable "\$input" got an invalid value\.( Expected type "Int"\.)?$/);
  });

  it('takes no time to be left out, long as it may be', async () => {
    const long = words.join('').repeat(400);
    const started = performance.now();
    await refusalsOf({
      ...{ vendor: long, instant: long, number: [long] },
      input: { ...person, email: long, sex: long, [long]: long },
    });
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
