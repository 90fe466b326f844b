import type { Plugin } from 'graphql-yoga';

/**
 * A browser asks before a page of another origin calls, and never with a token. Where no origin may call, the
 * answer grants nothing, as the server below us answers an origin that is not on the list.
 */
export const usePreflight = (): Plugin => ({
  onRequest({ request, endResponse, fetchAPI }) {
    if (request.method === 'OPTIONS' && request.headers.has('access-control-request-method')) {
      endResponse(new fetchAPI.Response(null, { status: 204 }));
    }
  },
});
