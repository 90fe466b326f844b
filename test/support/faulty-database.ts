import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTcpProxy } from './tcp-proxy.ts';
import { wireText } from './wire-text.ts';

/** Stands between a gateway and PostgreSQL and does to the connections what networks do. */
export interface FaultyDatabase {
  readonly url: string;
  /** Milliseconds that everything which is sent to the database is held back. */
  latency: number;
  /** From now on nothing arrives, in neither direction, and no connection is closed. */
  fallSilent(): void;
  /** The end of the silence: what was open is lost. */
  speakAgain(): void;
  /** Cuts the connection when the `nth` statement from now that matches has been executed and is answered. */
  cutAnswerTo(statement: RegExp, nth?: number): void;
  /** Answers that were cut so far. */
  readonly cuts: number;
  close(): Promise<void>;
}

export async function startFaultyDatabase(databaseUrl: string): Promise<FaultyDatabase> {
  let silent = false;
  let latency = 0;
  let cuts = 0;
  let cut: { statement: RegExp; left: number } | undefined;

  const isNext = (chunk: Buffer) => {
    const text = wireText(chunk);
    if (cut?.statement.test(text)) {
      cut.left -= 1;
      if (cut.left === 0) {
        cut = undefined;
        return true;
      }
    }
    return false;
  };

  function pass(near: Socket, far: Socket): void {
    let cutting = false;
    let sent = Promise.resolve();
    near.on('data', (chunk: Buffer) => {
      const before = latency;
      sent = sent.then(async () => {
        if (before > 0) {
          await sleep(before);
        }
        if (!silent && !far.destroyed) {
          cutting ||= isNext(chunk);
          far.write(chunk);
        }
      });
    });
    far.on('data', (chunk: Buffer) => {
      if (cutting) {
        cuts += 1;
        near.destroy();
      } else if (!silent) {
        near.write(chunk);
      }
    });
  }

  const proxy = await startTcpProxy(databaseUrl, pass);
  return {
    url: proxy.url,
    get latency() {
      return latency;
    },
    set latency(milliseconds) {
      latency = milliseconds;
    },
    fallSilent() {
      silent = true;
    },
    speakAgain() {
      silent = false;
      proxy.cutAll();
    },
    cutAnswerTo(statement, nth = 1) {
      cut = { statement, left: nth };
    },
    get cuts() {
      return cuts;
    },
    close: proxy.close,
  };
}
