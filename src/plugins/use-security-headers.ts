import type { Plugin } from 'graphql-yoga';
import { requestState } from './request-state.ts';

/** For answers that are no page: whatever a browser takes them for, it runs and loads nothing. */
const nothing = "default-src 'none'; frame-ancestors 'none'";

/** For the explorer, whose scripts stand in the page itself: nothing from, and nothing to, another host. */
const ownPageOnly = [
  "default-src 'none'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Answers hold health data and bearer links: nobody in between keeps, sniffs or passes them on.
 * @param publicUrl where browsers reach the gateway; over https they never come back without it
 */
export const securityHeaders = (
  { protocol }: URL,
  policy: string = nothing,
): Readonly<Record<string, string>> => ({
  'cache-control': 'no-store',
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  ...(protocol === 'https:' && { 'strict-transport-security': 'max-age=31536000' }),
});

/** The same for all that the server answers. */
export function useSecurityHeaders(publicUrl: URL): Plugin {
  const ofPage = Object.entries(securityHeaders(publicUrl, ownPageOnly));
  const ofAnswer = Object.entries(securityHeaders(publicUrl));
  return {
    onResponse({ request, response: { headers } }) {
      const isPage = headers.get('content-type')?.startsWith('text/html') ?? false;
      for (const [name, value] of isPage ? ofPage : ofAnswer) {
        headers.set(name, value);
      }
      // Who asks decides what a browser is granted.
      headers.append('vary', 'Origin');
      headers.set('x-request-id', requestState(request).requestId);
    },
  };
}
