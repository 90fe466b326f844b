import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ofPatient } from '../../support/documents.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { queueOf } from '../../support/simulators.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const fields = `nodes { id vendor type vendorType status title notes createdAt }
  edges { cursor } totalCount sources { vendor state }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;
const requests = async (args = '', patientId = gateway.ids.Ana, who: 'staff' | 'ana' = 'staff') => {
  const { data, errors } = await gateway.query(
    ofPatient(`portalRequests${args} { ${fields} }`),
    { id: patientId },
    who,
  );
  return { ...data?.patient?.portalRequests, errors };
};
const cerbo = 'CERBO GET /patients/221/portal/enqueued';
const mdHq = 'MD_HQ GET /patients/1221/portal/enqueued';

describe('Patient.portalRequests', () => {
  it('gathers the open ones of both queues, newest first, for one call to each', async () => {
    const { nodes, totalCount, sources, errors } = await requests('', gateway.ids.Ana, 'ana');
    expect(errors).toEqual([]);
    expect(totalCount).toBe(14);
    expect(sources).toEqual([
      { vendor: 'CERBO', state: 'OK' },
      { vendor: 'MD_HQ', state: 'OK' },
    ]);
    const times = nodes.map(({ createdAt }: { createdAt: string }) => createdAt);
    expect(times).toEqual([...times].sort().reverse());
    expect(times.at(-1)).toBe('2026-02-11T17:42:08.000Z');
    expect(new Set(nodes.map(({ status }: { status: string }) => status))).toEqual(
      new Set(['OPEN']),
    );
    expect(gateway.allCalls()).toEqual([cerbo, mdHq]);
    // The vendors' own filters are inert: they are never sent.
    expect(gateway.calls('CERBO')[0]?.query).toEqual({});
    expect(gateway.calls('CERBO')[0]?.headers.authorization).toMatch(/^Basic \S+$/);
  });

  it('knows every type, and keeps the vendor’s word for one that it does not know', async () => {
    const { nodes } = await requests('(filter: { vendor: [CERBO] })');
    expect(nodes.map(({ type, vendorType }: Record<string, string>) => [type, vendorType])).toEqual(
      [
        ['APPOINTMENT', 'appointment'],
        ['UNKNOWN', 'kiosk_checkin'],
        ['SUPPLEMENT', 'supplement'],
        ['SECURE_MESSAGE', 'secure_message'],
        ['PRESCRIPTION_REFILL', 'rx_refill'],
        ['PRESCRIPTION', 'rx'],
        ['QUESTIONNAIRE', 'questionnaire'],
      ],
    );
    expect(gateway.allCalls()).toEqual([cerbo]);
  });

  it('of one vendor asks nobody else', async () => {
    const { nodes, sources } = await requests('(filter: { vendor: [MD_HQ] })');
    expect(nodes).toHaveLength(7);
    expect(sources).toEqual([{ vendor: 'MD_HQ', state: 'OK' }]);
    expect(gateway.allCalls()).toEqual([mdHq]);
  });

  it('is narrowed to types', async () => {
    const { nodes, totalCount } = await requests(
      '(filter: { type: [SECURE_MESSAGE, SUPPLEMENT], vendor: [CERBO] })',
    );
    expect(nodes.map(({ title }: { title: string }) => title)).toEqual([
      'Vitamin D 1000 IU',
      'Question about my results',
    ]);
    expect(totalCount).toBe(2);
  });

  it('keeps to the open ones in a filter that does not speak of statuses', async () => {
    const { switches, state } = queueOf(gateway, 'CERBO');
    const request = state.enqueue({
      pt_id: 221,
      request_type: 'document',
      title: 'Removed',
      content: null,
      notes: null,
      associated_resource_id: null,
      associated_resource_type: null,
      created: '2026-03-20 10:00:00',
    });
    // As a vendor whose queue shows removed items: without a status, but with the day of removal.
    Object.assign(request, { status: 'open', datedeleted: '2026-03-21 10:00:00' });
    Object.defineProperty(request, 'status', { value: 'open', enumerable: false, writable: true });
    const titles = async (args: string) =>
      (await requests(args)).nodes.map(({ title }: { title: string }) => title);
    try {
      expect(switches.comingSoonFiltersActive).toBe(false);
      expect(await titles('(filter: { vendor: [CERBO] })')).not.toContain('Removed');
      expect(await titles('')).not.toContain('Removed');
      expect(await titles('(filter: { vendor: [CERBO], status: [DELETED] })')).toEqual(['Removed']);
      expect(await titles('(filter: { vendor: [CERBO], status: [OPEN, DELETED] })')).toHaveLength(
        8,
      );
      expect(await titles('(filter: { vendor: [CERBO], status: null })')).toHaveLength(8);
    } finally {
      state.requests.splice(state.requests.indexOf(request), 1);
    }
  });

  it('is empty for a status that nothing has', async () => {
    expect(await requests('(filter: { status: [DISMISSED] })')).toMatchObject({
      nodes: [],
      totalCount: 0,
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });

  it('comes in pages, forwards and backwards, without a gap or a repetition', async () => {
    const ids = (page: { nodes: { id: string }[] }) => page.nodes.map(({ id }) => id);
    const all = ids(await requests());
    expect(new Set(all).size).toBe(14);
    const forwards: string[] = [];
    let after = '';
    for (let pages = 0; pages < 3; pages++) {
      const page = await requests(`(first: 5${after})`);
      forwards.push(...ids(page));
      expect(page.pageInfo).toMatchObject({
        hasNextPage: pages < 2,
        hasPreviousPage: pages > 0,
      });
      expect(page.totalCount).toBe(14);
      after = `, after: "${page.pageInfo.endCursor}"`;
    }
    expect(forwards).toEqual(all);
    const backwards: string[] = [];
    let before = '';
    for (let pages = 0; pages < 3; pages++) {
      const page = await requests(`(last: 5${before})`);
      backwards.unshift(...ids(page));
      before = `, before: "${page.pageInfo.startCursor}"`;
    }
    expect(backwards).toEqual(all);
  });

  it('has pages beyond its ends, which say that the list is on the other side of them', async () => {
    const { pageInfo } = await requests();
    const empty = { startCursor: null, endCursor: null };
    for (const [args, more] of [
      [`(after: "${pageInfo.endCursor}")`, { hasNextPage: false, hasPreviousPage: true }],
      [`(before: "${pageInfo.startCursor}")`, { hasNextPage: true, hasPreviousPage: false }],
      [`(last: 2, before: "${pageInfo.startCursor}")`, { hasNextPage: true }],
    ] as const) {
      expect(await requests(args)).toMatchObject({ nodes: [], pageInfo: { ...empty, ...more } });
    }
  });

  it('reads a queue that the vendor cuts into pages to its end', async () => {
    const { switches } = queueOf(gateway, 'CERBO');
    switches.queuePageSize = 3;
    const { nodes, totalCount } = await requests('(filter: { vendor: [CERBO] })');
    switches.queuePageSize = 0;
    expect([nodes.length, totalCount]).toEqual([7, 7]);
    expect(gateway.calls('CERBO').map(({ query }) => query)).toEqual([
      {},
      { offset: '3' },
      { offset: '6' },
    ]);
  });

  it('says NOT_LINKED for the vendor that does not know the patient', async () => {
    const { sources, nodes } = await requests('', gateway.ids.David);
    expect(nodes).toEqual([]);
    expect(sources).toEqual([
      { vendor: 'CERBO', state: 'OK' },
      { vendor: 'MD_HQ', state: 'NOT_LINKED' },
    ]);
    expect(gateway.allCalls()).toEqual(['CERBO GET /patients/224/portal/enqueued']);
  });

  it.each([
    ['offers no queue to this clinic', null, /does not offer that to this clinic/],
    ['knows no such patient', 404, /does not know what it was asked about/],
    ['refuses our credential', 401, /credential; its operator has to look/],
    ['says no without a reason', 400, /^The vendor refused this\.$/],
  ])('says why where a vendor %s', async (_, status, message) => {
    const { switches } = queueOf(gateway, 'CERBO');
    switches.routeDisabled = status === null;
    if (status !== null) {
      gateway.sandbox.simulators.CERBO.fault({ kind: 'status', status, match: /enqueued/ });
    }
    const { data } = await gateway.query(
      ofPatient('portalRequests(filter: { vendor: [CERBO] }) { sources { state message } }'),
      { id: gateway.ids.Ana },
    );
    switches.routeDisabled = false;
    const sources = [{ state: 'REJECTED', message: expect.stringMatching(message) }];
    expect(data.patient.portalRequests).toEqual({ sources });
    expect(gateway.allCalls()).toEqual([cerbo]);
  });

  it.each([['Zm9v'], ['not base64!'], ['=']])(
    'refuses the cursor %j before any call',
    async (cursor) => {
      const { errors } = await requests(`(after: "${cursor}")`);
      expect(errors).toMatchObject([
        { path: ['patient', 'portalRequests'], extensions: { code: 'BAD_USER_INPUT' } },
      ]);
      expect(gateway.allCalls()).toEqual([]);
    },
  );
});
