import type { RequestListener, ServerResponse } from 'node:http';
import type { PageFile } from './front-desk-build.ts';

/** Everything is a file of the page's own: no script in the page, and nothing from, or to, another host. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const headers = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  // A login comes back with a one-time token in the address.
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

const assets = '/front-desk/';

function answer(response: ServerResponse, status: number, text: string) {
  response
    .writeHead(status, { ...headers, 'content-type': 'text/plain; charset=utf-8' })
    .end(`${text}\n`);
}

export interface FrontDesk {
  /** Where browsers reach the gateway: the page's origin, to which logins come back. */
  publicUrl: URL;
  /** Builds the page; asked at its first request only, and again after a failure. */
  build: () => Promise<ReadonlyMap<string, PageFile>>;
  next: (...parameters: Parameters<RequestListener>) => unknown;
}

/** The front-desk page at `/`, its files below `/front-desk/`. */
export function frontDeskRoute({ publicUrl, build, next }: FrontDesk): RequestListener {
  let built: ReturnType<FrontDesk['build']> | undefined;
  const files = () => {
    built ??= build();
    built.catch(() => {
      built = undefined;
    });
    return built;
  };
  return (request, response) => {
    const { method, url = '', headers: asked } = request;
    const [path = '', query] = url.split(/\?(.*)/s);
    const isPage = path === '/';
    if ((method !== 'GET' && method !== 'HEAD') || !(isPage || path.startsWith(assets))) {
      next(request, response);
      return;
    }
    if (asked.host !== publicUrl.host) {
      // Under another name a login would come back to another page than it began in.
      const location = new URL(query === undefined ? path : `${path}?${query}`, publicUrl);
      response.writeHead(307, { ...headers, location: location.href }).end();
      return;
    }
    files().then(
      (all) => {
        const file = all.get(isPage ? 'index.html' : path.slice(assets.length));
        if (file === undefined) {
          answer(response, 404, 'There is no such file.');
          return;
        }
        response
          .writeHead(200, {
            ...headers,
            'content-type': file.type,
            'content-length': file.content.length,
            // The names of files change with their content; the page says which ones there are.
            ...(isPage ? {} : { 'cache-control': 'public, max-age=31536000, immutable' }),
          })
          .end(method === 'HEAD' ? undefined : file.content);
      },
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        answer(response, 500, `The front-desk page could not be built: ${reason}`);
      },
    );
  };
}
