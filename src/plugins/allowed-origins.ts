import type { CORSOptions } from 'graphql-yoga';

const allowed = {
  methods: ['GET', 'POST'],
  allowedHeaders: ['authorization', 'content-type', 'x-request-id'],
  exposedHeaders: ['x-request-id', 'retry-after'],
  /** Seconds that a browser may remember the answer to its question. */
  maxAge: 600,
};

/**
 * The answer to a browser that asks for a page of another origin. One that is not on the list gets no
 * header at all: with a fixed list the server below us would tell it the first, or grant `null`.
 */
export const corsFor =
  (origins: readonly string[]) =>
  (request: Request): CORSOptions => {
    const origin = request.headers.get('origin');
    return origin === null || !origins.includes(origin)
      ? false
      : { origin: [origin], credentials: false, ...allowed };
  };

/** The same as headers of an answer. */
export const corsHeadersFor =
  (origins: readonly string[]) =>
  (origin: string | undefined): Record<string, string> | undefined =>
    origin === undefined || !origins.includes(origin)
      ? undefined
      : {
          'access-control-allow-origin': origin,
          'access-control-allow-methods': allowed.methods.join(', '),
          'access-control-allow-headers': allowed.allowedHeaders.join(', '),
          'access-control-expose-headers': allowed.exposedHeaders.join(', '),
          'access-control-max-age': String(allowed.maxAge),
        };
