import type { Dispatcher } from 'undici';
import type { VendorErrorKind } from '../domain/errors.ts';
import type { RequestScope } from '../domain/request.ts';
import { leastTimeFor } from './attempts.ts';
import { CallReport } from './call-report.ts';
import type { OperationClass, Transport, TransportOptions } from './exchange.ts';
import type { Gate, SignOfLife } from './gates.ts';
import type { LeanFetch, LeanResponse } from './lean-fetch.ts';
import { type Failed, isFair, outcomeOfFault, outOfTime } from './outcome.ts';

interface ForeignFetchParts
  extends Pick<TransportOptions, 'vendor' | 'baseUrl' | 'timeouts' | 'pace'> {
  clock: () => number;
  gates: Readonly<Record<OperationClass, Gate>>;
  lean: Readonly<Record<OperationClass, LeanFetch>>;
}

type Arrived = { life: SignOfLife; response: LeanResponse; error?: never };

/** The `fetchFor` of a transport; see there. */
export function createForeignFetch(parts: ForeignFetchParts): Transport['fetchFor'] {
  const { vendor, baseUrl, timeouts, pace, clock, gates, lean } = parts;

  return (scope, operation, operationClass) =>
    async (address, init = {}) => {
      const method = (init.method ?? 'GET').toUpperCase() as Dispatcher.HttpMethod;
      const server = baseUrl.hostname;
      const called = { vendor, operation, method, server, template: undefined };
      const report = new CallReport(scope, called, clock);
      const url = URL.canParse(address) ? new URL(address) : undefined;
      if (url?.origin !== baseUrl.origin || url.username || url.password) {
        // A discovered address of another host is a redirect by other means.
        return report.failWith(report.error({ kind: 'REDIRECTED' }));
      }
      const cancel = eitherSignal(scope, init.signal);
      const request = {
        url: url.origin + url.pathname + url.search,
        method,
        headers: readHeaders(init),
        body: readBody(init.body),
      };
      const whole = scope.deadline - clock();
      const limit = timeouts[operationClass];
      // A renewal that is cut off may cost a refresh token that was rotated already.
      const least = leastTimeFor(operationClass === 'read', limit);
      const send = async (): Promise<Arrived | Failed> => {
        const inTime = await pace?.(scope.deadline - clock() - least, cancel);
        const left = scope.deadline - clock();
        if (inTime === false || left < least) {
          return outOfTime(report);
        }
        report.attempts = 1;
        const milliseconds = Math.min(limit, left);
        try {
          const response = await lean[operationClass].fetch({ ...request, milliseconds, cancel });
          return { response, life: response.status >= 500 ? 'FAULT' : 'ALIVE' };
        } catch (fault) {
          const fair = isFair(left, limit, whole);
          return outcomeOfFault(fault, clock(), fair, report);
        }
      };
      const result = await gates[operationClass].run(send, scope.deadline, cancel);
      if (cancel?.aborted && result.life !== 'ALIVE') {
        return report.failWith(report.error({ kind: 'CANCELLED' }));
      }
      if (result.life === undefined) {
        return report.failWith(report.error({ kind: 'SHED', retryAt: result.retryAt }));
      }
      if (result.error) {
        return report.failWith(result.error);
      }
      report.ended(outcomeName(result.response.status), result.response.status);
      return toResponse(result.response);
    };
}

function eitherSignal(scope: RequestScope, signal: AbortSignal | null | undefined) {
  const signals = [scope.signal, signal].filter((one) => one instanceof AbortSignal);
  return signals.length > 1 ? AbortSignal.any(signals) : signals[0];
}

function readHeaders({ headers, body }: RequestInit): Record<string, string> {
  const all = new Headers(headers);
  if (body instanceof URLSearchParams && !all.has('content-type')) {
    all.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8');
  }
  all.set('user-agent', 'portico');
  all.set('accept-encoding', 'gzip, deflate, br');
  return Object.fromEntries(all);
}

function readBody(body: RequestInit['body']): string | Buffer | undefined {
  if (body === null || body === undefined) {
    return undefined;
  }
  if (typeof body === 'string') {
    return body;
  }
  if (body instanceof URLSearchParams) {
    return body.toString();
  }
  if (body instanceof Uint8Array) {
    return Buffer.from(body);
  }
  throw new TypeError('Only text, forms and bytes can be sent.');
}

function outcomeName(status: number): 'OK' | VendorErrorKind {
  if (status < 300) {
    return 'OK';
  }
  if (status < 400) {
    return 'REDIRECTED';
  }
  return status >= 500 ? 'SERVER_ERROR' : status === 429 ? 'RATE_LIMITED' : 'REJECTED';
}

/** A real `Response`: libraries check that it is one. The body was decoded already. */
function toResponse({ status, headers, bytes }: LeanResponse): Response {
  const kept = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !/^(content-(encoding|length)|transfer-encoding)$/.test(name)) {
      for (const one of [value].flat()) {
        kept.append(name, one);
      }
    }
  }
  const bodiless = [101, 204, 205, 304].includes(status) || bytes.length === 0;
  return new Response(bodiless ? null : new Uint8Array(bytes), { status, headers: kept });
}
