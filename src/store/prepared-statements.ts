import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { PoolClient, QueryConfig } from 'pg';
import { codeOf } from './store-error.ts';

/**
 * Statements that come again are parsed and planned once by each connection, which takes PostgreSQL longer
 * than to run them. Their names say what they are, so that a name means the same to all processes. A
 * pooler that gives connections out by transaction, and keeps no account of names, leads to a connection that does not
 * know one: nothing is run then, and from then on none is used.
 */

/** How often one has to come before it gets a name: those of a migration, say, never come again. */
const enough = 3;
/** Names at most, since each connection keeps a plan for each; there are some sixty statements. */
const mostNames = 150;

/** There is no such statement, there is one already, or a migration changed what it brings. */
const isMixedUp = (error: unknown) => ['26000', '42P05', '0A000'].includes(codeOf(error) ?? '');

export interface PreparedStatements {
  /** Gives the statements of a connection their names. */
  nameThoseOf(client: PoolClient): void;
  /** Whether an error came of names: none is used any more then, so that it may be tried again. */
  areBehind(error: unknown): boolean;
}

/** Of one pool: its connections share the names. */
export function createPreparedStatements(): PreparedStatements {
  const names = new Map<string, string>();
  /** Lists in them make many of one. */
  const seen = new LRUCache<string, number>({ max: 1_000 });
  let isOff = false;

  function nameOf(text: string): string | undefined {
    const known = names.get(text);
    if (known !== undefined) {
      return known;
    }
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    if (times < enough || names.size >= mostNames) {
      return undefined;
    }
    const name = `portico_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
    names.set(text, name);
    return name;
  }

  /** Those without values are `begin` and the like: nothing to plan. */
  const nameFor = ({ text, values: own }: QueryConfig, values = own) =>
    isOff || values === undefined || values.length === 0 ? undefined : nameOf(text);

  return {
    nameThoseOf(client) {
      const query = client.query.bind(client) as (...given: unknown[]) => unknown;
      client.query = ((config: QueryConfig | string, values?: unknown[], ...more: unknown[]) =>
        query(
          typeof config === 'string' ? config : { ...config, name: nameFor(config, values) },
          ...[values, ...more],
        )) as typeof client.query;
    },

    areBehind(error) {
      const isSo = isMixedUp(error);
      isOff ||= isSo;
      return isSo;
    },
  };
}
