import { closeSync, fstatSync, openSync } from 'node:fs';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import { constants, devNull } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { inTime } from './domain/in-time.ts';

/** What is there to be ended, once the process has started. */
export interface Running {
  server: Server;
  /** Ends what would go on for as long as its client wants. */
  endStreams: () => void;
  /** Resolves when nothing that was begun is left, whether or not its client still waits. */
  idle: () => Promise<void>;
  close: () => Promise<void>;
}

export interface LifeCycleOptions {
  /** Milliseconds that work in hand may take before the process ends all the same. */
  drainTimeout: number;
  /**
   * Whether other processes take over the connections to the port: one that ends by a fault leaves them to
   * the others at once, instead of telling who comes to go elsewhere.
   */
  shared?: boolean;
  /** Ends the process. */
  exit: (code: number) => void;
  say: (line: string) => void;
  /** Told of each error that nobody caught. */
  onFault: (error: unknown) => void;
}

export interface LifeCycle {
  /** Passes requests on while the process is not ending; refuses them cleanly once it is. */
  guard(listener: RequestListener): RequestListener;
  /** From now on a signal or a fault drains before it ends. */
  started(running: Running): void;
  /** Ends as SIGTERM does; asked again, it changes nothing. */
  end(): void;
}

/** Milliseconds after the limit that closing what is idle may still take. */
const closeTimeout = 1_500;
/** Milliseconds without a request after which none is taken to be on its way. */
const quiet = 250;
/** Milliseconds that it may take until it is quiet. */
const longestGoodbye = 1_000;

const endSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

const pathOf = (url = '') => url.split('?', 1)[0];

/** Waits for work, but not for ever. @returns whether it ended */
const endsWithin = (milliseconds: number, work: Promise<unknown>) =>
  inTime(
    milliseconds,
    work.then(() => true),
    () => false,
  );

/**
 * To be done last of all where a terminal may have closed: Node wants to put it back as it was, and aborts where
 * it finds it gone; the core could hold anybody's data.
 */
export function letGoOfClosedTerminal(): void {
  for (const descriptor of [0, 1, 2]) {
    try {
      if (fstatSync(descriptor).isCharacterDevice() && !isatty(descriptor)) {
        closeSync(descriptor);
        openSync(devNull, 'r+');
      }
    } catch {
      // Nothing is open there.
    }
  }
}

/**
 * How the process ends: on SIGTERM, SIGINT and SIGHUP with 0, on an error that nobody caught with 1. Either
 * way it takes no new work, finishes what it has begun, closes its store and then exits; what is not finished
 * within the limit is left to the recovery of the next process. A second signal ends it at once, but for a
 * SIGHUP: shell and kernel both send one where a terminal closes.
 */
export function createLifeCycle(options: LifeCycleOptions): LifeCycle {
  const { drainTimeout, shared = false, exit, say, onFault } = options;
  let running: Running | undefined;
  let draining = false;
  let exitCode = 0;
  const open = new Set<ServerResponse>();
  let lastClosed: () => void = () => undefined;

  /** When the last request came in; of `performance`. */
  let lastAsked = 0;

  const refuse: RequestListener = ({ url }, response) => {
    response.setHeader('connection', 'close');
    response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '1' });
    response.end(pathOf(url) === '/ready' ? 'not ready: ending\n' : 'ending\n');
  };

  const allAnswered = () =>
    new Promise<void>((resolve) => {
      lastClosed = resolve;
      if (open.size === 0) {
        resolve();
      }
    });

  /**
   * Who keeps a connection is told to leave it by the answer to the next request; closed under that request,
   * it would be lost.
   * @param until of `performance`
   */
  async function sayGoodbye(until: number): Promise<void> {
    const left = () => Math.min(until, lastAsked + quiet) - performance.now();
    while (left() > 0) {
      await delay(left());
    }
  }

  async function drain({ server, endStreams, idle, close }: Running): Promise<boolean> {
    const begun = performance.now();
    lastAsked = begun;
    for (const response of open) {
      if (!response.headersSent) {
        response.setHeader('connection', 'close');
      }
    }
    if (shared && exitCode !== 0) {
      server.close();
    }
    endStreams();
    // The port stays open meanwhile: probes are answered, and others are told to go elsewhere.
    const finished = await endsWithin(drainTimeout, Promise.all([allAnswered(), idle()]));
    if (finished) {
      await sayGoodbye(Math.min(begun + drainTimeout, performance.now() + longestGoodbye));
    } else {
      say(
        'Ending although not all is finished: the next process settles the writes that were begun.',
      );
    }
    server.close();
    server.closeAllConnections();
    const left = begun + drainTimeout + closeTimeout - performance.now();
    const closed = await endsWithin(left, close());
    return closed || !finished;
  }

  function end(code: number): void {
    // A fault while it ends is one all the same.
    exitCode ||= code;
    if (draining) {
      return;
    }
    draining = true;
    if (running === undefined) {
      exit(exitCode);
      return;
    }
    say('Ending after the requests in hand...');
    drain(running).then(
      (clean) => exit(clean ? exitCode : 1),
      () => exit(1),
    );
  }

  for (const signal of endSignals) {
    process.on(signal, () => {
      if (draining && signal !== 'SIGHUP') {
        exit(128 + constants.signals[signal]);
      }
      end(0);
    });
  }
  for (const fault of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(fault, (error: unknown) => {
      onFault(error);
      end(1);
    });
  }

  return {
    guard: (listener) => (request, response) => {
      if (!draining) {
        open.add(response);
        response.once('close', () => {
          open.delete(response);
          if (open.size === 0) {
            lastClosed();
          }
        });
        listener(request, response);
        return;
      }
      lastAsked = performance.now();
      if (pathOf(request.url) === '/health') {
        response.setHeader('connection', 'close');
        listener(request, response);
      } else {
        refuse(request, response);
      }
    },
    started(parts) {
      running = parts;
    },
    end: () => end(0),
  };
}
