import { setTimeout as delay } from 'node:timers/promises';
import type { Who } from '../../support/gateway.ts';
import type { ListeningGateway } from '../../support/listening-gateway.ts';
import { globalIdOf, keyIn } from '../../support/mutations.ts';
import { eventsOf } from '../../support/parts.ts';
import { portalOf } from '../../support/simulators.ts';

/** Subscribing over real HTTP, and what changes meanwhile at the vendor. */

export const document = `subscription Earlier($id: ID!, $after: ID) {
  earlierAvailability(appointmentId: $id, after: $after) { id vendor start } }`;

/** Ana's appointments; `b` is on the ASAP list. */
const vendorId = (last: string) => `xbCuVVTNU6rT6E5m8p6Y8h7opzA${last}`;
export const appointmentOf = ({ ids }: ListeningGateway, last = 'b') =>
  globalIdOf('Appointment', 'MY_PATIENT_PORTAL', keyIn(ids.Ana), vendorId(last));

/** The looks for an earlier time that the vendor got. */
export const looks = (gateway: ListeningGateway) =>
  gateway.calls('MY_PATIENT_PORTAL').filter(({ path }) => path.endsWith('/earlier_availability'));

/** The portal's own record of an appointment. */
export function recordOf(gateway: ListeningGateway, last = 'b') {
  const found = portalOf(gateway).appointments.find(({ id }) => id === vendorId(last));
  if (found === undefined) {
    throw new Error('No such appointment.');
  }
  return found;
}

/** Whether an earlier time is open for Ana's appointment. */
export function open(gateway: ListeningGateway, isOpen: boolean): void {
  recordOf(gateway).asapEmail = isOpen ? 'ana.silva@example.com' : null;
}

/** Holds up what is to be put down of who saw what, from now on. */
export function holdTrail({ store: { accessLog } }: ListeningGateway) {
  const { record } = accessLog;
  let held = 0;
  let release: (error?: Error) => void = () => undefined;
  const released = new Promise<Error | undefined>((resolve) => {
    release = resolve;
  });
  accessLog.record = async (events) => {
    held += 1;
    const error = await released;
    if (error !== undefined) {
      throw error;
    }
    await record(events);
  };
  return {
    held: () => held,
    /** Lets it be put down, or fail this once. */
    release(error?: Error) {
      accessLog.record = record;
      release(error);
    },
  };
}

export interface Stream {
  response: Response;
  /** The next event; undefined where the stream is complete. @throws after ten seconds of silence */
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by tests that assert what they find
  next(): Promise<any>;
  /** Whether nothing arrives for so many milliseconds. */
  silentFor(milliseconds: number): Promise<boolean>;
  close(): void;
}

export interface ListenOptions {
  as?: Who;
  token?: string;
  variables?: object;
  accept?: string;
  /** The address of a gateway in front of it. */
  at?: string;
  /** Aborted by `close`, or earlier. */
  gone?: AbortController;
}

export async function listen(
  gateway: ListeningGateway,
  options: ListenOptions = {},
): Promise<Stream> {
  const { as = 'ana', accept = 'text/event-stream', variables = {}, at } = options;
  const { gone = new AbortController() } = options;
  const ask = at === undefined ? gateway.ask : (init: RequestInit) => fetch(at, init);
  const response = await ask({
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept,
      authorization: `Bearer ${options.token ?? (await gateway.token(as))}`,
    },
    body: JSON.stringify({
      query: document,
      variables: { id: appointmentOf(gateway), ...variables },
    }),
    signal: gone.signal,
  });
  const events = eventsOf(response);
  let pending: Promise<IteratorResult<unknown>> | undefined;
  const within = async (milliseconds: number) => {
    pending ??= events.next();
    const timer = new AbortController();
    const late = delay(milliseconds, 'late' as const, { signal: timer.signal }).catch(
      () => 'late' as const,
    );
    const first = await Promise.race([pending, late]);
    timer.abort();
    return first;
  };
  return {
    response,
    async next() {
      const result = await within(10_000);
      if (result === 'late') {
        throw new Error('Nothing arrived.');
      }
      pending = undefined;
      return result.done ? undefined : result.value;
    },
    silentFor: async (milliseconds) => (await within(milliseconds)) === 'late',
    close() {
      gone.abort();
      // An aborted body is nobody's business any more.
      pending?.catch(() => undefined);
    },
  };
}
