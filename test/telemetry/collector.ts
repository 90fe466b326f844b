import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number | string };
}

interface WireSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
  status: { code?: number };
}

/** A span as tests look at it; times in milliseconds. */
export interface CollectedSpan extends Pick<WireSpan, 'traceId' | 'spanId' | 'name' | 'kind'> {
  parentSpanId: string | undefined;
  start: number;
  end: number;
  attributes: Record<string, string | number | undefined>;
  isError: boolean;
}

const spanOf = ({ attributes, status, ...span }: WireSpan): CollectedSpan => ({
  ...{ traceId: span.traceId, spanId: span.spanId, name: span.name, kind: span.kind },
  parentSpanId: span.parentSpanId || undefined,
  start: Number(span.startTimeUnixNano) / 1e6,
  end: Number(span.endTimeUnixNano) / 1e6,
  attributes: Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
  ),
  isError: status.code === 2,
});

export interface Collector {
  url: string;
  /** Every byte that came in. */
  received(): string;
  spans(): CollectedSpan[];
  resource(): Record<string, string | number | undefined>;
  close(): void;
}

/** A stub of an OTLP collector: takes whatever is posted to `/v1/traces`. */
export async function startCollector(): Promise<Collector> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      if (request.url === '/v1/traces') {
        bodies.push(text);
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const batches = () => bodies.flatMap((body) => JSON.parse(body).resourceSpans);
  return {
    url: `http://127.0.0.1:${port}`,
    received: () => bodies.join('\n'),
    spans: () =>
      batches()
        .flatMap(({ scopeSpans }) => scopeSpans)
        .flatMap(({ spans }) => spans as WireSpan[])
        .map(spanOf),
    resource: () => spanOf({ ...batches()[0]?.resource, status: {} }).attributes,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
