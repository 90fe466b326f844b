import cluster, { type Worker } from 'node:cluster';
import { constants } from 'node:os';

export interface WorkersOptions {
  count: number;
  /** Milliseconds that the workers may take to end; then they are killed. */
  endTimeout: number;
  /** Ends this process. */
  exit: (code: number) => void;
  say: (line: string) => void;
}

/** What a worker and its primary tell each other. */
const told = { serving: 'serving', end: 'end' } as const;

/** One of several processes on one port, to its primary. */
export interface WorkerSeat {
  id: number;
  /** To be told when it serves. */
  onServing: () => void;
  /** Hands over how to end it. */
  endedBy: (end: () => void) => void;
}

/** Where this process is a worker: its way to the primary. */
export const workerSeat = (): WorkerSeat | undefined =>
  cluster.worker && {
    id: cluster.worker.id,
    onServing: () => void process.send?.(told.serving),
    endedBy: (end) =>
      void process.on('message', (message: unknown) => {
        if (message === told.end) {
          end();
        }
      }),
  };

/** Why there is no process: too many of them, or not enough memory. */
const reasonOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'no reason given';

/** Milliseconds after which a death is forgotten. */
const memory = 60_000;
const shortestPause = 250;
const longestPause = 30_000;

/**
 * Milliseconds before another worker takes the place of the one that died last: twice as long for each that
 * died within the last minute, so that what kills them all is never a storm of starts.
 * @param deaths milliseconds since the epoch
 */
export function pauseAfter(deaths: readonly number[], now: number): number {
  const recent = deaths.filter((at) => at > now - memory).length;
  return Math.min(longestPause, shortestPause * 2 ** Math.max(0, recent - 1));
}

/**
 * The primary: it holds the listener that the workers share, starts another worker where one dies, and ends
 * when all have ended: with 0 where all of them did. The first worker starts
 * alone, so that it alone says what is wrong; where it cannot start, nothing does.
 */
export async function runWorkers({ count, endTimeout, exit, say }: WorkersOptions): Promise<void> {
  // Workers take connections from one queue in the kernel. Handed out in turn, by Node's default, the one
  // that is on its way to a worker as it dies would hang until its client gives up.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  const alive = new Set<Worker>();
  const restarts = new Set<NodeJS.Timeout>();
  let deaths: number[] = [];
  let served = false;
  let ending = false;
  let exitCode = 0;

  const killAll = () => {
    for (const worker of alive) {
      worker.process.kill('SIGKILL');
    }
  };

  function end() {
    ending = true;
    restarts.forEach(clearTimeout);
    if (alive.size === 0) {
      exit(exitCode);
      return;
    }
    for (const worker of alive) {
      // Not by a signal: a terminal sends its own to all of them, and a second one ends them at once.
      // One that dies meanwhile cannot be told, and need not be.
      worker.isConnected()
        ? worker.send(told.end, () => undefined)
        : worker.process.kill('SIGTERM');
    }
    setTimeout(() => {
      say('Killing the workers that did not end in time.');
      exitCode = 1;
      killAll();
    }, endTimeout).unref();
  }

  /** @param how by its exit code, its signal, or why there was no process to be had */
  function gone(name: string, how: number | string) {
    if (ending || !served) {
      exitCode ||= how === 0 ? 0 : 1;
      if (!ending) {
        end();
      } else if (alive.size === 0) {
        exit(exitCode);
      }
      return;
    }
    const now = Date.now();
    deaths = [...deaths.filter((at) => at > now - memory), now];
    const pause = pauseAfter(deaths, now);
    say(`${name} ended (${how}). Another one starts in ${pause} ms.`);
    const restart = setTimeout(() => {
      restarts.delete(restart);
      void begin();
    }, pause);
    restarts.add(restart);
  }

  /** Resolves when the worker serves, or is gone. */
  const begin = () =>
    new Promise<void>((resolve) => {
      let worker: Worker;
      try {
        worker = cluster.fork();
      } catch (error) {
        gone('A worker', reasonOf(error));
        resolve();
        return;
      }
      alive.add(worker);
      const ended = (how: number | string) => {
        alive.delete(worker);
        gone(`Worker ${worker.id}`, how);
        resolve();
      };
      worker.on('message', (message: unknown) => {
        if (message === told.serving) {
          served = true;
          resolve();
        }
      });
      worker.once('exit', (code, signal) => ended(signal ?? code));
      worker.on('error', (error) => {
        // What never began does not exit either.
        if (worker.process.pid === undefined) {
          ended(reasonOf(error));
        }
      });
    });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (ending) {
        // A terminal that closes says so more than once, see `life-cycle.ts`.
        if (signal !== 'SIGHUP') {
          killAll();
          exit(128 + constants.signals[signal]);
        }
        return;
      }
      say(`Ending ${alive.size} workers after the requests in hand...`);
      end();
    });
  }

  await begin();
  if (!ending) {
    await Promise.all(Array.from({ length: count - 1 }, begin));
  }
  if (!ending) {
    say(`${count} workers serve.`);
  }
}
