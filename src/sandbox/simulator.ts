import type { IncomingHttpHeaders } from 'node:http';

/** A request as a simulator got it; kept so that tests can assert what was really sent. */
export interface ReceivedCall {
  method: string;
  /** Without the query, as sent (still encoded), below the vendor's base path. */
  path: string;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  /** Parsed JSON or form; undefined without a body. */
  body: unknown;
  /** Status answered; undefined where a fault ended it. */
  status: number | undefined;
}

export const faultKinds = [
  ...(['hang', 'reset', 'status', 'html', 'garbage', 'empty', 'truncate', 'drip'] as const),
  ...(['oversize', 'redirect', 'wrong-shape', 'wrong-content-length'] as const),
] as const;

/** What goes wrong, and when: `act: true` lets the simulator do its work before the answer is spoiled. */
export interface Fault {
  kind: (typeof faultKinds)[number];
  act?: boolean;
  /** For `status` and `html`; default 500. */
  status?: number;
  headers?: Record<string, string>;
  /** For `redirect`. */
  location?: string;
  /** Only calls whose `METHOD path` matches; default all. */
  match?: RegExp;
  /** How many matching calls are answered well before; default none. */
  after?: number;
  /** How many calls; default until cleared. */
  times?: number;
}

export interface SimulatorRequest {
  method: string;
  url: URL;
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: unknown;
}

export interface SimulatorAnswer {
  status: number;
  headers?: Record<string, string>;
  /** Sent as JSON, or as it is where it is a string. */
  body?: unknown;
}

/** Routes by `METHOD /path/{param}`, below the vendor's base path. */
export type SimulatorRoutes = Record<
  string,
  (request: SimulatorRequest) => SimulatorAnswer | Promise<SimulatorAnswer>
>;

/** A vendor's simulator: real HTTP on loopback, strict as the vendor's contract. */
export interface Simulator {
  /** The environment variables with which a gateway reaches it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly origin: string;
  /** Received calls, oldest first, bounded to the last 10,000. */
  readonly calls: readonly ReceivedCall[];
  /** Milliseconds that every answer is held back. */
  latency: number;
  fault(fault: Fault): void;
  /** Closes the port once so many more calls are answered: whoever comes then finds nobody there. */
  refuse(afterCalls: number): void;
  /** Opens the port again. */
  accept(): Promise<void>;
  /** Ends all faults and forgets the recorded calls and latency; keeps the data. */
  clear(): void;
  close(): Promise<void>;
}

export interface SimulatorOptions {
  /** 0: any free port. */
  port: number;
  /** Where the gateway under test lives: the OAuth callback is registered from it. */
  publicUrl: URL;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** What a vendor's `sandbox.ts` exports as `startSimulator`. */
export type SimulatorFactory = (options: SimulatorOptions) => Promise<Simulator>;
