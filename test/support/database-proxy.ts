import type { Socket } from 'node:net';
import { startTcpProxy } from './tcp-proxy.ts';
import { wireText } from './wire-text.ts';

/**
 * Stands between one process of the gateway and PostgreSQL, and can stop it dead at a chosen
 * statement: there is no other way to kill a process at exactly that moment.
 */
export interface DatabaseProxy {
  url: string;
  /** Connections that are stopped at the moment. */
  readonly stopped: number;
  stopAt(stop: Stop): void;
  close(): Promise<void>;
}

/**
 * - `STARTED`: the step's start is committed, and the process is never told.
 * - `UNRECORDED`: the step's end never reaches the database.
 * - `RECORDED`: the step's end is committed, and the process is never told.
 * - `TOKENS_UNSAVED`: tokens that a renewal brought never reach the database.
 */
export interface Stop {
  moment: 'STARTED' | 'UNRECORDED' | 'RECORDED' | 'TOKENS_UNSAVED';
  /** Names of steps, as the ledger has them; default any. */
  steps?: readonly string[];
}

/** A text parameter as the protocol binds it: its length, then its bytes. */
function bound(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const statements = {
  STARTED: 'insert into "operation_steps"',
  UNRECORDED: 'update "operation_steps"',
  RECORDED: 'update "operation_steps"',
  TOKENS_UNSAVED: 'update "vendor_tokens" set "sealed"',
};

export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  let stop: Stop | undefined;
  let stopped = 0;

  const concerns = (chunk: Buffer, text: string) =>
    stop !== undefined &&
    text.includes(statements[stop.moment]) &&
    (stop.steps?.some((name) => chunk.includes(bound(name))) ?? true);

  function pass(near: Socket, far: Socket): void {
    /** Forwarding to the database has ended; of the way back, once the commit is answered. */
    let silent = false;
    let committing: 'NO' | 'NEXT' | 'SENT' = 'NO';
    near.on('data', (chunk: Buffer) => {
      if (silent) {
        return;
      }
      // Also before anything is to be stopped: names are told once.
      const text = wireText(chunk);
      if (committing === 'NEXT' && /commit/i.test(text)) {
        committing = 'SENT';
      } else if (concerns(chunk, text)) {
        if (stop?.moment === 'UNRECORDED' || stop?.moment === 'TOKENS_UNSAVED') {
          silent = true;
          stopped += 1;
          return;
        }
        committing = 'NEXT';
      }
      far.write(chunk);
    });
    far.on('data', (chunk: Buffer) => {
      if (committing === 'SENT') {
        stopped += silent ? 0 : 1;
        silent = true;
        return;
      }
      near.write(chunk);
    });
  }

  const proxy = await startTcpProxy(databaseUrl, pass);
  return {
    url: proxy.url,
    get stopped() {
      return stopped;
    },
    stopAt(next) {
      stop = next;
    },
    close: proxy.close,
  };
}
