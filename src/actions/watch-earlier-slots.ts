import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError, VendorError } from '../domain/errors.ts';
import type { VendorRecordKey } from '../domain/ids.ts';
import { createPace, type Pace } from '../domain/pace.ts';
import type { Slot } from '../domain/records.ts';
import type { Store } from '../domain/store.ts';
import type { VendorDirectory, VendorId } from '../domain/vendor.ts';
import { accountAt, adapterOf } from '../loaders/environment.ts';

/** What is the same about a slot however often it is read: the vendors' handles are new each time. */
export type SlotTime = Pick<Slot, 'start' | 'end'>;

export interface WatchOptions {
  store: Store;
  vendors: VendorDirectory;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** Milliseconds between two looks at one appointment. */
  pollInterval: number;
  /** Looks at each vendor in a minute, over all appointments; they take turns. */
  callsPerMinute: number;
  /** Milliseconds that one look may take. */
  callTimeout: number;
}

export interface Listening {
  /** When the appointment starts, in milliseconds since the epoch: then there is nothing to wait for. */
  until: number;
  /** What the listener knows already. */
  known: SlotTime | null;
}

/** Earlier times as they open up, and null when what was given is gone. Always the latest state only. */
export type EarlierSlots = AsyncIterableIterator<Slot | null>;

export interface EarlierSlotWatch {
  /** Listeners to one appointment share one poller, which ends with the last of them. */
  follow(key: VendorRecordKey, listening: Listening): EarlierSlots;
  /** Ends all pollers, and what listens to them. */
  close(): void;
}

const sameTime = (one: SlotTime | null, other: SlotTime | null) =>
  one?.start.getTime() === other?.start.getTime() && one?.end?.getTime() === other?.end?.getTime();

/** After these it is no use to look again: the patient or staff has to act first. */
const isFinal = (error: unknown) =>
  error instanceof CodedError ||
  (error instanceof VendorError &&
    ['AUTHORIZATION_REQUIRED', 'CREDENTIAL_REFUSED'].includes(error.kind));

/** Milliseconds after which a vendor is asked again, whatever it said; timers take much more for zero. */
const longestRest = 60 * 60 * 1000;

/** One appointment that is looked at again and again, for as long as anybody listens. */
class Poller {
  /** Undefined before the first look. */
  latest: { slot: Slot | null } | undefined;
  ended: { error: unknown } | undefined;
  private readonly listeners = new Set<() => void>();
  private readonly stop = new AbortController();

  constructor(
    private readonly look: (signal: AbortSignal) => Promise<Slot | null>,
    private readonly pace: Pace,
    private readonly options: Pick<WatchOptions, 'clock' | 'pollInterval'>,
    private readonly onEnd: () => void,
  ) {}

  start(): this {
    void this.run();
    return this;
  }

  add(wake: () => void): void {
    this.listeners.add(wake);
  }

  remove(wake: () => void): void {
    this.listeners.delete(wake);
    if (this.listeners.size === 0) {
      this.end();
    }
  }

  end(error?: unknown): void {
    if (this.ended === undefined) {
      this.ended = { error };
      this.stop.abort();
      this.onEnd();
      this.wakeAll();
    }
  }

  private wakeAll(): void {
    for (const wake of [...this.listeners]) {
      wake();
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.stop;
    const { clock, pollInterval } = this.options;
    while (!signal.aborted) {
      let pause = pollInterval;
      try {
        if (!(await this.pace(Number.POSITIVE_INFINITY, signal))) {
          return;
        }
        this.latest = { slot: await this.look(signal) };
        this.wakeAll();
      } catch (error) {
        if (isFinal(error)) {
          this.end(error);
        }
        const retryAt = error instanceof VendorError ? error.retryAt?.getTime() : undefined;
        pause = Math.max(pause, Math.min((retryAt ?? 0) - clock(), longestRest));
      }
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}

/** @throws what ended the poller, at `next` */
function listenTo(poller: Poller, { until, known }: Listening, clock: () => number): EarlierSlots {
  let given: SlotTime | null = known;
  let over = false;
  let wake: () => void = () => undefined;
  const woken = () => wake();
  const timer = setTimeout(() => leave(), Math.min(until - clock(), 2 ** 31 - 1));
  timer.unref();
  const leave = () => {
    over = true;
    clearTimeout(timer);
    poller.remove(woken);
    wake();
  };
  poller.add(woken);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      while (!over) {
        const { latest, ended } = poller;
        if (ended !== undefined) {
          leave();
          if (ended.error !== undefined) {
            throw ended.error;
          }
        } else if (latest !== undefined && !sameTime(latest.slot, given)) {
          given = latest.slot;
          return { done: false, value: latest.slot };
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
      return { done: true, value: undefined };
    },
    async return() {
      leave();
      return { done: true, value: undefined };
    },
  };
}

/**
 * Looks for earlier times on behalf of subscriptions. The vendors tell nobody but by mail, so that somebody
 * has to ask; each appointment is asked about once, however many listen, and each vendor within a budget.
 */
export function createEarlierSlotWatch(options: WatchOptions): EarlierSlotWatch {
  const { store, vendors, clock, callsPerMinute, callTimeout } = options;
  const pollers = new Map<string, Poller>();
  const paces = new Map<VendorId, Pace>();

  const paceOf = (vendor: VendorId) => {
    const pace = paces.get(vendor) ?? createPace(callsPerMinute / 60);
    paces.set(vendor, pace);
    return pace;
  };

  const lookAt =
    ({ vendor, patientId, vendorRecordId }: VendorRecordKey) =>
    async (signal: AbortSignal) => {
      const scope = { requestId: `watch-${randomUUID()}`, deadline: clock() + callTimeout, signal };
      const { appointments } = adapterOf(vendors, vendor, 'appointments');
      const account = accountAt(await store.accounts.findByPatients([patientId]), vendor);
      return appointments.earlierAvailability(scope, account, vendorRecordId);
    };

  return {
    follow(key, listening) {
      const name = `${key.vendor}/${key.patientId}/${key.vendorRecordId}`;
      const poller =
        pollers.get(name) ??
        new Poller(lookAt(key), paceOf(key.vendor), options, () => pollers.delete(name)).start();
      pollers.set(name, poller);
      return listenTo(poller, listening, clock);
    },
    close() {
      for (const poller of [...pollers.values()]) {
        poller.end();
      }
    },
  };
}
