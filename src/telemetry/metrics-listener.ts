import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { Metrics } from './metrics.ts';

export type MetricsPage = Pick<Metrics, 'text' | 'contentType'>;

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Compares without telling by its time how much of it was right. */
export const bears = (authorization: string | null | undefined, token: string) =>
  timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`));

/**
 * `/metrics` on a port of its own, and nothing else there.
 * @param token who may read them; undefined: whoever reaches the port
 */
export const metricsListener =
  ({ text, contentType }: MetricsPage, token: string | undefined): RequestListener =>
  (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404).end('not found\n');
    } else if (token !== undefined && !bears(request.headers.authorization, token)) {
      response.writeHead(401, { 'www-authenticate': 'Bearer' }).end('unauthorized\n');
    } else {
      text().then(
        (page) => response.writeHead(200, { 'content-type': contentType }).end(page),
        () => response.writeHead(500).end('not available\n'),
      );
    }
  };
