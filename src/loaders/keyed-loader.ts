import DataLoader from 'dataloader';
import { loaderClass } from './repeated-asks.ts';

/**
 * One call per distinct key and request, for sources that have no call for many keys: each key goes
 * out by itself, so that a slow one holds up nobody else. Never shared between requests.
 */
export const keyedLoader = <Key, Value>(
  load: (key: Key) => Promise<Value>,
  cacheKey: (key: Key) => string,
) =>
  new (loaderClass())<Key, Value>(
    // Also what `load` throws before it returns a promise is this key's own error.
    (keys) => Promise.all(keys.map(async (key) => load(key)).map((value) => value.catch(asError))),
    { batch: false, cacheKeyFn: cacheKey },
  );

/** One statement for all keys of a tick; `load` may return the records in any order. */
export const recordLoader = <Value>(
  load: (ids: readonly string[]) => Promise<readonly Value[]>,
  idOf: (value: Value) => string,
) =>
  new DataLoader<string, Value | undefined>(async (ids) => {
    const found = new Map((await load(ids)).map((value) => [idOf(value), value]));
    return ids.map((id) => found.get(id));
  });

/** As `recordLoader`, for what belongs to an owner: all records of each, in the order loaded. */
export const groupLoader = <Value>(
  load: (ownerIds: readonly string[]) => Promise<readonly Value[]>,
  ownerOf: (value: Value) => string,
) =>
  new DataLoader<string, Value[]>(async (ownerIds) => {
    const groups = new Map<string, Value[]>(ownerIds.map((id) => [id, []]));
    for (const value of await load(ownerIds)) {
      groups.get(ownerOf(value))?.push(value);
    }
    return ownerIds.map((id) => groups.get(id) ?? []);
  });

const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));
