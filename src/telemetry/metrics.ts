import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type PrometheusContentType,
  Registry,
} from 'prom-client';
import type { UnsettledOperations } from '../domain/operations.ts';
import type { MetricsReport } from './metrics-report.ts';
import type { Observer } from './observer.ts';
import { createOperationNames } from './operation-names.ts';
import type { RenewalOutcome } from './token-renewals.ts';

/** What goes on at one vendor, in one class of calls. */
export interface VendorLoad {
  vendor: string;
  class: string;
  breaker: 'CLOSED' | 'HALF_OPEN' | 'OPEN';
  running: number;
  waiting: number;
}

/** What the overload guard lets in, in one class of requests. */
export interface RequestLoad {
  class: string;
  running: number;
  limit: number;
  refused: number;
}

export interface MetricsOptions {
  /** Texts of the persisted documents: the names of their operations are told apart. */
  documents?: Iterable<string> | undefined;
  /** Asked at each scrape. */
  vendorLoads: () => readonly VendorLoad[];
  /** Asked at each scrape; undefined where the store does not say. */
  unsettled: () => Promise<UnsettledOperations | undefined>;
  requestLoads?: (() => readonly RequestLoad[]) | undefined;
}

/** Seconds. Vendors take from some milliseconds to half a minute. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const breakerStates = ['CLOSED', 'HALF_OPEN', 'OPEN'] as const;

/** Labels are of closed sets; a word from elsewhere must not become one. */
const asCode = (text: string) => (/^[A-Z_]{2,40}$/.test(text) ? text : 'OTHER');

/**
 * What Prometheus reads. No label holds what a caller may choose, but for the names of operations, which
 * are bounded, see `createOperationNames`.
 */
export function createMetrics(options: MetricsOptions) {
  const registry = new Registry<PrometheusContentType>();
  const registers = [registry];
  const nameOf = createOperationNames(options.documents);
  // Of the process itself: its event loop, memory, garbage collection.
  collectDefaultMetrics({ register: registry });

  const operations = new Counter({
    name: 'portico_operations_total',
    help: 'GraphQL operations that were executed; the outcome is OK, USER_ERROR or the code of the first error.',
    labelNames: ['type', 'name', 'outcome'] as const,
    registers,
  });
  const operationSeconds = new Histogram({
    name: 'portico_operation_duration_seconds',
    help: 'From the request to the answer.',
    labelNames: ['type', 'name'] as const,
    ...{ buckets, registers },
  });
  const refusals = new Counter({
    name: 'portico_requests_refused_total',
    help: 'Requests that were answered without an operation being executed.',
    labelNames: ['route', 'status', 'code'] as const,
    registers,
  });
  const calls = new Counter({
    name: 'portico_vendor_calls_total',
    help: 'Calls at vendors; the outcome is OK or the kind of the error.',
    labelNames: ['vendor', 'operation', 'outcome'] as const,
    registers,
  });
  const attempts = new Counter({
    name: 'portico_vendor_attempts_total',
    help: 'Requests that these calls sent: more than calls where some were repeated.',
    labelNames: ['vendor', 'operation'] as const,
    registers,
  });
  const callSeconds = new Histogram({
    name: 'portico_vendor_call_duration_seconds',
    help: 'All attempts and waits of a call together.',
    labelNames: ['vendor', 'operation'] as const,
    ...{ buckets, registers },
  });
  const renewals = new Counter({
    name: 'portico_token_refreshes_total',
    help: 'Refreshes of patients’ tokens; LOST: the patient has to authorize again.',
    labelNames: ['vendor', 'outcome'] as const,
    registers,
  });
  gaugesOfVendors(registers, options.vendorLoads);
  gaugesOfLedger(registers, options.unsettled);
  if (options.requestLoads) {
    gaugesOfRequests(registers, options.requestLoads);
  }

  const observer: Observer = {
    vendorCallEnded({ vendor, operation, outcome, duration, attempts: sent }) {
      calls.inc({ vendor, operation, outcome: asCode(outcome) });
      attempts.inc({ vendor, operation }, sent);
      callSeconds.observe({ vendor, operation }, duration / 1000);
    },
    operationEnded({ type, name: given }, { outcome, duration }) {
      const name = nameOf(given);
      operations.inc({ type, name, outcome: asCode(outcome) });
      operationSeconds.observe({ type, name }, duration / 1000);
    },
    requestRefused({ route, status, code }) {
      refusals.inc({ route, status, code: code === undefined ? '' : asCode(code) });
    },
  };
  return {
    observer,
    contentType: registry.contentType,
    /** @returns the text that a scrape gets */
    text: () => registry.metrics(),
    /** @returns the same for programs */
    report: (): Promise<MetricsReport> =>
      registry.getMetricsAsJSON() as Promise<unknown> as Promise<MetricsReport>,
    tokenRenewed: (vendor: string, outcome: RenewalOutcome) => renewals.inc({ vendor, outcome }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

function gaugesOfVendors(registers: Registry[], loads: MetricsOptions['vendorLoads']): void {
  const labelNames = ['vendor', 'class'] as const;
  new Gauge({
    name: 'portico_vendor_breaker_state',
    help: '1 for the state that the breaker is in, 0 for the others; of several workers, in how many it is.',
    labelNames: [...labelNames, 'state'] as const,
    registers,
    collect() {
      for (const { vendor, class: of, breaker } of loads()) {
        for (const state of breakerStates) {
          this.set({ vendor, class: of, state }, state === breaker ? 1 : 0);
        }
      }
    },
  });
  for (const [name, help, key] of [
    ['portico_vendor_calls_running', 'Calls under way.', 'running'],
    ['portico_vendor_calls_waiting', 'Calls in line for their turn.', 'waiting'],
  ] as const) {
    new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        for (const { vendor, class: of, [key]: value } of loads()) {
          this.set({ vendor, class: of }, value);
        }
      },
    });
  }
}

function gaugesOfLedger(registers: Registry[], unsettled: MetricsOptions['unsettled']): void {
  const labelNames = ['status'] as const;
  new Gauge({
    name: 'portico_ledger_operations',
    help: 'Writes that are not settled, up to 10,000; absent while the store does not say.',
    ...{ labelNames, registers },
    // Each worker has read the same database, at a moment of its own.
    aggregator: 'max',
    async collect() {
      const told = Object.entries((await unsettled()) ?? {});
      this.reset();
      for (const [status, { count }] of told) {
        this.set({ status }, count);
      }
    },
  });
  new Gauge({
    name: 'portico_ledger_oldest_timestamp_seconds',
    help: 'When the oldest of them was started; absent where there is none.',
    ...{ labelNames, registers },
    aggregator: 'min',
    async collect() {
      const told = Object.entries((await unsettled()) ?? {});
      this.reset();
      for (const [status, { oldest }] of told) {
        if (oldest !== null) {
          this.set({ status }, oldest.getTime() / 1000);
        }
      }
    },
  });
}

function gaugesOfRequests(
  registers: Registry[],
  loads: NonNullable<MetricsOptions['requestLoads']>,
): void {
  const labelNames = ['class'] as const;
  for (const [name, help, key] of [
    ['portico_requests_running', 'Requests in hand.', 'running'],
    ['portico_requests_limit', 'Requests that may be in hand at once, at the moment.', 'limit'],
  ] as const) {
    new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        for (const { class: of, [key]: value } of loads()) {
          this.set({ class: of }, value);
        }
      },
    });
  }
  new Counter({
    name: 'portico_requests_shed_total',
    help: 'Requests that were turned away with 503 because there was too much to do.',
    ...{ labelNames, registers },
    collect() {
      this.reset();
      for (const { class: of, refused } of loads()) {
        this.inc({ class: of }, refused);
      }
    },
  });
}
