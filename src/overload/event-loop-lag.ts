/** Milliseconds between two looks at the clock, and between two reports. */
const tick = 20;
const reportEvery = 100;
/** How much of a report is of the time just past: one pause for garbage is no overload. */
const newest = 0.5;

/**
 * Watches how late the event loop is.
 * @param report told ten times a second, in milliseconds, smoothed
 * @returns what ends the watch
 */
export function watchEventLoop(report: (lag: number) => void): () => void {
  let last = performance.now();
  let lag = 0;
  let reportedAt = last;
  let sum = 0;
  let count = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    sum += Math.max(0, now - last - tick);
    count += 1;
    last = now;
    if (now - reportedAt >= reportEvery) {
      lag += newest * (sum / count - lag);
      [sum, count, reportedAt] = [0, 0, now];
      report(lag);
    }
  }, tick);
  timer.unref();
  return () => clearInterval(timer);
}
