import { expect, test } from 'vitest';
import { gathered, gatheredReads } from '../../src/store/gathered.ts';

/** Writes that wait until they are let go on. */
function desk(spoilsOthers: (error: unknown) => boolean = () => false) {
  const batches: string[][] = [];
  const gates: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const write = gathered((items: readonly string[]) => {
    batches.push([...items]);
    return new Promise<void>((resolve, reject) => gates.push({ resolve, reject }));
  }, spoilsOthers);
  const next = async () => {
    await expect.poll(() => gates.length).toBeGreaterThan(0);
    return gates.shift() as (typeof gates)[number];
  };
  /** The first of them is under way when the others come. */
  const writeAfter = async (first: string, ...others: string[][]) => {
    const begun = write([first]);
    await expect.poll(() => batches).toEqual([[first]]);
    return [begun, ...others.map(write)];
  };
  return { batches, write, writeAfter, next };
}

test('writes together what comes in one turn, and what comes meanwhile', async () => {
  const { batches, write, writeAfter, next } = desk();
  const calls = await writeAfter('a', ['b', 'c'], ['d']);
  (await next()).resolve();
  await calls[0];
  (await next()).resolve();
  await Promise.all(calls);
  expect(batches).toEqual([['a'], ['b', 'c', 'd']]);
  const together = [write(['e']), write(['f'])];
  (await next()).resolve();
  await Promise.all(together);
  expect(batches.at(-1)).toEqual(['e', 'f']);
});

test('writes what comes after all was written', async () => {
  const { batches, write, next } = desk();
  const first = write(['a']);
  (await next()).resolve();
  await first;
  const last = write(['e']);
  (await next()).resolve();
  await last;
  expect(batches.at(-1)).toEqual(['e']);
});

test('tells all of them where the database is away, and goes on with the next', async () => {
  const { batches, write, writeAfter, next } = desk();
  const calls = (await writeAfter('a', ['b'], ['c'])).map((call) =>
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
  const { batches, writeAfter, next } = desk(() => true);
  const calls = (await writeAfter('a', ['b'], ['bad'], ['c'])).map((call) =>
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

test('reads what is asked for meanwhile in one statement, and gives each caller their own', async () => {
  const reads: string[][] = [];
  const gates: (() => void)[] = [];
  const read = gatheredReads(
    async (keys: readonly string[]) => {
      reads.push([...keys]);
      await new Promise<void>((resolve) => gates.push(resolve));
      return keys.filter((key) => key !== 'missing').flatMap((key) => [`${key}2`, `${key}1`]);
    },
    (key) => key,
    (row) => row.slice(0, -1),
  );
  const begun = read(['a']);
  await expect.poll(() => reads).toEqual([['a']]);
  const calls = [begun, ...[['b'], ['a', 'c'], ['missing'], ['c'], []].map(read)];
  gates[0]?.();
  await expect.poll(() => reads).toEqual([['a'], ['b', 'a', 'c', 'missing']]);
  gates[1]?.();
  expect(await Promise.all(calls)).toEqual([
    ...[
      ['a2', 'a1'],
      ['b2', 'b1'],
      ['a2', 'a1', 'c2', 'c1'],
    ],
    ...[[], ['c2', 'c1'], []],
  ]);
});
