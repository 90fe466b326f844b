import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  Fault,
  ReceivedCall,
  Simulator,
  SimulatorAnswer,
  SimulatorRequest,
  SimulatorRoutes,
} from './simulator.ts';
import { readBody, UnreadableBody } from './simulator-bodies.ts';
import { answerControl } from './simulator-control.ts';
import { applyFault } from './simulator-faults.ts';
import { holdAnswer, swallowAnswer } from './simulator-handler.ts';
import { createRouter } from './simulator-routes.ts';

const mostCalls = 10_000;

type Answering = SimulatorAnswer | Promise<SimulatorAnswer>;

export interface SimulatorServerOptions {
  /** The vendor's path prefix, e.g. `/api/v1`; routes, `calls` and `match` are below it. */
  basePath: string;
  /** 0: any free port. */
  port: number;
  routes: SimulatorRoutes;
  /** The environment variables with which a gateway reaches the simulator at this origin. */
  environment: (origin: string) => Record<string, string>;
  /** Runs before every route, also for unknown paths below the base; an answer ends the call. */
  authenticate?: (
    request: SimulatorRequest,
  ) => SimulatorAnswer | undefined | Promise<SimulatorAnswer | undefined>;
  /** The vendor's own 404; default a JSON object. */
  notFound?: (request: SimulatorRequest) => Answering;
  /**
   * Another node handler for some paths (the whole URL, base path included), asked before the routes.
   * True where it took the call. The body is left for it to read, so `calls` do not have it.
   */
  handler?: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;
}

/** Starts a simulator's server on 127.0.0.1: routes, faults, latency, recorded calls, `/_sandbox/`. */
export async function startSimulatorServer(options: SimulatorServerOptions): Promise<Simulator> {
  const base = options.basePath.replace(/^\/*(.*?)\/*$/, '$1');
  const prefix = base === '' ? '' : `/${base}`;
  const route = createRouter(options.routes);
  const notFound = options.notFound ?? (() => ({ status: 404, body: { error: 'not found' } }));
  const calls: ReceivedCall[] = [];
  let faults: (Fault & { before: number; left: number })[] = [];
  /** Calls until the port is closed. */
  let welcome = Number.POSITIVE_INFINITY;
  let closed: Promise<void> | undefined;

  const takeFault = (call: ReceivedCall): Fault | undefined => {
    const text = `${call.method} ${call.path}`;
    const matching = faults.filter(({ match }) => {
      if (match) {
        // A global or sticky expression remembers where it was.
        match.lastIndex = 0;
      }
      return !match || match.test(text);
    });
    const fault = matching.find((each) => each.before-- <= 0);
    if (fault) {
      fault.left -= 1;
      faults = faults.filter(({ left }) => left > 0);
    }
    return fault;
  };

  const closePort = () => {
    closed ??= new Promise((resolve) => server.close(() => resolve()));
  };

  const holdBack = () => (simulator.latency > 0 ? sleep(simulator.latency) : undefined);

  async function answer(
    request: SimulatorRequest,
    path: string | undefined,
  ): Promise<SimulatorAnswer> {
    if (path === undefined) {
      return notFound(request);
    }
    const refusal = await options.authenticate?.(request);
    if (refusal) {
      return refusal;
    }
    const match = route(request.method, path);
    if (match && 'allow' in match) {
      return {
        status: 405,
        headers: { allow: match.allow.join(', ') },
        body: { error: 'method not allowed' },
      };
    }
    return match ? match.handler({ ...request, params: match.params }) : notFound(request);
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = incoming.method ?? 'GET';
    const [whole = '/', search = ''] = (incoming.url ?? '/').split(/\?(.*)/s);
    if (whole.startsWith('/_sandbox/')) {
      return sendAnswer(response, await answerControl(simulator, incoming, whole));
    }
    const below = whole.startsWith(`${prefix}/`) ? whole.slice(prefix.length) : undefined;
    const query = new URLSearchParams(search);
    const call: ReceivedCall = {
      method,
      path: below ?? whole,
      query: Object.fromEntries(query),
      headers: incoming.headers,
      body: undefined,
      status: undefined,
    };
    calls.push(call);
    if (calls.length > mostCalls) {
      calls.shift();
    }
    welcome -= 1;
    if (welcome <= 0) {
      response.shouldKeepAlive = false;
      closePort();
    }
    const fault = takeFault(call);
    if (options.handler && (!fault || fault.act)) {
      const swallowed = fault && swallowAnswer(response);
      const { latency } = simulator;
      const held = !fault && latency > 0 ? holdAnswer(response, latency) : undefined;
      if (await options.handler(incoming, response)) {
        if (fault && swallowed) {
          await swallowed.ended;
          await holdBack();
          call.status = applyFault(response, fault, undefined);
        } else {
          noteStatus(call, response);
        }
        return;
      }
      swallowed?.restore();
      held?.restore();
    }
    call.body = await readBody(incoming);
    if (fault && !fault.act) {
      await holdBack();
      call.status = applyFault(response, fault, undefined);
      return;
    }
    const url = new URL(
      `${simulator.origin}${whole === '*' ? '/' : whole}${search && `?${search}`}`,
    );
    const request = { method, url, params: {}, query, headers: incoming.headers, body: call.body };
    const answered = await answer(request, below);
    await holdBack();
    call.status = fault ? applyFault(response, fault, answered) : answered.status;
    if (!fault) {
      sendAnswer(response, answered);
    }
  }

  const server = createServer((incoming, response) => {
    // A client that goes away is everyday life for a server with faults.
    response.on('error', () => {});
    serve(incoming, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) {
        response.destroy();
        return;
      }
      const status = error instanceof UnreadableBody ? error.status : 500;
      sendAnswer(response, { status, body: { error: 'simulator', message: String(error) } });
    });
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen(options.port);
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const simulator: Simulator = {
    origin,
    environment: options.environment(origin),
    calls,
    latency: 0,
    fault(fault) {
      const { after = 0, times = Number.POSITIVE_INFINITY } = fault;
      faults.push({ ...fault, before: after, left: times });
    },
    refuse(afterCalls) {
      welcome = afterCalls;
      if (welcome <= 0) {
        closePort();
      }
    },
    async accept() {
      welcome = Number.POSITIVE_INFINITY;
      if (closed) {
        server.closeAllConnections();
        await closed;
        closed = undefined;
        await listen(Number(new URL(origin).port));
      }
    },
    clear() {
      faults = [];
      calls.length = 0;
      simulator.latency = 0;
    },
    async close() {
      closePort();
      server.closeAllConnections();
      await closed;
    },
  };
  return simulator;
}

/** Of an answer that a foreign handler gives, now or later. */
function noteStatus(call: ReceivedCall, response: ServerResponse): void {
  const note = () => {
    call.status = response.statusCode;
  };
  if (response.writableFinished) {
    note();
  } else {
    response.once('finish', note);
  }
}

function sendAnswer(response: ServerResponse, { status, headers, body }: SimulatorAnswer): void {
  const content = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  response.writeHead(status, {
    ...(body !== undefined && { 'content-type': type }),
    ...(status !== 204 && { 'content-length': String(Buffer.byteLength(content)) }),
    ...headers,
  });
  response.end(content);
}
