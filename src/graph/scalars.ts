import { GraphQLError, type ValueNode, valueFromASTUntyped } from 'graphql';
import { DateTimeResolver, EmailAddressResolver, JSONObjectResolver } from 'graphql-scalars';
import { isCalendarDate } from '../domain/calendar-date.ts';
import { toPhoneNumber } from '../domain/phone-number.ts';
import { isTimeZone } from '../domain/time-zone.ts';
import { builder } from './builder.ts';

// Messages name what is expected and never repeat the value: it may be somebody's health data.
const refuse = (expected: string): never => {
  throw new GraphQLError(`Expected ${expected}.`, { extensions: { code: 'BAD_USER_INPUT' } });
};

/** How a value is read: what is refused of a literal has its place in the document. */
const readBy = <T>(parseValue: (value: unknown) => T) => ({
  parseValue,
  parseLiteral(node: ValueNode, variables?: Parameters<typeof valueFromASTUntyped>[1]): T {
    try {
      return parseValue(valueFromASTUntyped(node, variables));
    } catch (error) {
      const { message, extensions } = error as GraphQLError;
      throw new GraphQLError(message, { extensions, nodes: node });
    }
  },
});

builder.scalarType('Date', {
  description: 'A calendar day `YYYY-MM-DD`, never shifted by a time zone.',
  serialize: (value) => value,
  ...readBy((value) =>
    typeof value === 'string' && isCalendarDate(value)
      ? value
      : refuse('an existing calendar day YYYY-MM-DD'),
  ),
});

builder.scalarType('DateTime', {
  description:
    'An instant in RFC 3339, always printed in UTC with `Z`; given with `Z` or an offset.',
  serialize: (value) => DateTimeResolver.serialize(value),
  ...readBy((value) => {
    try {
      return DateTimeResolver.parseValue(value);
    } catch {
      return refuse('an instant in RFC 3339, for example 2030-01-31T09:30:00Z');
    }
  }),
});

builder.addScalarType('EmailAddress', EmailAddressResolver, { description: 'An e-mail address.' });

builder.addScalarType('JSONObject', JSONObjectResolver, { description: 'A JSON object.' });

builder.scalarType('PhoneNumber', {
  description:
    'A phone number, best in E.164 (`+15550104477`); spaces, dots, hyphens, slashes and parentheses are removed. `+49 (0)30 123456` is read as `+4930123456`; with another 0 after the country code that is not dialled from abroad, it is refused.',
  serialize: (value) => value,
  ...readBy(
    (value) =>
      toPhoneNumber(typeof value === 'string' ? value : null) ??
      refuse(
        'a phone number of 5 to 15 digits, after a country code as it is dialled from abroad, for example +49 30 123456',
      ),
  ),
});

builder.scalarType('TimeZone', {
  description: 'An IANA time zone name, for example `Europe/Berlin`.',
  serialize: (value) => value,
  ...readBy((value) =>
    typeof value === 'string' && isTimeZone(value) ? value : refuse('an IANA time zone name'),
  ),
});

const longestUrl = 2048;

builder.scalarType('URL', {
  description:
    'An absolute URL, passed through unchanged; one that is given has at most 2,048 characters.',
  serialize: (value) => value,
  ...readBy((value) =>
    typeof value === 'string' && value.length <= longestUrl && URL.canParse(value)
      ? new URL(value)
      : refuse('an absolute URL of at most 2,048 characters'),
  ),
});
