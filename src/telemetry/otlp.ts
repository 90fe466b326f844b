import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { inTime } from '../domain/in-time.ts';

/** What traces and metrics have in common on their way to a collector. */

/** Milliseconds between two complaints about a collector. */
const complaintsEvery = 60_000;
/** Milliseconds that the last of them may take to leave. */
const longestFlush = 1_000;

/** Who tells: each process by an id of its own, so that the sums of several are not taken for one's. */
export const describeProcess = () =>
  defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'portico' }))
    .merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector] }));

interface Exporter<Batch> {
  export(batch: Batch, done: (result: ExportResult) => void): void;
}

/**
 * Has an exporter say now and then that nothing arrives, in place of the error with its text.
 * @param complain told at most once a minute
 */
export function complainOfLosses<Batch>(exporter: Exporter<Batch>, complain: () => void): void {
  const send = exporter.export.bind(exporter);
  let saidAt = Number.NEGATIVE_INFINITY;
  exporter.export = (batch, done) =>
    send(batch, ({ code }) => {
      if (code !== ExportResultCode.SUCCESS && performance.now() - saidAt > complaintsEvery) {
        saidAt = performance.now();
        complain();
      }
      done({ code: ExportResultCode.SUCCESS });
    });
}

/** Ends what sends, with what is left to be sent, for a moment only. */
export async function closeSoon(provider: { shutdown(): Promise<void> }): Promise<void> {
  const ended = provider.shutdown().catch(() => undefined);
  await inTime(longestFlush, ended, () => undefined);
}
