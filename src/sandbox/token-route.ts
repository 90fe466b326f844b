import type { RequestListener } from 'node:http';
import type { IdentityProvider } from './identity-provider.ts';

const people: Readonly<Record<string, { subject: string; roles: readonly string[] }>> = {
  ana: { subject: 'sandbox-ana', roles: ['PATIENT'] },
  ben: { subject: 'sandbox-ben', roles: ['PATIENT'] },
  staff: { subject: 'sandbox-staff', roles: ['STAFF'] },
  admin: { subject: 'sandbox-admin', roles: ['ADMIN'] },
};

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
    const person = who === undefined ? undefined : people[who];
    if (person === undefined) {
      next(request, response);
      return;
    }
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    if (!['localhost', '127.0.0.1', '[::1]'].includes(host)) {
      response.writeHead(421).end('Only under a loopback name.\n');
      return;
    }
    identityProvider.token(person).then(
      (token) =>
        response
          .writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' })
          .end(token),
      () => response.writeHead(500).end(),
    );
  };
