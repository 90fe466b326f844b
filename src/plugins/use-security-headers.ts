import type { Plugin } from 'graphql-yoga';
import { requestState } from './request-state.ts';

/** Answers hold health data and bearer links: nobody in between keeps, sniffs or passes them on. */
export const useSecurityHeaders = (): Plugin => ({
  onResponse({ request, response }) {
    response.headers.set('cache-control', 'no-store');
    response.headers.set('x-content-type-options', 'nosniff');
    response.headers.set('referrer-policy', 'no-referrer');
    response.headers.set('x-frame-options', 'DENY');
    response.headers.set('x-request-id', requestState(request).requestId);
  },
});
