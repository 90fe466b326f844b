import { createHash } from 'node:crypto';
import type { AccessOutcome } from '../domain/records.ts';
import type { Sealer } from '../domain/store.ts';
import { appendEvents } from './append-events.ts';
import type { Queries } from './database.ts';
import type { OperationRow } from './operation-rows.ts';

/** The same id for the same text: a UUID of the version that is free for such uses. */
function derivedId(text: string): string {
  const digest = createHash('sha256').update(text).digest('hex');
  const groups = [digest.slice(0, 8), digest.slice(8, 12), `8${digest.slice(13, 16)}`];
  return [...groups, `a${digest.slice(17, 20)}`, digest.slice(20, 32)].join('-');
}

/**
 * Puts down in the log of access what an operation's worker did, in the ledger's own transaction; the
 * same outcome of the same operation once, however many vendor calls it took.
 * @param action another than the operation's, where something was done about it
 */
export const recordAccess = (
  queries: Queries,
  sealer: Sealer,
  at: Date,
  { id, subject, patientId, actor, actorRoles, vendor, ...operation }: OperationRow,
  outcome: AccessOutcome,
  action = operation.action,
) =>
  appendEvents(queries, sealer, at, [
    {
      id: derivedId(`${id}/${action}/${outcome}`),
      // Who is not in the register yet enters it under the operation's id.
      patientId: patientId ?? id,
      ...{ actor: actor ?? subject, actorRoles, action, vendor, outcome },
    },
  ]);
