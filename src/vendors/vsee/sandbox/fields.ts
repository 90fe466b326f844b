import { Refused } from './exchange.ts';

/**
 * Fields of a body or query. JSON, form and multipart are all taken, so numbers may come as text:
 * `"200"` is 200.
 */
export interface Fields {
  /** All of them, as they came. */
  readonly all: Readonly<Record<string, unknown>>;
  /** Trimmed; undefined where absent or empty. */
  text(name: string): string | undefined;
  required(name: string): string;
  integer(name: string): number | undefined;
  requiredInteger(name: string): number;
  uuid(name: string): string | undefined;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** @throws Refused 400 for a body that is no set of fields */
export function fieldsOf(source: unknown): Fields {
  if (source === null || typeof source !== 'object' || Array.isArray(source)) {
    throw new Refused(400, 'The request has no fields');
  }
  const all = source as Readonly<Record<string, unknown>>;
  const text = (name: string) => {
    const value = Object.hasOwn(all, name) ? all[name] : undefined;
    if (value === undefined || value === null) {
      return undefined;
    }
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new Refused(400, `${name} is not a text`);
    }
    return String(value).trim() || undefined;
  };
  const integer = (name: string) => {
    const value = text(name);
    if (value !== undefined && !/^-?\d{1,15}$/.test(value)) {
      throw new Refused(400, `${name} is not an integer`);
    }
    return value === undefined ? undefined : Number(value);
  };
  const demand = <Value>(name: string, value: Value | undefined): Value => {
    if (value === undefined) {
      throw new Refused(400, `${name} is required`);
    }
    return value;
  };
  return {
    all,
    text,
    integer,
    required: (name) => demand(name, text(name)),
    requiredInteger: (name) => demand(name, integer(name)),
    uuid: (name) => {
      const value = text(name);
      if (value !== undefined && !uuid.test(value)) {
        throw new Refused(400, `${name} is not a uuid`);
      }
      return value;
    },
  };
}
