import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAccessLog } from '../../src/store/access-log.ts';
import { createOperationLedger } from '../../src/store/operations.ts';
import { openLedger } from './ledgers.ts';
import { addPatient, describeOnBoth, sealer } from './stores.ts';

describeOnBoth('the log of access', (open) => {
  async function opened() {
    const desk = await openLedger(open);
    const log = createAccessLog(desk.database, sealer, () => desk.clock.now);
    const { id: patientId } = await addPatient(desk.store);
    const eventsOf = async (id: string = patientId) =>
      (await log.list(id, { limit: 50 })).rows.map(({ value }) => value);
    const begin = (roles: string[] = ['PATIENT']) => desk.begun({ patientId, roles });
    return { ...desk, log, patientId, eventsOf, begin };
  }

  test('has a write once for each outcome, however many calls it took', async () => {
    const { ledger, log, patientId, eventsOf, begin } = await opened();
    const { id, worker } = await begin();
    for (const name of ['one', 'two']) {
      await ledger.startStep(id, worker, name, false);
      expect(await eventsOf()).toHaveLength(name === 'one' ? 0 : 1);
      await ledger.finishStep(id, worker, name, 'SUCCEEDED', {});
    }
    expect(await eventsOf()).toMatchObject([
      {
        ...{ patientId, actor: 'subject-ana', actorRoles: ['PATIENT'] },
        ...{ action: 'bookAppointment', vendor: 'NIMBUS', outcome: 'ALLOWED' },
      },
    ]);
    await ledger.startStep(id, worker, 'three', false);
    await ledger.finishStep(id, worker, 'three', 'FAILED');
    expect((await eventsOf()).map(({ outcome }) => outcome)).toEqual(['FAILED', 'ALLOWED']);
    expect((await log.verify(patientId)).broken).toEqual([]);
  });

  test('has nothing of a step that was not begun, and of a worker who lost it', async () => {
    const { ledger, eventsOf, begin } = await opened();
    const { id, worker } = await begin();
    await ledger.finishStep(id, worker, 'never', 'FAILED');
    await ledger.startStep(id, worker, 'one', false);
    await ledger.finishStep(id, randomUUID(), 'one', 'SUCCEEDED', {});
    expect(await eventsOf()).toEqual([]);
  });

  test('takes in the end of a step or neither is written', async () => {
    const { database, clock, ledger, eventsOf, begin, record } = await opened();
    const { id, worker } = await begin();
    await ledger.startStep(id, worker, 'one', false);
    const fingerprint = (purpose: string, value: string) => {
      if (purpose === 'access-event') {
        throw new Error('killed');
      }
      return sealer.fingerprint(purpose, value);
    };
    const killed = createOperationLedger(database, { ...sealer, fingerprint }, () => clock.now);
    await expect(killed.finishStep(id, worker, 'one', 'SUCCEEDED', {})).rejects.toThrow();
    expect((await record(id))?.steps).toMatchObject([{ status: 'IN_PROGRESS' }]);
    expect(await eventsOf()).toEqual([]);
    await ledger.finishStep(id, worker, 'one', 'SUCCEEDED', {});
    expect(await eventsOf()).toHaveLength(1);
  });

  test('names who went on with it, and who settled it by hand', async () => {
    const { ledger, eventsOf, begin } = await opened();
    const { id, worker } = await begin();
    await ledger.startStep(id, worker, 'one', false);
    await ledger.finishStep(id, worker, 'one', 'OUTCOME_UNKNOWN');
    await ledger.handBack(id, worker, { status: 'OUTCOME_UNKNOWN' });
    const staff = randomUUID();
    await ledger.claim(id, staff, { subject: 'staff', roles: ['STAFF'] });
    const outcome = { kind: 'ANSWER', answer: {} } as const;
    await ledger.handBack(id, staff, { status: 'SUCCEEDED', outcome, settledBy: 'staff' });
    expect(await eventsOf()).toMatchObject([
      {
        ...{ actor: 'staff', actorRoles: ['STAFF'] },
        ...{ action: 'reconcileOperation', outcome: 'ALLOWED' },
      },
      { actor: 'subject-ana', action: 'bookAppointment', outcome: 'FAILED' },
    ]);
  });

  test('keeps whom a write is to bring into the register under the operation’s id', async () => {
    const { ledger, eventsOf, begun } = await opened();
    const { id, worker } = await begun({ patientId: null, action: 'onboardPatient' });
    await ledger.startStep(id, worker, 'one', false);
    await ledger.finishStep(id, worker, 'one', 'SUCCEEDED', {});
    expect(await eventsOf(id)).toMatchObject([{ action: 'onboardPatient', outcome: 'ALLOWED' }]);
  });
});
