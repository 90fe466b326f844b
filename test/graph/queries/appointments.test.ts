import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byId, ofPatient } from '../../support/documents.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { globalIdOf, keyIn, mutate, roomTimes } from '../../support/mutations.ts';
import { portalOf } from '../../support/simulators.ts';

let gateway: TestGateway;
/** The scheduled visit of Ana. */
let visitId: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  const patientId = gateway.ids.Ana;
  const [time] = await roomTimes(gateway, patientId);
  const input = { patientId, roomCode: 'clinic', start: time?.start, end: time?.end };
  const { payload } = await mutate(gateway, 'scheduleVisit', input, 'visit { id }');
  visitId = payload.visit.id;
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const portalId = (last: 'a' | 'b' | 'c') =>
  globalIdOf(
    'Appointment',
    'MY_PATIENT_PORTAL',
    keyIn(gateway.ids.Ana),
    `xbCuVVTNU6rT6E5m8p6Y8h7opzA${last}`,
  );
const list = (args = '') =>
  ofPatient(`appointments${args} {
    nodes { id vendor status start } totalCount sources { vendor state }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }`);
const appointments = async (args = '', who: 'staff' | 'ana' = 'staff') => {
  const { data, errors } = await gateway.query(list(args), { id: gateway.ids.Ana }, who);
  return { ...data?.patient?.appointments, errors };
};
const both = ['MY_PATIENT_PORTAL GET /appointments', 'VSEE GET /api_v3/visits/'];
const ok = (...vendors: string[]) => vendors.map((vendor) => ({ vendor, state: 'OK' }));

describe('Patient.appointments', () => {
  it('gathers both vendors by start, for one call to each', async () => {
    const { nodes, totalCount, sources, errors } = await appointments('', 'ana');
    expect(errors).toEqual([]);
    expect(totalCount).toBe(4);
    expect(sources).toEqual(ok('VSEE', 'MY_PATIENT_PORTAL'));
    const starts = nodes.map(({ start }: { start: string }) => start);
    expect(starts).toEqual([...starts].sort());
    expect(nodes.map(({ vendor }: { vendor: string }) => vendor).sort()).toEqual([
      'MY_PATIENT_PORTAL',
      'MY_PATIENT_PORTAL',
      'MY_PATIENT_PORTAL',
      'VSEE',
    ]);
    const calls = gateway.allCalls();
    expect(calls).toHaveLength(2);
    for (const beginning of both) {
      expect(calls.some((call) => call.startsWith(beginning))).toBe(true);
    }
  });

  it.each([
    ['VSEE', 1, 'VSEE GET /api_v3/visits/'],
    ['MY_PATIENT_PORTAL', 3, 'MY_PATIENT_PORTAL GET /appointments'],
  ])('of %s alone ask nobody else', async (vendor, count, call) => {
    const { nodes, sources } = await appointments(`(filter: { vendor: [${vendor}] })`);
    expect(nodes).toHaveLength(count);
    expect(sources).toEqual(ok(vendor));
    expect(gateway.allCalls()).toEqual([expect.stringContaining(call)]);
  });

  it('of a vendor that has none are empty without a call or a source', async () => {
    const found = await appointments('(filter: { vendor: [NIMBUS] })');
    expect(found).toMatchObject({ nodes: [], totalCount: 0, sources: [], errors: [] });
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['[CANCELLED]', ['c']],
    ['[COMPLETED]', []],
    ['[BOOKED, CANCELLED]', ['a', 'b', 'c']],
  ] as const)('are narrowed to the statuses %s', async (status, expected) => {
    const filter = `(filter: { vendor: [MY_PATIENT_PORTAL], status: ${status} })`;
    const { nodes, totalCount } = await appointments(filter);
    const ids = nodes.map(({ id }: { id: string }) => id);
    expect(ids.sort()).toEqual(expected.map(portalId).sort());
    expect(totalCount).toBe(expected.length);
  });

  it('are those from an instant on, and before another', async () => {
    const all = (await appointments()).nodes as { id: string; start: string }[];
    const [, second, third] = all;
    const window = `(filter: { from: "${second?.start}", to: "${third?.start}" })`;
    const { nodes } = await appointments(window);
    expect(nodes.map(({ id }: { id: string }) => id)).toEqual([second?.id]);
    const offset = new Date(second?.start ?? '').toISOString().replace('.000Z', '+00:00');
    const from = await appointments(`(filter: { from: "${offset}" })`);
    expect(from.nodes).toHaveLength(3);
  });

  it('come in pages, forwards and backwards', async () => {
    const ids = (found: { nodes: { id: string }[] }) => found.nodes.map(({ id }) => id);
    const all = ids(await appointments());
    const first = await appointments('(first: 3)');
    expect(first).toMatchObject({
      totalCount: 4,
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
    });
    const rest = await appointments(`(first: 3, after: "${first.pageInfo.endCursor}")`);
    expect(rest.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect([...ids(first), ...ids(rest)]).toEqual(all);
    const last = await appointments('(last: 1)');
    const before = await appointments(`(last: 3, before: "${last.pageInfo.startCursor}")`);
    expect([...ids(before), ...ids(last)]).toEqual(all);
    expect(before.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
  });

  it.each([
    ['none of ours', 'Zm9v'],
    ['broken', '%%%'],
    ['of the register', 'register'],
  ])('refuse a cursor that is %s, before any call', async (_name, text) => {
    const cursor =
      text === 'register'
        ? (await gateway.query('{ patients(first: 1) { pageInfo { endCursor } } }')).data.patients
            .pageInfo.endCursor
        : text;
    for (const side of ['after', 'before']) {
      const { errors } = await appointments(`(${side}: "${cursor}")`);
      expect(errors).toMatchObject([
        { path: ['patient', 'appointments'], extensions: { code: 'BAD_USER_INPUT' } },
      ]);
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  it('refuse a cursor of another list of the patient’s, and take one of before cursors named theirs', async () => {
    const ends = async (name: string) => {
      const { data } = await gateway.query(
        ofPatient(`${name}(first: 1) { pageInfo { endCursor } }`),
        { id: gateway.ids.Ana },
      );
      return data.patient[name].pageInfo.endCursor as string;
    };
    const names = ['appointments', 'visits', 'portalRequests'];
    const cursors = await Promise.all(names.map(ends));
    for (const name of names) {
      for (const [index, cursor] of cursors.entries()) {
        const { errors } = await gateway.query(
          ofPatient(`${name}(first: 1, after: "${cursor}") { totalCount }`),
          { id: gateway.ids.Ana },
        );
        expect(errors?.[0]?.extensions.code).toBe(
          names[index] === name ? undefined : 'BAD_USER_INPUT',
        );
      }
    }
    const key = Buffer.from(cursors[0] ?? '', 'base64url').toString();
    const older = Buffer.from(key.replace('appointments/', '')).toString('base64url');
    expect(older).not.toBe(cursors[0]);
    expect((await appointments(`(after: "${older}")`)).nodes).toEqual(
      (await appointments(`(after: "${cursors[0]}")`)).nodes,
    );
  });

  it('say NOT_LINKED for both where the patient has no account', async () => {
    const { data } = await gateway.query(list(), { id: gateway.ids.David });
    expect(data.patient.appointments).toMatchObject({
      nodes: [],
      totalCount: 0,
      sources: [
        { vendor: 'VSEE', state: 'NOT_LINKED' },
        { vendor: 'MY_PATIENT_PORTAL', state: 'NOT_LINKED' },
      ],
    });
    expect(gateway.allCalls()).toEqual([]);
  });

  it('are read whichever key the portal wraps its list in', async () => {
    const { switches } = portalOf(gateway);
    for (const wrapper of ['appointments', 'none', 'data'] as const) {
      switches.listWrapper = wrapper;
      const { nodes } = await appointments('(filter: { vendor: [MY_PATIENT_PORTAL] })');
      expect(nodes).toHaveLength(3);
    }
  });
});

describe('appointment', () => {
  it('at MY_PATIENT_PORTAL is read by its id', async () => {
    const fields = `id vendor title practiceName status start end timeZone cancelledAt cancellable
      reschedulable isVideoConsultation asapListSubscribed visit { id } patient { fullName }`;
    const { data, errors } = await gateway.query(
      byId('appointment', fields),
      { id: portalId('b') },
      'ana',
    );
    expect(errors).toEqual([]);
    expect(data.appointment).toEqual({
      id: portalId('b'),
      vendor: 'MY_PATIENT_PORTAL',
      title: 'Sprechstunde',
      practiceName: 'MVZ Sandkasten München',
      status: 'BOOKED',
      start: expect.stringMatching(/:00\.000Z$/),
      end: expect.stringMatching(/:20:00\.000Z$/),
      timeZone: 'Europe/Berlin',
      cancelledAt: null,
      cancellable: true,
      reschedulable: true,
      isVideoConsultation: false,
      asapListSubscribed: true,
      visit: null,
      patient: { fullName: 'Ana Silva' },
    });
    expect(gateway.allCalls()).toEqual([
      'MY_PATIENT_PORTAL GET /appointments/xbCuVVTNU6rT6E5m8p6Y8h7opzAb',
    ]);
  });

  it('that was cancelled says when and cannot be changed', async () => {
    const { data } = await gateway.query(
      byId('appointment', 'status cancelledAt cancellable reschedulable'),
      { id: portalId('c') },
    );
    expect(data.appointment).toEqual({
      status: 'CANCELLED',
      cancelledAt: expect.stringMatching(/Z$/),
      cancellable: false,
      reschedulable: false,
    });
  });

  it('at VSEE is its visit, for one call however deep one goes', async () => {
    const id = globalIdOf(
      'Appointment',
      ...Buffer.from(visitId, 'base64url').toString().split(':').slice(1),
    );
    const { data } = await gateway.query(
      byId('appointment', 'id vendor visit { id appointment { id visit { id } } }'),
      { id },
    );
    expect(data.appointment).toEqual({
      id,
      vendor: 'VSEE',
      visit: { id: visitId, appointment: { id, visit: { id: visitId } } },
    });
    expect(gateway.allCalls()).toHaveLength(1);
  });

  it('is null where a visit has no set time', async () => {
    const id = globalIdOf('Appointment', 'VSEE', keyIn(gateway.ids.Ana), '67001');
    const { data, errors } = await gateway.query(byId('appointment', 'id'), { id });
    expect({ data, errors }).toEqual({ data: { appointment: null }, errors: [] });
  });

  it('is null where the patient has none of this id, also another patient’s', async () => {
    const others = globalIdOf(
      'Appointment',
      'MY_PATIENT_PORTAL',
      keyIn(gateway.ids.Ana),
      'xbCuVVTNU6rT6E5m8p6Y8h7opzBa',
    );
    const { data, errors } = await gateway.query(byId('appointment', 'id'), { id: others }, 'ana');
    expect({ data, errors }).toEqual({ data: { appointment: null }, errors: [] });
    expect(gateway.allCalls()).toEqual([
      'MY_PATIENT_PORTAL GET /appointments/xbCuVVTNU6rT6E5m8p6Y8h7opzBa',
    ]);
  });
});
