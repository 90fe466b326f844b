import { EnvelopArmorPlugin } from '@escape.tech/graphql-armor';
import type { Plugin } from 'graphql-yoga';

export interface QueryLimits {
  depth: number;
  tokens: number;
  aliases: number;
  directives: number;
}

/** Ordinary documents pass these; see design.md. */
export const defaultQueryLimits: QueryLimits = {
  depth: 10,
  tokens: 1000,
  aliases: 30,
  directives: 50,
};

/** Refuses documents that cost too much before they are executed. */
export const useQueryLimits = ({ depth, tokens, aliases, directives }: QueryLimits): Plugin =>
  EnvelopArmorPlugin({
    maxDepth: { n: depth },
    maxTokens: { n: tokens },
    maxAliases: { n: aliases },
    maxDirectives: { n: directives },
    // It knows nothing of list sizes or vendor calls.
    costLimit: { enabled: false },
    blockFieldSuggestion: { enabled: true },
  }) as Plugin;
