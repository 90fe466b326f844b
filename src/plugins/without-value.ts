import { GraphQLError } from 'graphql';

/**
 * What GraphQL says of a request that does not fit the schema, without the values that it quotes: any of them
 * may be somebody's health data. Names stay: those of the schema, and those that the client gave to fields.
 * @param suggesting whether names of the schema may be told that the client did not give
 */
export function withoutValue(error: GraphQLError, suggesting = false): string {
  const said = withExpectation(aboutVariable(error) ?? aboutDocument(error));
  return suggesting ? said : said.replace(/ Did you mean .*\?$/s, '');
}

/** What scalars take that do not say it. */
const expectations: ReadonlyMap<string, string> = new Map([
  ['Int', 'a whole number from -2147483648 to 2147483647'],
  ['Float', 'a number'],
  ['String', 'a string'],
  ['Boolean', 'true or false'],
  ['ID', 'a string or a whole number'],
  ['JSONObject', 'a JSON object'],
]);

function withExpectation(said: string): string {
  const [, scalar = ''] = /(?:^| )(\w+) cannot represent this value\.$/.exec(said) ?? [];
  const expected = expectations.get(scalar);
  return expected === undefined ? said : `${said} Expected ${expected}.`;
}

const aboutDocument = ({ message }: GraphQLError): string =>
  message
    // A literal that fits only where its variables do.
    .replace(/^(Argument "\w+") has invalid value .*$/s, '$1 has an invalid value.')
    .replace(/^(Expected value of type "[^"]+"), found .*$/s, '$1.')
    .replace(
      /^(Value) ".*" (does not exist in "\w+" enum\.)(?:( Did you mean [\w", ]+\?)|.*)$/s,
      '$1 $2$3',
    )
    // Scalars and enums, asked about a literal.
    .replace(...unfit)
    .replace(/^(Value is not a valid [\w -]+): .*$/s, '$1.')
    // The parser quotes the text that it stumbled over.
    .replace(/^(Syntax Error: .*?\b(?:String|BlockString|Int|Float)) ".*"/s, '$1')
    // What a resolver gave that cannot be.
    .replace(/(?: but got:| with value|\. Received:) .*$/s, '.');

/** An enum may suggest its own values, after the full stop. What a scalar says ends with the value. */
const unfit: [whole: RegExp, said: string] = [
  /^(?:(Enum "\w+") cannot represent .*\.( Did you mean [\w", ]+\?)|(\w+|Enum "\w+") cannot represent .*)$/s,
  '$1$3 cannot represent this value.$2',
];

/**
 * Why a variable's value was refused, as far as that can be said without it. These are all; what is worded in
 * another way is not said. Where a value stands in the middle, the last end that fits is the message's own.
 */
const reasons: readonly [whole: RegExp, said: string][] = [
  [/^Expected non-nullable type "[\w![\]]+" not to be null\.$/, '$&'],
  [/^Expected type "\w+" to be an object\.$/, '$&'],
  [/^(Expected type "\w+"\.).*$/s, '$1'],
  [/^Field "\w+" of required type "[\w![\]]+" was not provided\.$/, '$&'],
  [/^Field "\w+" must be non-null\.$/, '$&'],
  [/^Exactly one key must be specified for OneOf type "\w+"\.$/, '$&'],
  [/^Field "\w{1,100}" is not defined by type "\w+"\.(?: Did you mean [\w", ]+\?)?$/, '$&'],
  // What can be no field's name is more likely a value that came there by mistake.
  [
    /^Field ".*" (is not defined by type "\w+"\.(?: Did you mean [\w", ]+\?)?)$/s,
    'A field that it has $1',
  ],
  unfit,
  [/^Value ".*" (does not exist in "\w+" enum\.(?: Did you mean [\w", ]+\?)?)$/s, 'The value $1'],
  [/^(Value is not a valid [\w -]+): .*$/s, '$1.'],
  [/^(Value is not )string: .*$/s, '$1a string.'],
];

function reasonOf({ message, extensions }: GraphQLError): string {
  // A scalar of ours, which says what it expects.
  if (extensions.code === 'BAD_USER_INPUT') {
    return ` ${message}`;
  }
  const [whole, said] = reasons.find(([each]) => each.test(message)) ?? [];
  return whole === undefined || said === undefined ? '' : ` ${message.replace(whole, said)}`;
}

/** Of `Variable "$input" got invalid value … at "input.address"; …`; undefined for other messages. */
function aboutVariable({ message, originalError }: GraphQLError): string | undefined {
  const [, variable] = /^Variable "\$(\w+)" got invalid value /.exec(message) ?? [];
  if (variable === undefined) {
    return undefined;
  }
  if (!(originalError instanceof GraphQLError)) {
    return `Variable "$${variable}" got an invalid value.`;
  }
  const end = `; ${originalError.message}`;
  const beginning = message.endsWith(end) ? message.slice(0, -end.length) : '';
  // A value that ends like this has its quotes escaped.
  const [place = ''] = / at "\w+[\w.[\]]*"$/.exec(beginning) ?? [];
  return `Variable "$${variable}" got an invalid value${place}.${reasonOf(originalError)}`;
}
