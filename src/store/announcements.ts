import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Announcements } from '../domain/store.ts';
import { clientFor, connectionTimeout } from './server-connection.ts';

/** PostgreSQL's name for the line that all processes of Portico share. */
const line = 'portico';
/** Milliseconds before it is tried again, doubled up to the longest. */
const shortestPause = 500;
const longestPause = 30_000;

interface Envelope {
  from: string;
  topic: string;
  text: string;
}

function opened(payload: string | undefined): Envelope | undefined {
  try {
    const { from, topic, text } = JSON.parse(payload ?? '') as Partial<Envelope>;
    return typeof from === 'string' && typeof topic === 'string' && typeof text === 'string'
      ? { from, topic, text }
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * PostgreSQL's LISTEN and NOTIFY, over a connection of its own. Nothing is written down, and nothing waits
 * for it: what is said while the database is away, or behind a pooler that gives connections out by
 * transaction, is lost.
 */
export function openAnnouncements(databaseUrl: string): Announcements & { close(): Promise<void> } {
  const from = randomUUID();
  const listeners = new Map<string, (text: string) => void>();
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let pause = shortestPause;
  let closed = false;

  async function connect() {
    let fresh: pg.Client;
    try {
      fresh = clientFor(databaseUrl, { query_timeout: connectionTimeout });
    } catch {
      // A certificate's file that is just being replaced, say: it was there as this process started.
      again();
      return;
    }
    fresh.on('error', () => lost(fresh));
    fresh.on('end', () => lost(fresh));
    fresh.on('notification', ({ payload }) => {
      const said = opened(payload);
      if (said !== undefined && said.from !== from) {
        listeners.get(said.topic)?.(said.text);
      }
    });
    client = fresh;
    try {
      await fresh.connect();
      await fresh.query(`listen ${line}`);
      pause = shortestPause;
    } catch {
      lost(fresh);
    }
  }

  function lost(one: pg.Client) {
    if (client !== one) {
      return;
    }
    client = undefined;
    void one.end().catch(() => undefined);
    again();
  }

  function again() {
    if (!closed) {
      retry = setTimeout(() => void connect(), pause).unref();
      pause = Math.min(longestPause, pause * 2);
    }
  }

  void connect();
  return {
    say(topic, text) {
      const current = client;
      const payload = JSON.stringify({ from, topic, text } satisfies Envelope);
      // Nor would it hear anything: a database that went over to another machine may just be silent here.
      current?.query('select pg_notify($1, $2)', [line, payload]).catch(() => lost(current));
    },
    onSaid(topic, listener) {
      listeners.set(topic, listener);
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      const last = client;
      client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}
