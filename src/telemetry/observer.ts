import type { VendorCallRecord } from '../domain/request.ts';

/** One GraphQL operation, as it is seen from outside: nothing of what it asks about whom. */
export interface ObservedOperation {
  readonly requestId: string;
  readonly type: 'query' | 'mutation' | 'subscription';
  /** As its document has it, which is its author's text: cut to what names are long. */
  readonly name: string | undefined;
  /** Milliseconds since the epoch: when its request came in. */
  readonly startedAt: number;
  /** The caller's `traceparent`, unchecked. */
  readonly traceParent: string | undefined;
}

export interface OperationEnd {
  /** `OK`, `USER_ERROR` where a payload says so, or the code of its first error. */
  outcome: string;
  errors: number;
  vendorCalls: number;
  /** Milliseconds since its request came in. */
  duration: number;
}

/** A request that was answered without an operation being executed. */
export interface Refusal {
  requestId: string;
  method: string;
  /** One of the server's own routes, or `other`. */
  route: string;
  status: number;
  /** Of its error, where it has one. */
  code: string | undefined;
  /** Milliseconds. */
  duration: number;
}

/** Who is told what the server does: the log, the metrics, the traces. Must not throw. */
export interface Observer {
  operationStarted?(operation: ObservedOperation): void;
  /** Without an operation for calls of a vendor's login that came back. */
  vendorCallEnded?(
    call: VendorCallRecord,
    requestId: string,
    operation: ObservedOperation | undefined,
  ): void;
  operationEnded?(operation: ObservedOperation, end: OperationEnd): void;
  requestRefused?(refusal: Refusal): void;
  /** Waits for what is on its way out, for a moment only. */
  close?(): Promise<void>;
}

/** Tells all of them. */
export const observedBy = (observers: readonly Observer[]): Required<Observer> => ({
  operationStarted: (operation) => {
    for (const each of observers) {
      each.operationStarted?.(operation);
    }
  },
  vendorCallEnded: (call, requestId, operation) => {
    for (const each of observers) {
      each.vendorCallEnded?.(call, requestId, operation);
    }
  },
  operationEnded: (operation, end) => {
    for (const each of observers) {
      each.operationEnded?.(operation, end);
    }
  },
  requestRefused: (refusal) => {
    for (const each of observers) {
      each.requestRefused?.(refusal);
    }
  },
  close: async () => {
    await Promise.all(observers.map((each) => each.close?.()));
  },
});
