import type { IncomingMessage } from 'node:http';
import { type Plugin, processRegularResult } from 'graphql-yoga';
import { refusal } from './refusal.ts';
import type { NodeContext } from './remote-address.ts';
import { decodeUtf8, paramsOfAddress, paramsOfBody } from './request-text.ts';

export interface RequestLimits {
  /** Bytes of a body. */
  bytes: number;
  /** Operations of one body; 1: no batches. */
  batch: number;
}

const tooLarge = (bytes: number) =>
  refusal(
    'QUERY_TOO_COSTLY',
    413,
    `The body is too large: ${bytes.toLocaleString('en')} bytes are allowed.`,
  );

const unsupported = (message: string) => refusal('BAD_USER_INPUT', 415, message);

/**
 * JSON only. Forms, plain text and files could be sent by any page of the web without asking first
 * (a "simple" request); compressed bodies could be bombs.
 */
function checkHeaders({ headers }: Request, { bytes }: RequestLimits): void {
  const [type = '', ...parameters] = (headers.get('content-type') ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  const isUtf8 = parameters.every((each) => /^charset="?utf-8"?$/.test(each));
  if (!['application/json', 'application/graphql+json'].includes(type) || !isUtf8) {
    throw unsupported('Send `content-type: application/json`, in UTF-8.');
  }
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity') {
    throw unsupported('Send the body without a content encoding.');
  }
  const length = headers.get('content-length');
  if (length !== null && !/^\d+$/.test(length)) {
    throw refusal('BAD_USER_INPUT', 400, 'The content length is not a number.');
  }
  if (Number(length) > bytes) {
    throw tooLarge(bytes);
  }
}

/** Stops reading at the limit, whatever length was announced. */
async function readBody({ body }: Request, most: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  // Not by iteration: to leave that early closes the connection before the answer is sent.
  const reader = body?.getReader();
  let size = 0;
  for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
    size += read.value.byteLength;
    if (size > most) {
      throw tooLarge(most);
    }
    chunks.push(read.value);
  }
  return Buffer.concat(chunks);
}

const bodies = new WeakMap<IncomingMessage, Promise<Buffer>>();

/**
 * The same from Node's own request, without the streams of the web around it: half of what a small request
 * would cost. Whoever asks again gets the same.
 */
export function readIncoming(incoming: IncomingMessage, most: number): Promise<Buffer> {
  const known = bodies.get(incoming);
  const body = known ?? startReading(incoming, most);
  if (known === undefined) {
    bodies.set(incoming, body);
  }
  return body;
}

const startReading = (incoming: IncomingMessage, most: number) =>
  new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer) => {
      size += chunk.byteLength;
      chunks.push(chunk);
      if (size > most) {
        incoming.off('data', take).pause();
        reject(tooLarge(most));
      }
    };
    const endedEarly = () => reject(refusal('BAD_USER_INPUT', 400, 'The body ended early.'));
    if (incoming.destroyed) {
      // Its client is gone already: nothing would ever be heard of it.
      endedEarly();
      return;
    }
    incoming
      .on('data', take)
      .once('end', () => {
        incoming.off('close', endedEarly);
        const [only] = chunks;
        resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks));
      })
      .once('error', reject)
      .once('close', endedEarly);
  });

/**
 * Reads requests strictly and within bounds; takes the place of the server's own parsers. Whoever accepts none
 * of its media types gets JSON: the server would find that out when all is done, and keep what it came to.
 */
export const useRequestParser = (limits: RequestLimits): Plugin => ({
  onRequestParse({ request, url, serverContext, setRequestParser }) {
    const { req } = serverContext as NodeContext;
    if (request.method === 'GET') {
      setRequestParser(() => paramsOfAddress(url.searchParams));
    }
    if (request.method === 'POST') {
      checkHeaders(request, limits);
      setRequestParser(async () =>
        paramsOfBody(
          decodeUtf8(
            await (req === undefined
              ? readBody(request, limits.bytes)
              : readIncoming(req, limits.bytes)),
          ),
          limits.batch,
        ),
      );
    }
  },
  onResultProcess({ resultProcessor, setResultProcessor }) {
    if (resultProcessor === undefined) {
      setResultProcessor(processRegularResult, 'application/json');
    }
  },
});
