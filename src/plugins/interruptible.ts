/**
 * A source that can be ended at any moment, whether or not somebody waits for its next item: whoever does,
 * or asks later, gets the last words and then nothing more. What becomes of the source itself is up to
 * whoever ends it.
 */
export function interruptible<Item>(source: AsyncIterator<Item, undefined>) {
  let lastWords: Item[] | undefined;
  let wake: () => void = () => undefined;
  const ended = new Promise<undefined>((resolve) => {
    wake = () => resolve(undefined);
  });
  return {
    end(...words: Item[]): void {
      lastWords = words;
      wake();
    },
    /** @throws what the source throws */
    async next(): Promise<IteratorResult<Item, undefined>> {
      const next = lastWords ? undefined : await Promise.race([source.next(), ended]);
      if (next && !next.done) {
        return next;
      }
      const word = lastWords?.shift();
      return word === undefined ? { done: true, value: undefined } : { done: false, value: word };
    },
  };
}
