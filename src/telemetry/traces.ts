import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import type { Observer } from './observer.ts';
import { createOperationNames } from './operation-names.ts';
import { closeSoon, complainOfLosses, describeProcess } from './otlp.ts';

/**
 * A span for each operation and each vendor call, in OpenTelemetry's words. The packages below read the
 * standard OTEL_* variables for themselves; this file is loaded only where those ask for traces.
 */

const isError = (outcome: string) => !['OK', 'USER_ERROR'].includes(outcome);

const propagator = new W3CTraceContextPropagator();

/** The caller's trace goes on here. `tracestate` does not: it is anybody's text, and nobody's need. */
const parentOf = (traceParent: string | undefined) =>
  traceParent === undefined
    ? ROOT_CONTEXT
    : propagator.extract(ROOT_CONTEXT, traceParent, {
        keys: () => ['traceparent'],
        get: (carrier, key) => (key === 'traceparent' ? carrier : undefined),
      });

const endAt = (startedAt: number, duration: number) => new Date(startedAt + duration);

/** @param documents texts of the persisted documents, whose operations' names are told apart */
function createTraces(processor: SpanProcessor, documents?: Iterable<string>): Observer {
  const provider = new NodeTracerProvider({
    resource: describeProcess(),
    spanProcessors: [processor],
  });
  // Nothing is registered globally: no library of ours is to add headers to what vendors get.
  const tracer = provider.getTracer('portico');
  const nameOf = createOperationNames(documents);
  const spans = new WeakMap<object, Span>();

  return {
    operationStarted(operation) {
      const { type, name, startedAt, requestId, traceParent } = operation;
      const known = name === undefined ? undefined : nameOf(name);
      const span = tracer.startSpan(
        known === undefined ? type : `${type} ${known}`,
        {
          kind: SpanKind.SERVER,
          startTime: new Date(startedAt),
          attributes: {
            'graphql.operation.type': type,
            ...(known !== undefined && { 'graphql.operation.name': known }),
            'portico.request.id': requestId,
          },
        },
        parentOf(traceParent),
      );
      spans.set(operation, span);
    },

    vendorCallEnded(call, requestId, operation) {
      const { vendor, method, template, server, status, outcome, attempts, startedAt } = call;
      const parent = operation && spans.get(operation);
      const span = tracer.startSpan(
        `${method} ${template ?? call.operation}`,
        {
          kind: SpanKind.CLIENT,
          startTime: new Date(startedAt),
          attributes: {
            'http.request.method': method,
            'server.address': server,
            ...(template !== undefined && { 'url.template': template }),
            ...(status !== undefined && { 'http.response.status_code': status }),
            ...(attempts > 1 && { 'http.request.resend_count': attempts - 1 }),
            ...(outcome !== 'OK' && { 'error.type': outcome }),
            'portico.vendor': vendor,
            'portico.vendor.operation': call.operation,
            'portico.vendor.attempts': attempts,
            'portico.vendor.outcome': outcome,
            'portico.request.id': requestId,
          },
        },
        parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
      );
      if (outcome !== 'OK') {
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
      span.end(endAt(startedAt, call.duration));
    },

    operationEnded(operation, { outcome, errors, vendorCalls, duration }) {
      const span = spans.get(operation);
      span?.setAttributes({
        'portico.operation.outcome': outcome,
        'portico.operation.errors': errors,
        'portico.operation.vendor_calls': vendorCalls,
        ...(isError(outcome) && { 'error.type': outcome }),
      });
      if (isError(outcome)) {
        span?.setStatus({ code: SpanStatusCode.ERROR });
      }
      span?.end(endAt(operation.startedAt, duration));
    },

    close: () => closeSoon(provider),
  };
}

/**
 * Traces to a collector over OTLP. What it does not take is dropped: spans wait in a bounded line.
 * @param complain told at most once a minute that spans do not arrive
 */
export function openTraces(complain: () => void, documents?: Iterable<string>): Observer {
  const exporter = new OTLPTraceExporter();
  complainOfLosses(exporter, complain);
  return createTraces(new BatchSpanProcessor(exporter), documents);
}
