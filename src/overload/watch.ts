import type { RequestListener } from 'node:http';
import type { Logger } from 'pino';
import { type AdmissionOptions, createAdmission } from './admission.ts';
import { watchEventLoop } from './event-loop-lag.ts';
import { type GuardOptions, guardAgainstOverload } from './guard.ts';

/** Milliseconds between two lines about requests that were turned away. */
const saidEvery = 1_000;

/** Keeps a process within what it can do: watches its event loop, and says so where requests are turned away. */
export function watchLoad(options: AdmissionOptions, logger: Logger) {
  const admission = createAdmission(options);
  let saidAt = Number.NEGATIVE_INFINITY;
  let said = 0;
  const stop = watchEventLoop((lag) => {
    admission.adapt(lag);
    const loads = admission.loads();
    const refused = loads.reduce((sum, load) => sum + load.refused, 0);
    const now = performance.now();
    if (refused > said && now - saidAt >= saidEvery) {
      logger.warn(
        {
          turnedAway: refused - said,
          lag: Math.round(lag),
          inHand: loads.reduce((sum, { running }) => sum + running, 0),
        },
        'too much to do',
      );
      [said, saidAt] = [refused, now];
    }
  });
  return {
    loads: admission.loads,
    guard: (listener: RequestListener, rest: Omit<GuardOptions, 'admission'>) =>
      guardAgainstOverload(listener, { admission, ...rest }),
    close: stop,
  };
}
