import { createHash } from 'node:crypto';
import type { PoolClient, QueryConfig } from 'pg';
import { often, oftenMark } from './database.ts';
import { codeOf } from './store-error.ts';

/**
 * Statements that are run often are parsed and planned once by each connection, which takes PostgreSQL longer
 * than to run them. Their names say what they are, so that a name means the same to all processes. A
 * pooler that gives connections out by transaction, and keeps no account of names, leads to a connection that does not
 * know one: nothing is run then, and from then on none is used.
 */

/** There is no such statement, there is one already, or a migration changed what it brings. */
const isMixedUp = (error: unknown) => ['26000', '42P05', '0A000'].includes(codeOf(error) ?? '');

export interface PreparedStatements {
  /** Gives the statements of a connection their names. */
  nameThoseOf(client: PoolClient): void;
  /** Whether an error came of names: none is used any more then, so that it may be tried again. */
  areBehind(error: unknown): boolean;
}

export function createPreparedStatements(): PreparedStatements {
  const names = new Map<string, string>();
  let isOff = false;

  function nameOf(text: string): string {
    const name =
      names.get(text) ?? `portico_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
    names.set(text, name);
    return name;
  }

  function named(config: unknown): unknown {
    const { name, text } = config as Partial<QueryConfig>;
    const isOften = name === often || text?.startsWith(oftenMark);
    return isOften && text !== undefined
      ? { ...(config as QueryConfig), name: isOff ? undefined : nameOf(text) }
      : config;
  }

  return {
    nameThoseOf(client) {
      const query = client.query.bind(client) as (...given: unknown[]) => unknown;
      client.query = ((config: unknown, ...more: unknown[]) =>
        query(
          typeof config === 'object' && config !== null ? named(config) : config,
          ...more,
        )) as typeof client.query;
    },

    areBehind(error) {
      const isSo = isMixedUp(error);
      isOff ||= isSo;
      return isSo;
    },
  };
}
