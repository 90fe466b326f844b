import type { Sealer } from '../domain/store.ts';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const renamed = (value: Record<string, unknown>, rename: (name: string) => string) =>
  Object.fromEntries(Object.entries(value).map(([name, each]) => [rename(name), each]));

const names = (value: Record<string, unknown>, start: string) =>
  Object.keys(value).some((name) => name.startsWith(start));

/** JSON that keeps instants apart from text: `$instant` is ours, and names with a `$` get another. */
const toText = (value: unknown) =>
  JSON.stringify(value, function (this: Record<string, unknown>, key, given) {
    // Date has a toJSON, so the replacer sees text; what it was before is in the holder.
    const before = this[key];
    if (before instanceof Date) {
      return Number.isNaN(before.getTime()) ? null : new Instant(before.getTime());
    }
    return isObject(given) && !(given instanceof Instant) && names(given, '$')
      ? renamed(given, (name) => (name.startsWith('$') ? `$${name}` : name))
      : given;
  });

class Instant {
  constructor(readonly $instant: number) {}
}

const fromText = (text: string): unknown =>
  JSON.parse(text, (_key, value) => {
    if (!isObject(value) || !names(value, '$')) {
      return value;
    }
    return typeof value.$instant === 'number'
      ? new Date(value.$instant)
      : renamed(value, (name) => name.replace(/^\$\$/, '$'));
  });

/** Values of any JSON shape, with dates, as sealed columns. */
export const createSealedJson = (sealer: Sealer) => ({
  seal: (purpose: string, value: unknown): string | null =>
    value === undefined || value === null ? null : sealer.seal(purpose, toText(value)),
  /** Null where there is nothing; undefined where it was changed or sealed with a lost key. */
  open(purpose: string, sealed: string | null): unknown {
    if (sealed === null) {
      return null;
    }
    const text = sealer.open(purpose, sealed);
    return text === undefined ? undefined : fromText(text);
  },
});
