import type { Plugin } from 'graphql-yoga';

/**
 * `/health`: the process is alive. `/ready`: it can serve.
 * @param ready resolves while the store answers
 */
export const useOperationalRoutes = (ready: () => Promise<void>): Plugin => ({
  async onRequest({ url, request, endResponse, fetchAPI }) {
    if (request.method !== 'GET') {
      return;
    }
    if (url.pathname === '/health') {
      endResponse(new fetchAPI.Response('alive\n'));
    }
    if (url.pathname === '/ready') {
      const answer = await ready().then(
        () => new fetchAPI.Response('ready\n'),
        () => new fetchAPI.Response('not ready: the store does not answer\n', { status: 503 }),
      );
      endResponse(answer);
    }
  },
});
