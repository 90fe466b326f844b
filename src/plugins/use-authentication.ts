import type { Plugin } from 'graphql-yoga';
import type { TokenVerifier } from '../auth/token-verifier.ts';
import { requestState } from './request-state.ts';

/**
 * Nobody gets as far as a syntax error without a valid token: messages of parser and validator tell
 * about the schema.
 */
export const useAuthentication = (verify: TokenVerifier): Plugin => ({
  async onRequestParse({ request }) {
    requestState(request).caller = await verify(request.headers.get('authorization'));
  },
});
