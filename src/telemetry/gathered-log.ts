import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** Characters after which the lines of a turn are written before it is over. */
const most = 16_000;
/** Bytes that a pipe takes whole or not at all (`PIPE_BUF`), whoever else writes to it. */
const mostAtOnce = 4096;
/** Bytes that wait for a reader who is slow; lines that come beyond are lost, and are counted. */
const mostWaiting = 1024 * 1024;
/** Milliseconds between two tries to write what waits. */
const pause = 20;
/** Milliseconds that the end of the process waits for a reader. */
const longestEnd = 500;

const nothing = Buffer.alloc(0);
const newline = 0x0a;
const ignored = () => undefined;
const isLater = (error: unknown) => (error as NodeJS.ErrnoException).code === 'EAGAIN';
/** Where whole lines end that are written at once; a longer one by itself. */
const endOfLines = (bytes: Buffer) =>
  bytes.length <= mostAtOnce
    ? bytes.length
    : bytes.lastIndexOf(newline, mostAtOnce - 1) + 1 || bytes.indexOf(newline) + 1 || bytes.length;
const linesIn = (bytes: Buffer) => bytes.reduce((sum, byte) => sum + Number(byte === newline), 0);
const sleep = (milliseconds: number) =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

const lineOfLost = (base: object | null, lost: number) => {
  const msg = 'lines of the log were lost: nobody took them';
  return `${JSON.stringify({ level: 40, time: new Date(), ...base, lost, msg })}\n`;
};

/**
 * Standard output for the log, written once for each turn of the event loop: requests that end together
 * share what each write costs. A reader who is slow, or gone, holds nobody up (pino's own destination tries
 * for ever): what they do not take waits, up to a bound, and lines beyond are lost. What is left is written
 * when the process ends; one that is killed loses the lines of its last turn. Workers share an output: lines
 * stay whole.
 * @param base what each line of the log has
 */
export function gatheredLog(base: object | null): DestinationStream {
  // Opened by Node, a pipe no longer makes its writer wait; and its other writers need not fall over it.
  process.stdout.on('error', ignored);
  let lines = '';
  let waiting = nothing;
  let lost = 0;
  let isDue = false;

  const take = (text: string) => {
    waiting =
      waiting.length === 0 ? Buffer.from(text) : Buffer.concat([waiting, Buffer.from(text)]);
  };

  /** @returns whether there is nothing left to write */
  const flush = (): boolean => {
    take(lines);
    lines = '';
    try {
      while (waiting.length > 0) {
        waiting = waiting.subarray(writeSync(1, waiting, 0, endOfLines(waiting)));
        if (waiting.length === 0 && lost > 0) {
          take(lineOfLost(base, lost));
          lost = 0;
        }
      }
    } catch (error) {
      if (isLater(error)) {
        return false;
      }
      // Nobody is there, or no space is left: that may change.
      lost += linesIn(waiting);
      waiting = nothing;
    }
    return true;
  };

  const flushSoon = () => {
    isDue = true;
    setImmediate(() => {
      isDue = !flush();
      if (isDue) {
        setTimeout(flushSoon, pause).unref();
      }
    });
  };

  process.once('exit', () => {
    const end = performance.now() + longestEnd;
    while (!flush() && performance.now() < end) {
      sleep(pause);
    }
  });

  return {
    write(line) {
      if (waiting.length + lines.length > mostWaiting) {
        lost += 1;
        return;
      }
      lines += line;
      if (lines.length > most && waiting.length === 0) {
        flush();
      }
      if (!isDue) {
        flushSoon();
      }
    },
  };
}
