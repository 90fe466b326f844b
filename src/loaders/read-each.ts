/** What a vendor gave of what it was asked for, and why it did not give the rest. */
export interface InPart<T> {
  items: readonly T[];
  failure: unknown;
}

/**
 * Reads what a vendor has no list of, one by one: a record that cannot be read hides no other one.
 * @param reads null of one that is not there any more
 * @returns all that is there, or what could be read and the first failure
 */
export async function readEach<T>(
  reads: readonly Promise<T | null>[],
): Promise<readonly T[] | InPart<T>> {
  const ended = await Promise.allSettled(reads);
  const items = ended.flatMap((read) =>
    read.status === 'fulfilled' && read.value !== null ? [read.value] : [],
  );
  const failed = ended.find((read) => read.status === 'rejected');
  return failed === undefined ? items : { items, failure: failed.reason };
}
