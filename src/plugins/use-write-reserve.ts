import { getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { hasPlaceOfWrite } from '../overload/guard.ts';
import { refusal } from './refusal.ts';
import type { NodeContext } from './remote-address.ts';

/** A query that was taken for a mutation by its text has no claim to the place that it got. */
export const useWriteReserve = (): Plugin<NodeContext> => ({
  onExecute({ args: { document, operationName, contextValue } }) {
    const { req } = contextValue as NodeContext;
    if (
      hasPlaceOfWrite(req) &&
      getOperationAST(document, operationName)?.operation !== 'mutation'
    ) {
      throw refusal('RATE_LIMITED', 503, 'There is too much to do at the moment. Try again soon.', {
        'retry-after': '1',
      });
    }
  },
});
