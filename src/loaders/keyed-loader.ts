import DataLoader from 'dataloader';
import { loaderClass } from './repeated-asks.ts';

type Options<Key, Value> = DataLoader.Options<Key, Value, string> & {
  cacheKeyFn: (key: Key) => string;
};

/** A loader that is made when it is first asked: most requests use a few of all that there are. */
export class LazyLoader<Key, Value> {
  private made: DataLoader<Key, Value, string> | undefined;

  constructor(
    private readonly kind: ReturnType<typeof loaderClass>,
    private readonly batch: DataLoader.BatchLoadFn<Key, Value>,
    private readonly options: Options<Key, Value>,
  ) {}

  private get loader() {
    this.made ??= new this.kind<Key, Value>(this.batch, this.options);
    return this.made;
  }

  load(key: Key): Promise<Value> {
    return this.loader.load(key);
  }

  prime(key: Key, value: Value): this {
    this.loader.prime(key, value);
    return this;
  }

  clear(key: Key): this {
    this.made?.clear(key);
    return this;
  }
}

const itself = (key: string) => key;
/** What the store is asked for is no vendor call. */
const uncounted = DataLoader as unknown as ReturnType<typeof loaderClass>;

/**
 * One call per distinct key and request, for sources that have no call for many keys: each key goes
 * out by itself, so that a slow one holds up nobody else. Never shared between requests.
 */
export const keyedLoader = <Key, Value>(
  load: (key: Key) => Promise<Value>,
  cacheKey: (key: Key) => string,
) =>
  new LazyLoader<Key, Value>(
    loaderClass(),
    // Also what `load` throws before it returns a promise is this key's own error.
    (keys) => Promise.all(keys.map(async (key) => load(key)).map((value) => value.catch(asError))),
    { batch: false, cacheKeyFn: cacheKey },
  );

/** One statement for all keys of a tick; `load` may return the records in any order. */
export const recordLoader = <Value>(
  load: (ids: readonly string[]) => Promise<readonly Value[]>,
  idOf: (value: Value) => string,
) =>
  new LazyLoader<string, Value | undefined>(
    uncounted,
    async (ids) => {
      const found = new Map((await load(ids)).map((value) => [idOf(value), value]));
      return ids.map((id) => found.get(id));
    },
    { cacheKeyFn: itself },
  );

/** As `recordLoader`, for what belongs to an owner: all records of each, in the order loaded. */
export const groupLoader = <Value>(
  load: (ownerIds: readonly string[]) => Promise<readonly Value[]>,
  ownerOf: (value: Value) => string,
) =>
  new LazyLoader<string, Value[]>(
    uncounted,
    async (ownerIds) => {
      const groups = new Map<string, Value[]>(ownerIds.map((id) => [id, []]));
      for (const value of await load(ownerIds)) {
        groups.get(ownerOf(value))?.push(value);
      }
      return ownerIds.map((id) => groups.get(id) ?? []);
    },
    { cacheKeyFn: itself },
  );

const asError = (thrown: unknown) => (thrown instanceof Error ? thrown : new Error(String(thrown)));
