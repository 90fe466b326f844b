import { type DestinationStream, destination } from 'pino';

/** Characters after which the lines of a turn are written before it is over. */
const most = 16_000;

/**
 * Standard output for the log, written once for each turn of the event loop: requests that end together
 * share what each write costs. What is left is written when the process ends; one that is killed loses the
 * lines of its last turn.
 */
export function gatheredLog(): DestinationStream {
  const out = destination({ fd: 1, minLength: most, sync: true });
  let isDue = false;
  const flush = () => {
    isDue = false;
    out.flushSync();
  };
  process.once('exit', flush);
  return {
    write(line) {
      out.write(line);
      if (!isDue) {
        isDue = true;
        setImmediate(flush);
      }
    },
  };
}
