import { randomUUID } from 'node:crypto';
import type { NewOperation } from '../../src/domain/operations.ts';
import { operations } from '../../src/store/ledger-tables.ts';
import { createOperationLedger } from '../../src/store/operations.ts';
import { noon, type OpenFresh, sealer } from './stores.ts';

/** Keys of any age are good. */
export const always = new Date(0);

/** An operation as an action begins it. */
export const operationOf = (changes: Partial<NewOperation> = {}): NewOperation => ({
  id: randomUUID(),
  subject: 'subject-ana',
  action: 'bookAppointment',
  idempotencyKey: 'key-1',
  inputFingerprint: 'f',
  input: { comments: 'canary-input', at: new Date(noon) },
  patientId: null,
  vendor: 'NIMBUS',
  target: null,
  ...changes,
});

/** @param lease milliseconds; default the usual one */
export async function openLedger(open: OpenFresh, lease?: number) {
  const { database, clock, store } = await open();
  const ledgerAt = (time: () => number, length = lease) =>
    createOperationLedger(database, sealer, time, length);
  const ledger = lease === undefined ? store.operations : ledgerAt(() => clock.now);
  const begun = async (changes: Partial<NewOperation> = {}) => {
    const worker = randomUUID();
    const { operation } = await ledger.begin(operationOf(changes), worker, always);
    return { worker, id: operation?.id ?? '' };
  };
  const record = async (id: string) => (await ledger.findByIds([id]))[0];
  /** How all of them stand. */
  const statuses = async () => {
    const rows = await database.run((queries) => queries.select().from(operations));
    return rows.map(({ status }) => status).sort();
  };
  return { store, database, clock, ledger, ledgerAt, begun, record, statuses };
}
