import { decodeOwnId } from '../domain/ids.ts';
import type { Operation } from '../domain/operations.ts';
import type { GraphContext } from './builder.ts';

/** Null for an operation that does not exist, and for a PATIENT also for those of others. */
export async function findOperation(
  { access, store }: GraphContext,
  globalId: string,
): Promise<Operation | null> {
  const [found] = await store.operations.findByIds([decodeOwnId('Operation', globalId)]);
  return found !== undefined && access.mayReachOperation(found) ? found : null;
}
