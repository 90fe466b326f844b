import type { Plugin } from 'graphql-yoga';
import { inTime } from '../domain/in-time.ts';

/** Milliseconds that the store may take to say that it is there: probes do not wait for long. */
const readyTimeout = 2_000;

export const operationalPaths = ['/health', '/ready'];

/**
 * `/health`: the process is alive. `/ready`: it can serve. Probes ask by GET or HEAD; Node sends no body to HEAD.
 * @param ready resolves while the store answers
 */
export const useOperationalRoutes = (ready: () => Promise<void>): Plugin => ({
  async onRequest({ url, request, endResponse, fetchAPI }) {
    if (!operationalPaths.includes(url.pathname)) {
      return;
    }
    if (!['GET', 'HEAD'].includes(request.method)) {
      endResponse(new fetchAPI.Response(null, { status: 405, headers: { allow: 'GET, HEAD' } }));
    } else if (url.pathname === '/health') {
      endResponse(new fetchAPI.Response('alive\n'));
    } else {
      const answer = await soon(ready()).then(
        () => new fetchAPI.Response('ready\n'),
        () => new fetchAPI.Response('not ready: the store does not answer\n', { status: 503 }),
      );
      endResponse(answer);
    }
  },
});

const soon = (work: Promise<void>) =>
  inTime(readyTimeout, work, () => {
    throw new Error('The store is silent.');
  });
