import { expect, test } from 'vitest';
import { gathered } from '../../src/store/gathered.ts';

/** Writes that wait until they are let go on. */
function desk(isOfOne: (error: unknown) => boolean = () => false) {
  const batches: string[][] = [];
  const gates: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const write = gathered<string>((items) => {
    batches.push([...items]);
    return new Promise<void>((resolve, reject) => gates.push({ resolve, reject }));
  }, isOfOne);
  const next = async () => {
    await expect.poll(() => gates.length).toBeGreaterThan(0);
    return gates.shift() as (typeof gates)[number];
  };
  return { batches, write, next };
}

test('writes the first call at once, and what comes meanwhile together', async () => {
  const { batches, write, next } = desk();
  const calls = [write(['a']), write(['b', 'c']), write(['d'])];
  expect(batches).toEqual([['a']]);
  (await next()).resolve();
  await calls[0];
  (await next()).resolve();
  await Promise.all(calls);
  expect(batches).toEqual([['a'], ['b', 'c', 'd']]);
  const last = write(['e']);
  (await next()).resolve();
  await last;
  expect(batches.at(-1)).toEqual(['e']);
});

test('tells all of them where the database is away, and goes on with the next', async () => {
  const { batches, write, next } = desk();
  const calls = [write(['a']), write(['b']), write(['c'])].map((call) =>
    call.catch((error: Error) => error.message),
  );
  (await next()).resolve();
  (await next()).reject(new Error('away'));
  expect(await Promise.all(calls)).toEqual([undefined, 'away', 'away']);
  const last = write(['d']);
  (await next()).resolve();
  await last;
  expect(batches).toEqual([['a'], ['b', 'c'], ['d']]);
});

test('writes each alone where one of them spoils the others’', async () => {
  const { batches, write, next } = desk(() => true);
  const calls = [write(['a']), write(['b']), write(['bad']), write(['c'])].map((call) =>
    call.catch((error: Error) => error.message),
  );
  (await next()).resolve();
  (await next()).reject(new Error('refused'));
  (await next()).resolve();
  (await next()).reject(new Error('refused'));
  (await next()).resolve();
  expect(await Promise.all(calls)).toEqual([undefined, undefined, 'refused', undefined]);
  expect(batches).toEqual([['a'], ['b', 'bad', 'c'], ['b'], ['bad'], ['c']]);
});
