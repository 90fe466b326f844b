import type { Plugin } from 'graphql-yoga';
import type { GraphContext } from '../graph/builder.ts';

/**
 * Writes who touched whose data before the answer leaves. If that cannot be written, there is no
 * answer.
 */
export const useAccessTrail = (): Plugin<GraphContext> => ({
  onExecute: ({ args }) => ({
    async onExecuteDone() {
      const { trail, store, access } = args.contextValue;
      await trail.flush(store.accessLog, access.caller);
    },
  }),
});
