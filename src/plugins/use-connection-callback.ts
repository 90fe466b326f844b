import type { Plugin } from 'graphql-yoga';

const route = /^\/oauth\/([a-z-]{1,40})\/callback$/;

/**
 * Where vendors' logins send the browser back to.
 * @param receive the address to go on to, or undefined for a callback that belongs to no login
 */
export const useConnectionCallback = (
  receive: (callbackName: string, url: URL, request: Request) => Promise<URL | undefined>,
): Plugin => ({
  async onRequest({ url, request, endResponse, fetchAPI }) {
    const callbackName = route.exec(url.pathname)?.[1];
    if (callbackName === undefined || request.method !== 'GET') {
      return;
    }
    const next = await receive(callbackName, new URL(url.href), request);
    endResponse(
      next === undefined
        ? new fetchAPI.Response(
            'This sign-in is unknown, used or too old. Go back to where you came from and start again.\n',
            { status: 400, headers: { 'content-type': 'text/plain; charset=utf-8' } },
          )
        : new fetchAPI.Response(null, { status: 303, headers: { location: next.href } }),
    );
  },
});
