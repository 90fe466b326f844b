import { setTimeout as sleep } from 'node:timers/promises';
import { createFetch } from 'ofetch';
import type { VendorError } from '../domain/errors.ts';
import { type RequestScope, scopeForWrites } from '../domain/request.ts';
import { createRetryPolicy, leastTimeFor } from './attempts.ts';
import { CallReport } from './call-report.ts';
import type { Exchange, Transport, TransportOptions } from './exchange.ts';
import { exchangeUrl } from './exchange-url.ts';
import { createForeignFetch } from './foreign-fetch.ts';
import { createGate, worse } from './gates.ts';
import { createLeanFetch, type LeanRequest, type LeanResponse } from './lean-fetch.ts';
import { isFair, type Outcome, outcomeOf, outcomeOfFault, outOfTime } from './outcome.ts';
import { encodeBody } from './request-body.ts';
import { checkHeaders } from './request-headers.ts';

const defaultLargestBody = 1024 * 1024;
const defaultAttempts = 3;
/** An idle connection that the vendor closes under a write costs an unknown outcome: keep it less long. */
const connecting = {
  read: { keepAlive: 4_000, frugal: false },
  // Writes come in chains, one after another.
  write: { keepAlive: 1_000, frugal: true },
} as const;

/** What is sent again and again, unchanged. */
type Prepared = Omit<LeanRequest, 'milliseconds' | 'cancel'>;

function prepare(baseUrl: URL, exchange: Exchange<unknown>): Prepared {
  const body = encodeBody(exchange.body);
  const headers: Record<string, string> = {
    accept: 'application/json',
    'accept-encoding': 'gzip, deflate, br',
    'user-agent': 'portico',
  };
  if (body !== undefined) {
    headers['content-type'] = body.contentType;
  }
  Object.assign(headers, exchange.headers);
  checkHeaders(headers);
  const url = exchangeUrl(baseUrl, exchange.path, exchange.params, exchange.query);
  return { url, method: exchange.method, headers, body: body?.content };
}

/** A vendor's way out; see `Transport`. */
export function createTransport(options: TransportOptions): Transport {
  const { vendor, baseUrl, timeouts, concurrency, pace } = options;
  const clock = options.clock ?? (() => Date.now());
  const gates = { read: createGate(concurrency, clock), write: createGate(concurrency, clock) };
  const limits = {
    connections: concurrency,
    largestBody: options.largestBody ?? defaultLargestBody,
  };
  const lean = {
    read: createLeanFetch({ ...limits, ...connecting.read }),
    write: createLeanFetch({ ...limits, ...connecting.write }),
  };
  const send = { read: ofetchOver(lean.read.fetch), write: ofetchOver(lean.write.fetch) };
  const retries = createRetryPolicy(
    options.attempts ?? defaultAttempts,
    options.random ?? Math.random,
  );

  async function attempt<Answer>(
    scope: RequestScope,
    exchange: Exchange<Answer>,
    prepared: Prepared,
    { least, whole, report }: { least: number; whole: number; report: CallReport },
  ): Promise<Outcome<Answer>> {
    // Its turn comes before the deadline, with the least time that it takes, or it is not worth waiting for.
    const inTime = await pace?.(scope.deadline - clock() - least, scope.signal);
    const left = scope.deadline - clock();
    if (inTime === false || left < least) {
      return outOfTime(report);
    }
    report.attempts += 1;
    const limit = timeouts[exchange.class];
    try {
      const response = await send[exchange.class](prepared, Math.min(limit, left), scope.signal);
      return outcomeOf(exchange, response, clock(), report);
    } catch (fault) {
      const fair = isFair(left, limit, whole);
      return outcomeOfFault(fault, clock(), fair, report, exchange);
    }
  }

  async function call<Answer>(asked: RequestScope, exchange: Exchange<Answer>): Promise<Answer> {
    asked.beforeVendorCall?.();
    // Whatever its caller hands down, a write is never cancelled half-way.
    const scope = exchange.class === 'write' ? scopeForWrites(asked) : asked;
    const prepared = prepare(baseUrl, exchange);
    const { repeatable, operation, method } = exchange;
    const template = `${baseUrl.pathname}${exchange.path}`;
    const called = { vendor, operation, method, server: baseUrl.hostname, template };
    const report = new CallReport(scope, called, clock, repeatable);
    const least = leastTimeFor(repeatable, timeouts[exchange.class]);
    const bounds = { least, whole: scope.deadline - clock(), report };
    retries.called();
    let last: VendorError | undefined;
    for (;;) {
      const sent = report.attempts;
      const result = await gates[exchange.class].run(
        () => attempt(scope, exchange, prepared, bounds),
        scope.deadline,
        scope.signal,
      );
      if (scope.signal?.aborted && result.life !== 'ALIVE') {
        return report.failWith(report.error({ kind: 'CANCELLED' }));
      }
      if (result.life === undefined) {
        return report.failWith(last ?? report.error({ kind: 'SHED', retryAt: result.retryAt }));
      }
      if (last !== undefined && report.attempts === sent) {
        // There was no time left to be told otherwise.
        return report.failWith(last);
      }
      if (result.error === undefined) {
        report.succeeded(result.status);
        return result.answer;
      }
      const pause = retries.pause({
        error: result.error,
        repeatable,
        attempts: report.attempts,
        now: clock(),
        latestStart: scope.deadline - least,
      });
      if (pause === undefined) {
        return report.failWith(result.error);
      }
      last = result.error;
      await sleep(pause, undefined, scope.signal && { signal: scope.signal }).catch(() => {});
    }
  }

  return {
    call,
    fetchFor: createForeignFetch({ vendor, baseUrl, timeouts, pace, clock, gates, lean }),
    health: () => worse(gates.read.health(), gates.write.health()),
    load: () => ({ read: gates.read.load(), write: gates.write.load() }),
    close: async () => {
      await Promise.all([lean.read.close(), lean.write.close()]);
    },
  };
}

type Send = (
  prepared: Prepared,
  milliseconds: number,
  cancel: AbortSignal | undefined,
) => Promise<LeanResponse>;

/** Headers go past ofetch, which would copy them. */
class NoHeaders {}

/** ofetch with everything switched off that it does too eagerly, over our own fetch. */
function ofetchOver(fetch: ReturnType<typeof createLeanFetch>['fetch']): Send {
  const ofetch = createFetch({
    fetch: ((_url: string, { sent }: { sent: LeanRequest }) => fetch(sent)) as never,
    Headers: NoHeaders as unknown as typeof Headers,
    defaults: { retry: 0, ignoreResponseError: true, redirect: 'manual' },
  });
  return async ({ url, method, headers, body }, milliseconds, cancel) => {
    const sent: LeanRequest = { url, method, headers, body, milliseconds, cancel };
    try {
      return (await ofetch.raw(url, { method, sent } as object)) as unknown as LeanResponse;
    } catch (error) {
      // Its own error quotes the URL; only our fault goes on.
      throw error instanceof Error ? error.cause : undefined;
    }
  };
}
