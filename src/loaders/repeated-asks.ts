import { AsyncLocalStorage } from 'node:async_hooks';
import DataLoader from 'dataloader';
import type { VendorCallRecord } from '../domain/request.ts';

/**
 * How often a query asked for what a vendor call was bringing already. Only where that is shown: to
 * follow calls to the key that they are made for costs every promise of the process a little.
 */

/** The loading of one key; `within`: the one that it is part of. */
interface Load {
  repeats: number;
  within: Load | undefined;
}

const loads = new AsyncLocalStorage<Load>();
const loadOf = new WeakMap<VendorCallRecord, Load>();

/** Loaders that are made meanwhile count. */
export const counting = <Result>(make: () => Result): Result =>
  loads.run({ repeats: 0, within: undefined }, make);

const uncounted = <Result>(make: () => Result): Result => make();

/** For loaders that are made later, maybe while a key is loaded: they count where those made now would. */
export const countingAsNow = (): typeof counting =>
  loads.getStore() === undefined ? uncounted : counting;

/** To be told of each vendor call when it ends. */
export function noteVendorCall(call: VendorCallRecord): void {
  const load = loads.getStore();
  if (load !== undefined) {
    loadOf.set(call, load);
  }
}

/** How many more times the query asked for what this call brought, without another call. */
export function repeatsOf(call: VendorCallRecord): number {
  let repeats = 0;
  for (let load = loadOf.get(call); load !== undefined; load = load.within) {
    repeats += load.repeats;
  }
  return repeats;
}

class CountingLoader<Key, Value> extends DataLoader<Key, Value, string> {
  readonly #known = new Map<string, Load>();
  readonly #cacheKey: (key: Key) => string;

  constructor(
    load: DataLoader.BatchLoadFn<Key, Value>,
    options: DataLoader.Options<Key, Value, string> & { cacheKeyFn: (key: Key) => string },
  ) {
    super(load, options);
    this.#cacheKey = options.cacheKeyFn;
  }

  override load(key: Key): Promise<Value> {
    const name = this.#cacheKey(key);
    const known = this.#known.get(name);
    if (known !== undefined) {
      known.repeats += 1;
      return super.load(key);
    }
    const load = { repeats: 0, within: loads.getStore() };
    this.#known.set(name, load);
    return loads.run(load, () => super.load(key));
  }

  override clear(key: Key): this {
    this.#known.delete(this.#cacheKey(key));
    return super.clear(key);
  }
}

/** What `keyedLoader` makes loaders from. */
export const loaderClass = (): typeof CountingLoader =>
  loads.getStore() === undefined
    ? (DataLoader as unknown as typeof CountingLoader)
    : CountingLoader;
