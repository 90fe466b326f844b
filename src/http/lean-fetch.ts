import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type Dispatcher } from 'undici';
import { type BodyFault, decodeBody } from './body.ts';

/** An answer of any status, its body read, decoded and bounded. */
export interface LeanResponse {
  status: number;
  headers: IncomingHttpHeaders;
  /** Always null: for ofetch there is nothing left to read. */
  body: null;
  bytes: Buffer;
}

export interface LeanRequest {
  method: Dispatcher.HttpMethod;
  headers: Iterable<[string, string]>;
  body?: string | Buffer | undefined;
  /** Milliseconds for connect, headers and body together. */
  milliseconds: number;
  /** Not `signal`: ofetch would look at that one. */
  cancel?: AbortSignal | undefined;
}

/** Why there is no answer. Holds nothing of the request or the answer. */
export class FetchFault extends Error {
  override readonly name = 'FetchFault';

  constructor(
    readonly kind: 'UNREACHABLE' | 'CONNECTION_LOST' | 'TIMED_OUT' | 'CANCELLED' | BodyFault,
    /** Whether the request was handed to a connection. */
    readonly sent: boolean,
    /** Where the answer had begun. */
    readonly status: number | undefined,
    readonly headers: IncomingHttpHeaders = {},
    /** Of Node or OpenSSL, for example `ENOTFOUND`, where no connection was made. */
    readonly code?: string | undefined,
  ) {
    super(kind);
  }
}

export interface LeanFetchOptions {
  /** Connections at once. */
  connections: number;
  /** Bytes of a body, as sent and decoded. */
  largestBody: number;
  /** Milliseconds that an idle connection is kept; a shorter `Keep-Alive` of the vendor wins. */
  keepAlive: number;
  /** Whether an answer waits a turn, so that a follow-up call finds its connection free and opens no other. */
  frugal: boolean;
}

export interface LeanFetch {
  fetch(url: string, request: LeanRequest): Promise<LeanResponse>;
  close(): Promise<void>;
}

const connectMilliseconds = 2_000;

/**
 * One HTTP exchange without the weight of the web's Request and Response: straight on undici's
 * dispatcher, no redirects, no retries, one time limit over everything, and a body that cannot grow.
 * A connection whose exchange ends early is destroyed.
 */
export function createLeanFetch(options: LeanFetchOptions): LeanFetch {
  const agent = new Agent({
    connections: options.connections,
    pipelining: 1,
    // Said here, so that no environment variable can switch the check of certificates off.
    connect: { timeout: connectMilliseconds, rejectUnauthorized: true },
    keepAliveTimeout: options.keepAlive,
    keepAliveMaxTimeout: options.keepAlive,
    // Both sides' clocks for an idle connection run apart by the way: close well before the vendor does.
    keepAliveTimeoutThreshold: 1_000,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    fetch: (url, request) => exchange(agent, url, request, options),
    close: () => agent.destroy(),
  };
}

function exchange(
  agent: Agent,
  href: string,
  request: LeanRequest,
  { largestBody: largest, frugal }: LeanFetchOptions,
): Promise<LeanResponse> {
  const { promise, resolve, reject } = settlement<LeanResponse>();
  const url = new URL(href);
  const chunks: Buffer[] = [];
  let received = 0;
  let sent = false;
  let over = false;
  let status: number | undefined;
  let headers: IncomingHttpHeaders = {};
  let connection: Dispatcher.DispatchController | undefined;

  const timer = setTimeout(() => fail('TIMED_OUT'), request.milliseconds);
  const cancelled = () => fail('CANCELLED');
  request.cancel?.addEventListener('abort', cancelled, { once: true });

  const finish = () => {
    over = true;
    clearTimeout(timer);
    request.cancel?.removeEventListener('abort', cancelled);
  };
  const fail = (kind: FetchFault['kind'], code?: string) => {
    if (over) {
      return;
    }
    finish();
    const fault = new FetchFault(kind, sent, status, headers, code);
    reject(fault);
    connection?.abort(fault);
  };
  const complete = async () => {
    if (over) {
      return;
    }
    const raw = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
    const encoding = headers['content-encoding'];
    const decoded = encoding ? await decodeBody(raw, encoding, largest) : { bytes: raw };
    if ('fault' in decoded) {
      fail(decoded.fault);
    } else if (!over) {
      finish();
      resolve({ status: status ?? 0, headers, body: null, bytes: decoded.bytes });
    }
  };

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller) {
      connection = controller;
      if (over) {
        // It waited for a connection until nobody wanted it any more: it must not be sent now.
        controller.abort(new FetchFault('CANCELLED', false, undefined));
        return;
      }
      sent = true;
    },
    onResponseStart(_controller, code, received) {
      if (code < 200) {
        return;
      }
      status = code;
      headers = received;
      if (Number(received['content-length']) > largest) {
        fail('BODY_TOO_LARGE');
      }
    },
    onResponseData(_controller, chunk) {
      received += chunk.length;
      if (received > largest) {
        fail('BODY_TOO_LARGE');
      } else if (!over) {
        chunks.push(chunk);
      }
    },
    onResponseEnd() {
      const settle = () => complete().catch(() => fail('NOT_JSON'));
      if (frugal) {
        // undici frees the connection in its next turn.
        queueMicrotask(() => setImmediate(settle));
      } else {
        settle();
      }
    },
    onResponseError(_controller, error) {
      if ('code' in error && error.code === 'UND_ERR_HEADERS_OVERFLOW') {
        fail('BODY_TOO_LARGE');
      } else if (status !== undefined) {
        fail('TRUNCATED_BODY');
      } else if (sent) {
        fail('CONNECTION_LOST');
      } else {
        fail('UNREACHABLE', 'code' in error ? String(error.code) : undefined);
      }
    },
  };

  if (request.cancel?.aborted) {
    fail('CANCELLED');
    return promise;
  }
  agent.dispatch(
    {
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method,
      headers: Object.fromEntries(request.headers),
      body: request.body ?? null,
    },
    handler,
  );
  return promise;
}

function settlement<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
