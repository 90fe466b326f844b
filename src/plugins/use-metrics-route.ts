import type { Plugin } from 'graphql-yoga';
import { bears, type MetricsPage } from '../telemetry/metrics-listener.ts';

export interface MetricsRoute {
  page: MetricsPage;
  /** Who may read them. */
  token: string;
}

/** `/metrics` on the gateway's own port, for whoever has the token; without one there is no such page. */
export const useMetricsRoute = (metrics: MetricsRoute | undefined): Plugin => ({
  async onRequest({ url, request, endResponse, fetchAPI }) {
    if (url.pathname !== '/metrics' || request.method !== 'GET' || metrics === undefined) {
      return;
    }
    const { page, token } = metrics;
    endResponse(
      bears(request.headers.get('authorization'), token)
        ? new fetchAPI.Response(await page.text(), {
            headers: { 'content-type': page.contentType },
          })
        : new fetchAPI.Response('unauthorized\n', {
            status: 401,
            headers: { 'www-authenticate': 'Bearer' },
          }),
    );
  },
});
