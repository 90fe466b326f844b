import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenPortal, openPortal, vendorIds } from './open-portal.ts';

describe.each(vendorIds)('the queue of %s', (id) => {
  let portal: OpenPortal;
  beforeEach(async () => {
    portal = await openPortal(id);
  });
  afterEach(() => portal.close());

  const list = (account = portal.ana) => portal.portalRequests.list(portal.scope(), account);
  const dismiss = (requestId: string, account = portal.ana) =>
    portal.portalRequests.dismiss(portal.scope(), account, requestId);

  it('is one call without the inert filters or paging', async () => {
    await list();
    expect(portal.simulator.calls).toMatchObject([
      {
        method: 'GET',
        path: `/patients/${portal.firstId}/portal/enqueued`,
        query: {},
        body: undefined,
        status: 200,
      },
    ]);
    const [call] = portal.simulator.calls;
    expect(call?.headers.authorization).toMatch(/^Basic /);
    expect(Buffer.from(call?.headers.authorization?.slice(6) ?? '', 'base64').toString()).toMatch(
      /^pk_\w+:/,
    );
    expect(call?.headers.accept).toBe('application/json');
  });

  it('comes in domain words', async () => {
    const requests = await list();
    expect(requests.map(({ type, vendorType }) => [type, vendorType])).toEqual([
      ['QUESTIONNAIRE', 'questionnaire'],
      ['PRESCRIPTION', 'rx'],
      ['PRESCRIPTION_REFILL', 'rx_refill'],
      ['SECURE_MESSAGE', 'secure_message'],
      ['SUPPLEMENT', 'supplement'],
      ['UNKNOWN', 'kiosk_checkin'],
      ['APPOINTMENT', 'appointment'],
    ]);
    expect(requests[2]).toEqual({
      vendor: id,
      patientId: 'patient-0',
      vendorRequestId: '29',
      type: 'PRESCRIPTION_REFILL',
      vendorType: 'rx_refill',
      status: 'OPEN',
      title: 'Refill: Lisinopril 10 mg',
      content: null,
      notes: 'Please renew before travel',
      createdAt: new Date('2026-02-13T23:59:59Z'),
    });
  });

  it('keeps HTML as the vendor sent it, for the graph to sanitize', async () => {
    const [questionnaire] = await list();
    expect(questionnaire?.content).toContain('<script>');
    expect(questionnaire?.content).toContain('<b>penicillin</b>');
  });

  it.each([
    'idsAsStrings',
    'withoutPatientDetails',
    'isoTimestamps',
    'comingSoonFiltersActive',
    'forceAnonymize',
  ] as const)('reads the same with %s', async (name) => {
    const plain = await list();
    portal.simulator.switches[name] = true;
    expect(await list()).toEqual(plain);
  });

  it('may come as one object instead of an array', async () => {
    portal.simulator.switches.singleAsObject = true;
    expect(await list(portal.person(2))).toMatchObject([{ title: 'Follow-up form' }]);
  });

  it('is empty for a patient without requests, and not found for an unknown one', async () => {
    expect(await list(portal.person(3))).toEqual([]);
    await expect(list(portal.nobody)).rejects.toMatchObject({ kind: 'NOT_FOUND', status: 404 });
  });

  it('is read on while the vendor says has_more', async () => {
    const whole = await list();
    portal.simulator.clear();
    portal.simulator.switches.queuePageSize = 3;
    expect(await list()).toEqual(whole);
    expect(portal.simulator.calls.map(({ query }) => query)).toEqual([
      {},
      { offset: '3' },
      { offset: '6' },
    ]);
  });

  it('is asked again after a 502 page', async () => {
    portal.simulator.fault({ kind: 'html', status: 502, times: 1 });
    expect(await list()).toHaveLength(7);
    portal.simulator.switches.html502 = true;
    await expect(list()).rejects.toMatchObject({ kind: 'SERVER_ERROR', status: 502 });
  });

  it('is not taken for empty where the answer has no list', async () => {
    portal.simulator.fault({ kind: 'wrong-shape' });
    await expect(list()).rejects.toMatchObject({ kind: 'UNEXPECTED_SHAPE' });
  });

  it('loses a request that is dismissed, which is a soft delete', async () => {
    await expect(dismiss('28')).resolves.toBe('DISMISSED');
    expect(portal.simulator.calls).toMatchObject([
      {
        method: 'DELETE',
        path: `/patients/${portal.firstId}/portal/enqueued/28`,
        query: {},
        body: undefined,
      },
    ]);
    expect((await list()).map(({ vendorRequestId }) => vendorRequestId)).not.toContain('28');
    expect(portal.simulator.state.requests.find((request) => request.id === 28)).toMatchObject({
      status: 'deleted',
      datedeleted: '2026-03-10 12:00:00',
      deletedby: 91,
    });
  });

  it('takes a 204 for a removal', async () => {
    portal.simulator.switches.deleteWithoutBody = true;
    await expect(dismiss('28')).resolves.toBe('DISMISSED');
  });

  it('says that a request is gone already', async () => {
    await dismiss('28');
    await expect(dismiss('28')).resolves.toBe('ALREADY_GONE');
    portal.simulator.state.dismissByStaff(29);
    await expect(dismiss('29')).resolves.toBe('ALREADY_GONE');
    portal.simulator.switches.repeatedDeleteSucceeds = true;
    await expect(dismiss('28')).resolves.toBe('DISMISSED');
  });

  it("does not touch another patient's request", async () => {
    await expect(dismiss('28', portal.ben)).resolves.toBe('ALREADY_GONE');
    expect(await list()).toHaveLength(7);
  });

  it('repeats a removal whose answer was lost', async () => {
    portal.simulator.fault({ kind: 'reset', act: true, times: 1 });
    await expect(dismiss('28')).resolves.toBe('ALREADY_GONE');
    expect(portal.simulator.calls.map(({ method }) => method)).toEqual(['DELETE', 'DELETE', 'GET']);
  });

  it('V15: takes result: false in a 200 for a refusal', async () => {
    portal.simulator.switches.resultFalseWith200 = true;
    await expect(dismiss('28')).rejects.toMatchObject({
      kind: 'REJECTED',
      status: 200,
      mayHaveActed: false,
    });
    expect(await list()).toHaveLength(7);
  });

  it("takes a proxy's 404 page for a removal only where the request is gone", async () => {
    portal.simulator.fault({ kind: 'html', status: 404, match: /^DELETE/, act: true, times: 1 });
    await expect(dismiss('29')).resolves.toBe('ALREADY_GONE');
    portal.simulator.fault({ kind: 'html', status: 404, match: /^DELETE/ });
    await expect(dismiss('28')).rejects.toMatchObject({ kind: 'REJECTED', reason: 'route_absent' });
  });

  it('takes JSON that acknowledges nothing for no removal', async () => {
    portal.simulator.fault({ kind: 'wrong-shape' });
    await expect(dismiss('28')).rejects.toMatchObject({ kind: 'UNEXPECTED_SHAPE' });
  });

  it('says that the tenant lacks the route, instead of that the work is done', async () => {
    portal.simulator.switches.routeDisabled = true;
    const failure = { kind: 'REJECTED', reason: 'route_absent', status: 404 };
    await expect(dismiss('28')).rejects.toMatchObject(failure);
    await expect(list()).rejects.toMatchObject(failure);
  });

  it('takes no 404 for a removal while the request is in the queue', async () => {
    portal.simulator.switches.methodMissing = 'DELETE';
    await expect(dismiss('28')).rejects.toMatchObject({ kind: 'REJECTED', reason: 'route_absent' });
    expect(await list()).toHaveLength(7);
  });

  it('takes a read-only account for a fault of ours', async () => {
    portal.simulator.switches.readOnly = true;
    await expect(dismiss('28')).rejects.toMatchObject({ kind: 'CREDENTIAL_REFUSED', status: 403 });
    expect(await list()).toHaveLength(7);
  });

  it.each(['', 'abc', '../221', '0', '-1', '1.0', ' 28', '1'.repeat(19)])(
    'refuses the id "%s" before any call',
    async (bad) => {
      const account = { patientId: 'p', vendorPatientId: bad };
      await expect(list(account)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      await expect(dismiss(bad)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(portal.simulator.calls).toHaveLength(0);
      expect(portal.door.staffLinking?.idPattern.test(bad)).toBe(false);
    },
  );
});
