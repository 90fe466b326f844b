import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { Metrics } from './metrics.ts';

export type MetricsPage = Pick<Metrics, 'text' | 'contentType'>;

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Compares without telling by its time how much of it was right. */
const bears = (authorization: string | null | undefined, token: string) =>
  timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`));

/**
 * What is said to somebody who asks for the page.
 * @param token who may read it; undefined: everybody
 */
export async function metricsAnswer(
  { text, contentType }: MetricsPage,
  token: string | undefined,
  authorization: string | null | undefined,
): Promise<{ status: number; headers: Record<string, string>; body: string }> {
  if (token !== undefined && !bears(authorization, token)) {
    return { status: 401, headers: { 'www-authenticate': 'Bearer' }, body: 'unauthorized\n' };
  }
  try {
    return { status: 200, headers: { 'content-type': contentType }, body: await text() };
  } catch {
    // Nothing of why: the port may be open to more people than the log.
    return { status: 500, headers: {}, body: 'not available\n' };
  }
}

/**
 * `/metrics` on a port of its own, and nothing else there.
 * @param token who may read them; undefined: whoever reaches the port
 */
export const metricsListener =
  (page: MetricsPage, token: string | undefined): RequestListener =>
  async (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404).end('not found\n');
      return;
    }
    const said = await metricsAnswer(page, token, request.headers.authorization);
    response.writeHead(said.status, said.headers).end(said.body);
  };
