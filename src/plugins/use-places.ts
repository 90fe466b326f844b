import { getOperationAST } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { placeOf } from '../overload/guard.ts';
import { refusal } from './refusal.ts';
import type { NodeContext } from './remote-address.ts';

const turnedAway = () =>
  refusal('RATE_LIMITED', 503, 'There is too much to do at the moment. Try again soon.', {
    'retry-after': '1',
  });

/**
 * Looks after the places that requests were let in to, now that their documents are read. What was taken for a
 * mutation by its text, and is none, has no claim to a write's place; a subscription gives its place back for
 * one among the streams. Comes after what refuses subscriptions.
 */
export const usePlaces = (): Plugin<NodeContext> => ({
  onExecute({ args: { document, operationName, contextValue } }) {
    const { req } = contextValue as NodeContext;
    if (
      placeOf(req)?.of === 'write' &&
      getOperationAST(document, operationName)?.operation !== 'mutation'
    ) {
      throw turnedAway();
    }
  },
  onSubscribe({ args: { contextValue } }) {
    const place = placeOf((contextValue as NodeContext).req);
    if (place?.of === 'write' || place?.becomeStream() === false) {
      throw turnedAway();
    }
  },
});
