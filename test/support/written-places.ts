import {
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';
import { globalIdOf, keyIn } from './mutations.ts';
import type { Field, InputLeaf } from './printed-schema.ts';

/** Any place where a caller can write, with anything in it and all around it right. */

/** Ids by the names of the fields that take them. */
export type KnownIds = Readonly<Record<string, string>>;

/** Ids of one patient and of things of theirs. */
export function knownIds(patientId: string): KnownIds {
  const key = keyIn(patientId);
  return {
    ...{ patientId, id: patientId },
    appointmentId: globalIdOf('Appointment', 'VSEE', key, '67001'),
    portalRequestId: globalIdOf('PortalRequest', 'CERBO', key, '27'),
    operationId: globalIdOf('Operation', key),
  };
}

/** What fits a type, so that what is looked at is the only thing wrong. */
function fitting(name: string, type: GraphQLInputType, known: KnownIds): unknown {
  const named = getNamedType(type);
  if (isInputObjectType(named)) {
    const fields = Object.values(named.getFields());
    // Of "one of these" the first.
    const needed = named.isOneOf ? fields.slice(0, 1) : fields.filter((f) => isNonNullType(f.type));
    return Object.fromEntries(
      needed.map((field) => [field.name, fitting(field.name, field.type, known)]),
    );
  }
  const value = isEnumType(named)
    ? named.getValues()[0]?.name
    : ({
        ID: known[name] ?? '136',
        Int: 5,
        Float: 150,
        Boolean: false,
        Date: '2031-03-04',
        DateTime: '2031-03-04T10:00:00Z',
        EmailAddress: 'somebody@example.com',
        PhoneNumber: '+15550104477',
        URL: 'http://localhost:4000/connected',
        JSONObject: {},
      }[named.name] ?? 'clinic');
  return isListType(getNullableType(type)) ? [value] : value;
}

/** Variables of a field that fit, but for one place. */
export function variablesWith(field: Field, { path }: InputLeaf, value: unknown, known: KnownIds) {
  const variables: Record<string, unknown> = {};
  for (const { name, type } of field.args) {
    if (isNonNullType(type)) {
      variables[name] = fitting(name, type, known);
    }
  }
  let type: GraphQLInputType | undefined;
  let at = variables;
  for (const [index, name] of path.entries()) {
    const holder = type && getNamedType(type);
    type = isInputObjectType(holder)
      ? holder.getFields()[name]?.type
      : field.args.find((each) => each.name === name)?.type;
    if (type === undefined) {
      throw new Error(`${field.name} has no ${path.join('.')}`);
    }
    if (isInputObjectType(holder) && holder.isOneOf) {
      for (const other of Object.keys(at)) {
        delete at[other];
      }
    }
    if (index === path.length - 1) {
      at[name] = value;
    } else {
      at[name] = { ...(fitting(name, type, known) as object) };
      at = at[name] as Record<string, unknown>;
    }
  }
  return variables;
}

const selectionOf = (field: Field) =>
  getNamedType(field.type).name.endsWith('Payload')
    ? '{ userErrors { code message path } }'
    : '{ __typename }';

/** Asks for a field with all its arguments as variables, and for as little as can be. */
export function documentOf(root: string, field: Field) {
  const declared = field.args.map(({ name, type }) => `$${name}: ${type}`).join(', ');
  const passed = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  return `${root.toLowerCase()} (${declared}) { ${field.name}(${passed}) ${selectionOf(field)} }`;
}
