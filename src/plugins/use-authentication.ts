import type { Plugin } from 'graphql-yoga';
import { KeysUnknownError } from '../auth/key-set.ts';
import type { TokenVerifier } from '../auth/token-verifier.ts';
import type { RateLimit } from './rate-limit.ts';
import { refusal } from './refusal.ts';
import type { NodeContext } from './remote-address.ts';
import { requestState } from './request-state.ts';

/** Not 401: the token may be good, and whoever has it must not be signed out. */
const keysUnknown = () =>
  refusal(
    'INTERNAL_SERVER_ERROR',
    503,
    'The gateway cannot reach the clinic’s identity provider at the moment, and so cannot check tokens. Try again; a write with the same idempotency key.',
    { 'retry-after': '5' },
  );

/**
 * Nobody gets as far as a syntax error without a valid token: messages of parser and validator tell
 * about the schema. Cross-site forgery is impossible by the same rule: a browser adds an
 * `Authorization` header by itself to no request, and asks before a page of another site does.
 * @param failures counts refused tokens by where they came from; valid ones from there still pass
 * @param addressKeyOf undefined for a request that came over no connection
 */
export const useAuthentication = (
  verify: TokenVerifier['verify'],
  failures: RateLimit,
  addressKeyOf: (context: NodeContext) => string | undefined,
): Plugin<object, NodeContext> => ({
  async onRequestParse({ request, serverContext }) {
    try {
      requestState(request).caller = await verify(request.headers.get('authorization'));
    } catch (error) {
      if (error instanceof KeysUnknownError) {
        throw keysUnknown();
      }
      const key = addressKeyOf(serverContext);
      if (key !== undefined) {
        await failures.use(key);
      }
      throw error;
    }
  },
});
