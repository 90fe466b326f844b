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
export const useSecurityHeaders = ({ protocol }: URL): Plugin => ({
  onResponse({ request, response: { headers } }) {
    const isPage = headers.get('content-type')?.startsWith('text/html') ?? false;
    headers.set('cache-control', 'no-store');
    headers.set('content-security-policy', isPage ? ownPageOnly : nothing);
    headers.set('x-content-type-options', 'nosniff');
    headers.set('referrer-policy', 'no-referrer');
    headers.set('x-frame-options', 'DENY');
    // Who asks decides what a browser is granted.
    headers.append('vary', 'Origin');
    headers.set('x-request-id', requestState(request).requestId);
    if (protocol === 'https:') {
      headers.set('strict-transport-security', 'max-age=31536000');
    }
  },
});
