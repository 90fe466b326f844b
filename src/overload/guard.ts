import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ErrorCode } from '../domain/errors.ts';
import { requestIdFrom } from '../domain/request.ts';
import type { Admission, Place } from './admission.ts';

export interface GuardOptions {
  admission: Admission;
  /** Hashes of persisted documents that are mutations. */
  isPersistedWrite: (hash: string) => boolean;
  /** Origins of browsers that may read why they were turned away. */
  corsOrigins: readonly string[];
}

/** Answered whatever there is to do: they say how it is, and cost next to nothing. */
const always = ['/health', '/ready', '/metrics'];
const callback = /^\/oauth\/[a-z-]{1,40}\/callback$/;
const hashes = /\b[0-9a-f]{40}(?:[0-9a-f]{24})?\b/gi;

const places = new WeakMap<IncomingMessage, Place>();

/** Of a request that was let in. In one of a write, what it asks for has to be a write. */
export const placeOf = (request: IncomingMessage | undefined): Place | undefined =>
  request && places.get(request);

const code: ErrorCode = 'RATE_LIMITED';
const message = 'There is too much to do at the moment. Nothing was done; try again soon.';
/** Seconds; not the same for all, who would come back together. */
const retryAfter = () => String(1 + Math.floor(Math.random() * 3));

/** Without a look at its body: that would cost what is to be spared. */
function turnAway(
  request: IncomingMessage,
  response: ServerResponse,
  { corsOrigins }: GuardOptions,
): void {
  const { origin, accept = '', 'x-request-id': given } = request.headers;
  const requestId = requestIdFrom(given);
  const type = accept.includes('application/graphql-response+json')
    ? 'application/graphql-response+json'
    : 'application/json';
  response.writeHead(503, {
    'retry-after': retryAfter(),
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': String(requestId),
    vary: 'Origin',
    ...(origin !== undefined &&
      corsOrigins.includes(origin) && {
        'access-control-allow-origin': origin,
        'access-control-expose-headers': 'x-request-id, retry-after',
      }),
  });
  response.end(JSON.stringify({ errors: [{ message, extensions: { code, requestId } }] }));
}

/** The beginning of its body, which stays there to be read again; nothing where there is none. */
function beginningOf(request: IncomingMessage, take: (text: string) => void): void {
  request.once('readable', () => {
    const chunk = request.read() as Buffer | null;
    if (chunk !== null) {
      request.unshift(chunk);
    }
    take(chunk?.toString('utf8') ?? '');
  });
}

/**
 * Turns requests away with 503 at once where more are in hand than can be answered in good time. Reads go
 * first; a request that seems to be a write, by a look at the beginning of its body, may have a place of the
 * writes' reserve. Whether it is one is checked once its document was read, see `usePlaces`.
 */
export function guardAgainstOverload(
  listener: RequestListener,
  options: GuardOptions,
): RequestListener {
  const { admission, isPersistedWrite } = options;
  const seemsToWrite = (text: string) =>
    text.includes('mutation') || (text.match(hashes) ?? []).some(isPersistedWrite);

  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const admit = (place: Place) => {
      places.set(request, place);
      // Whoever reads their answer slowly holds nobody up.
      response.once('finish', place.leave).once('close', place.leave);
      listener(request, response);
    };
    const asWrite = (seems: boolean) => {
      const place = seems ? admission.enter('write') : undefined;
      if (place === undefined) {
        admission.refused(seems ? 'write' : 'read');
        turnAway(request, response, options);
      } else {
        admit(place);
      }
    };

    if (always.includes(path)) {
      listener(request, response);
      return;
    }
    const place = admission.enter('read');
    if (place !== undefined) {
      admit(place);
    } else if (request.method === 'POST' && path === '/graphql') {
      beginningOf(request, (text) => asWrite(seemsToWrite(text)));
    } else {
      // A patient who comes back from a vendor's login has a code that is good for one try.
      asWrite(callback.test(path));
    }
  };
}
