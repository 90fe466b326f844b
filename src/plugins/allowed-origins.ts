import type { CORSOptions } from 'graphql-yoga';

/** Seconds that a browser may remember the answer to its question. */
const remembered = 600;

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
      : {
          origin: [origin],
          methods: ['GET', 'POST'],
          allowedHeaders: ['authorization', 'content-type', 'x-request-id'],
          exposedHeaders: ['x-request-id', 'retry-after'],
          credentials: false,
          maxAge: remembered,
        };
  };
