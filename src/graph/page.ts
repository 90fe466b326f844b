import { badInput } from '../domain/errors.ts';
import type { Rows, Page as StorePage } from '../domain/store.ts';

/** Relay's window over a list, with our bounds. */

/** What a page holds when neither `first` nor `last` is given, and what it can hold at most. */
export const usualPage = 25;
export const largestPage = 100;

export interface PageArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}

/** An entry of a list; its key is what its cursor is made of, where somebody asks for that. */
export interface Edge<T> {
  key: string;
  value: T;
}

export interface Page<T> {
  edges: readonly Edge<T>[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startKey: string | null;
    endKey: string | null;
  };
  totalCount: number | null;
}

const foreignCursor = () =>
  badInput('This is no cursor of this list. Use cursors exactly as a query returned them.');

export const encodeCursor = (key: string) => Buffer.from(key).toString('base64url');

function decodeCursor(cursor: string | null | undefined): string | undefined {
  if (cursor == null) {
    return undefined;
  }
  const key = Buffer.from(cursor, 'base64url').toString();
  if (cursor.length > 1024 || encodeCursor(key) !== cursor) {
    throw foreignCursor();
  }
  return key;
}

/** @throws CodedError BAD_USER_INPUT */
export function readPageArguments({ first, after, last, before }: PageArguments): StorePage {
  if (first != null && last != null) {
    throw badInput('Ask for the first or for the last entries, not for both.');
  }
  const limit = first ?? last ?? usualPage;
  if (limit < 1 || limit > largestPage) {
    throw badInput(`A page has 1 to ${largestPage} entries.`);
  }
  return {
    limit,
    after: decodeCursor(after),
    before: decodeCursor(before),
    fromEnd: last != null,
  };
}

/** Lists whose keys are made by `timeKey`. */
export type TimedList = 'appointments' | 'portalRequests' | 'visits';

/** What `timeKey` makes: the list, a place in time, then the entry's own id. Older ones lack the list. */
const listKey = /^(?:([A-Za-z]+)\/)?(\d{17}\/[A-Za-z0-9_/-]{1,200})$/;

/**
 * As `readPageArguments`, for lists whose keys are made by `timeKey`: a cursor of another list is
 * refused before anything is fetched.
 * @throws CodedError BAD_USER_INPUT
 */
export function readListArguments(list: TimedList, args: PageArguments): StorePage {
  const page = readPageArguments(args);
  const keyIn = (key: string | undefined) => {
    if (key === undefined) {
      return undefined;
    }
    const [, ofList = list, place] = listKey.exec(key) ?? [];
    if (place === undefined || ofList !== list) {
      throw foreignCursor();
    }
    return `${list}/${place}`;
  };
  return { ...page, after: keyIn(page.after), before: keyIn(page.before) };
}

function pageOf<T>(
  edges: readonly Edge<T>[],
  more: { after: boolean; before: boolean },
  totalCount: number | null,
): Page<T> {
  return {
    edges,
    pageInfo: {
      hasNextPage: more.after,
      hasPreviousPage: more.before,
      startKey: edges.at(0)?.key ?? null,
      endKey: edges.at(-1)?.key ?? null,
    },
    totalCount,
  };
}

/** A page that the store cut out of its list. */
export function pageOfRows<T>(
  { limit: _, after, before, fromEnd = false }: StorePage,
  { rows, hasMore, totalCount }: Rows<T> & { totalCount: number },
): Page<T> {
  // Beyond a cursor there is something: what it was taken from. What the store found more of lies before it.
  const more = {
    before: after !== undefined || (fromEnd && hasMore),
    after: before !== undefined || (!fromEnd && hasMore),
  };
  return pageOf(rows, more, totalCount);
}

/**
 * A page of a list that is wholly in memory.
 * @param entries in list order, which is the order of their keys
 * @param totalCount null where the list is known to be incomplete
 */
export function pageOfList<T>(
  entries: readonly Edge<T>[],
  { limit, after, before, fromEnd = false }: StorePage,
  totalCount: number | null = entries.length,
): Page<T> {
  const firstWhere = (isThere: (key: string) => boolean) => {
    const index = entries.findIndex(({ key }) => isThere(key));
    return index < 0 ? entries.length : index;
  };
  const from = after === undefined ? 0 : firstWhere((key) => key > after);
  const to = before === undefined ? entries.length : firstWhere((key) => key >= before);
  const start = fromEnd ? Math.max(from, to - limit) : from;
  const end = fromEnd ? to : Math.min(to, from + limit);
  // Also of an empty page: what it would come after, or before, may be the whole list.
  const more = { before: start > 0, after: end < entries.length };
  return pageOf(entries.slice(start, end), more, totalCount);
}

const latest = 8.64e15;

/** A list key that sorts by time, ties by id. Entries without a time come last. */
export function timeKey(
  list: TimedList,
  time: Date | null,
  id: string,
  order: 'OLDEST_FIRST' | 'NEWEST_FIRST',
): string {
  const offset = time === null ? 2 * latest : time.getTime() + latest;
  const position = order === 'OLDEST_FIRST' || time === null ? offset : 2 * latest - offset;
  return `${list}/${String(position).padStart(17, '0')}/${id}`;
}

/** Sorts by key, as `pageOfList` needs it. */
export const sortedByKey = <T>(values: readonly T[], keyOf: (value: T) => string) =>
  values
    .map((value) => ({ key: keyOf(value), value }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
