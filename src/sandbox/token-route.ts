import type { RequestListener } from 'node:http';
import { type IdentityProvider, people } from './identity-provider.ts';

/**
 * Ready tokens of the sandbox's people at `/sandbox/token/{who}`, for a first `curl`. Only on loopback
 * and only under a loopback name: no page elsewhere can have a browser fetch one for it.
 */
export const tokenRoute =
  (
    identityProvider: IdentityProvider,
    next: (...parameters: Parameters<RequestListener>) => unknown,
  ): RequestListener =>
  (request, response) => {
    const who = /^\/sandbox\/token\/([a-z]+)$/.exec(request.url ?? '')?.[1];
    const person = people.find(({ username }) => username === who);
    if (person === undefined) {
      next(request, response);
      return;
    }
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (!['localhost', '127.0.0.1', '[::1]'].includes(host)) {
      response.writeHead(421).end('Only under a loopback name.\n');
      return;
    }
    const { subject, role } = person;
    identityProvider.token({ subject, roles: [role] }).then(
      (token) =>
        response
          .writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' })
          .end(token),
      () => response.writeHead(500).end(),
    );
  };
