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
  /** As the URL parser writes it, without a fragment. */
  url: string;
  method: Dispatcher.HttpMethod;
  headers: Readonly<Record<string, string>>;
  body?: string | Buffer | undefined;
  /** Milliseconds for connect, headers and body together. */
  milliseconds: number;
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
  fetch(request: LeanRequest): Promise<LeanResponse>;
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
    fetch: (request) =>
      new Promise((resolve, reject) => {
        new LeanExchange(request, options, resolve, reject).begin(agent);
      }),
    close: () => agent.destroy(),
  };
}

/** One request and its answer; a class, since a function would make a dozen closures for each. */
class LeanExchange implements Dispatcher.DispatchHandler {
  private readonly chunks: Buffer[] = [];
  private received = 0;
  private sent = false;
  private over = false;
  private status: number | undefined;
  private headers: IncomingHttpHeaders = {};
  private connection: Dispatcher.DispatchController | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly request: LeanRequest,
    private readonly options: LeanFetchOptions,
    private readonly resolve: (response: LeanResponse) => void,
    private readonly reject: (fault: FetchFault) => void,
  ) {}

  begin(agent: Agent): void {
    const { url, method, headers, body, milliseconds, cancel } = this.request;
    if (cancel?.aborted) {
      this.fail('CANCELLED');
      return;
    }
    this.timer = setTimeout(outOfTime, milliseconds, this);
    cancel?.addEventListener('abort', this, { once: true });
    // It was parsed when it was made: its path begins with the first slash after the host.
    const slash = url.indexOf('/', url.indexOf('//') + 2);
    const [origin, path] = [url.slice(0, slash), url.slice(slash)];
    agent.dispatch({ origin, path, method, headers, body: body ?? null }, this);
  }

  /** Of the signal: the client is gone. */
  handleEvent(): void {
    this.fail('CANCELLED');
  }

  private finish(): void {
    this.over = true;
    clearTimeout(this.timer);
    this.request.cancel?.removeEventListener('abort', this);
  }

  fail(kind: FetchFault['kind'], code?: string): void {
    if (this.over) {
      return;
    }
    this.finish();
    const fault = new FetchFault(kind, this.sent, this.status, this.headers, code);
    this.reject(fault);
    this.connection?.abort(fault);
  }

  private succeed(bytes: Buffer): void {
    this.finish();
    this.resolve({ status: this.status ?? 0, headers: this.headers, body: null, bytes });
  }

  private async decode(raw: Buffer, encoding: string): Promise<void> {
    const decoded = await decodeBody(raw, encoding, this.options.largestBody);
    if ('fault' in decoded) {
      this.fail(decoded.fault);
    } else if (!this.over) {
      this.succeed(decoded.bytes);
    }
  }

  private complete(): void {
    if (this.over) {
      return;
    }
    const [only] = this.chunks;
    const raw = only && this.chunks.length === 1 ? only : Buffer.concat(this.chunks);
    const encoding = this.headers['content-encoding'];
    if (encoding) {
      this.decode(raw, encoding).catch(() => this.fail('NOT_JSON'));
    } else {
      this.succeed(raw);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.connection = controller;
    if (this.over) {
      // It waited for a connection until nobody wanted it any more: it must not be sent now.
      controller.abort(new FetchFault('CANCELLED', false, undefined));
      return;
    }
    this.sent = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    code: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (code < 200) {
      return;
    }
    this.status = code;
    this.headers = headers;
    if (Number(headers['content-length']) > this.options.largestBody) {
      this.fail('BODY_TOO_LARGE');
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.received += chunk.length;
    if (this.received > this.options.largestBody) {
      this.fail('BODY_TOO_LARGE');
    } else if (!this.over) {
      this.chunks.push(chunk);
    }
  }

  onResponseEnd(): void {
    if (this.options.frugal) {
      // undici frees the connection in its next turn.
      queueMicrotask(() => setImmediate(() => this.complete()));
    } else {
      this.complete();
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if ('code' in error && error.code === 'UND_ERR_HEADERS_OVERFLOW') {
      this.fail('BODY_TOO_LARGE');
    } else if (this.status !== undefined) {
      this.fail('TRUNCATED_BODY');
    } else if (this.sent) {
      this.fail('CONNECTION_LOST');
    } else {
      this.fail('UNREACHABLE', 'code' in error ? String(error.code) : undefined);
    }
  }
}

const outOfTime = (exchange: LeanExchange) => exchange.fail('TIMED_OUT');
