import type { Plugin } from 'graphql-yoga';
import { type MetricsPage, metricsAnswer } from '../telemetry/metrics-listener.ts';

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
    const { body, ...rest } = await metricsAnswer(
      page,
      token,
      request.headers.get('authorization'),
    );
    endResponse(new fetchAPI.Response(body, rest));
  },
});
