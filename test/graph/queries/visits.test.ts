import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { before, newPatient } from '../../support/arrange.ts';
import { byId, ofPatient } from '../../support/documents.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { globalIdOf, keyIn, mutate, roomTimes, vendorIdIn } from '../../support/mutations.ts';
import { vseeOf } from '../../support/simulators.ts';

let gateway: TestGateway;
/** Ana's visits by kind; made in this order after her eConsult. */
let walkIn: string;
let scheduled: string;
let time: { start: string; end: string };

beforeAll(async () => {
  gateway = await startTestGateway();
  const patientId = gateway.ids.Ana;
  const visit = async (name: string, input: object) => {
    const { payload, text } = await mutate(
      gateway,
      name,
      { patientId, roomCode: 'clinic', ...input },
      'visit { id }',
    );
    if (!payload?.visit) {
      throw new Error(text);
    }
    return payload.visit.id as string;
  };
  walkIn = await visit('startWalkInVisit', { intake: { reasonForVisit: 'Cough' } });
  const [first] = await roomTimes(gateway, patientId);
  if (first === undefined) {
    throw new Error('The room has no times.');
  }
  time = { start: first.start, end: first.end };
  scheduled = await visit('scheduleVisit', { ...time, intake: { reasonForVisit: 'Check-up' } });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const reads = (...ids: string[]) => ids.map((id) => `VSEE GET /api_v3/visits/${vendorIdIn(id)}`);
const readsRoom = 'VSEE GET /api_v3/rooms/clinic';
const list = (args: string) =>
  ofPatient(`visits${args} {
    nodes { id kind status } edges { cursor node { id } } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } sources { vendor state }
  }`);
const econsult = () => globalIdOf('Visit', 'VSEE', keyIn(gateway.ids.Ana), '67001');

describe('Patient.visits', () => {
  it('lists what was made here, newest first, with one call for each', async () => {
    const { data, errors } = await gateway.query(list(''), { id: gateway.ids.Ana });
    expect(errors).toEqual([]);
    expect(data.patient.visits.nodes).toEqual([
      { id: scheduled, kind: 'SCHEDULED', status: 'PENDING' },
      { id: walkIn, kind: 'WALK_IN', status: 'PENDING' },
      { id: econsult(), kind: 'E_CONSULT', status: 'PENDING' },
    ]);
    expect(data.patient.visits).toMatchObject({
      totalCount: 3,
      sources: [{ vendor: 'VSEE', state: 'OK' }],
      pageInfo: { hasNextPage: false, hasPreviousPage: false },
    });
    expect(gateway.allCalls().sort()).toEqual(reads(econsult(), walkIn, scheduled).sort());
    expect(gateway.calls('VSEE')[0]?.headers['x-apitoken']).toMatch(/^\S{16,}$/);
  });

  it('reads only the visits of the kinds asked for', async () => {
    const { data } = await gateway.query(list('(filter: { kind: [WALK_IN] })'), {
      id: gateway.ids.Ana,
    });
    expect(data.patient.visits.nodes.map(({ id }: { id: string }) => id)).toEqual([walkIn]);
    expect(data.patient.visits.totalCount).toBe(1);
    expect(gateway.allCalls()).toEqual(reads(walkIn));
  });

  it('reads all to find those of a status, which only the vendor knows', async () => {
    const simulator = gateway.sandbox.simulators.VSEE;
    const begin = await fetch(
      `${simulator.origin}/vc/stable/_sandbox/visits/${vendorIdIn(walkIn)}/status`,
      {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ status: 25 }),
      },
    );
    expect(begin.status).toBe(200);
    gateway.forget();
    const { data } = await gateway.query(list('(filter: { status: [IN_PROGRESS, COMPLETED] })'), {
      id: gateway.ids.Ana,
    });
    expect(data.patient.visits.nodes).toEqual([
      { id: walkIn, kind: 'WALK_IN', status: 'IN_PROGRESS' },
    ]);
    expect(data.patient.visits.totalCount).toBe(1);
    expect(gateway.allCalls()).toHaveLength(3);
  });

  it('combines kind and status with and', async () => {
    const { data } = await gateway.query(
      list('(filter: { kind: [SCHEDULED], status: [CANCELLED] })'),
      { id: gateway.ids.Ana },
    );
    expect(data.patient.visits).toMatchObject({ nodes: [], totalCount: 0 });
    expect(gateway.allCalls()).toEqual(reads(scheduled));
  });

  it('reads only the visits of the page, forwards', async () => {
    const first = await gateway.query(list('(first: 1)'), { id: gateway.ids.Ana });
    expect(first.data.patient.visits).toMatchObject({
      nodes: [{ id: scheduled }],
      totalCount: 3,
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
    });
    expect(gateway.allCalls()).toEqual(reads(scheduled));
    gateway.forget();
    const { endCursor } = first.data.patient.visits.pageInfo;
    const second = await gateway.query(list(`(first: 1, after: "${endCursor}")`), {
      id: gateway.ids.Ana,
    });
    expect(second.data.patient.visits).toMatchObject({
      nodes: [{ id: walkIn }],
      pageInfo: { hasNextPage: true, hasPreviousPage: true },
    });
    expect(gateway.allCalls()).toEqual(reads(walkIn));
  });

  it('reads only the visits of the page, backwards', async () => {
    const last = await gateway.query(list('(last: 1)'), { id: gateway.ids.Ana });
    expect(last.data.patient.visits).toMatchObject({
      nodes: [{ id: econsult() }],
      pageInfo: { hasNextPage: false, hasPreviousPage: true },
    });
    expect(gateway.allCalls()).toEqual(reads(econsult()));
    gateway.forget();
    const { startCursor } = last.data.patient.visits.pageInfo;
    const before = await gateway.query(list(`(last: 5, before: "${startCursor}")`), {
      id: gateway.ids.Ana,
    });
    expect(before.data.patient.visits.nodes.map(({ id }: { id: string }) => id)).toEqual([
      scheduled,
      walkIn,
    ]);
    expect(gateway.allCalls()).toHaveLength(2);
  });

  it('keeps those that can be read beside one that cannot, and says so', async () => {
    const match = new RegExp(`visits/${vendorIdIn(scheduled)}$`);
    vseeOf(gateway).fault({ kind: 'status', status: 500, match });
    const document = ofPatient(`visits { nodes { id } totalCount sources { vendor state } }
      appointments(filter: { vendor: [VSEE] }) { nodes { id } totalCount sources { vendor state } }`);
    const { data } = await gateway.query(document, { id: gateway.ids.Ana });
    const sources = [{ vendor: 'VSEE', state: 'UNAVAILABLE' }];
    const nodes = [{ id: walkIn }, { id: econsult() }];
    expect(data.patient.visits).toEqual({ nodes, totalCount: null, sources });
    expect(data.patient.appointments).toEqual({ nodes: [], totalCount: null, sources });
  });

  it('says NOT_LINKED, without a call, for who is not known to the vendor', async () => {
    const { data, errors } = await gateway.query(list(''), { id: gateway.ids.David });
    expect(errors).toEqual([]);
    expect(data.patient.visits).toMatchObject({
      nodes: [],
      totalCount: 0,
      sources: [{ vendor: 'VSEE', state: 'NOT_LINKED' }],
    });
    expect(gateway.allCalls()).toEqual([]);
  });

  it('counts none of an account that was unlinked since, nor says that more follow', async () => {
    const { id } = await newPatient(gateway);
    for (const name of ['startWalkInVisit', 'requestEConsult'] as const) {
      await before(gateway, name, { patientId: id, roomCode: 'clinic' }, 'visit { id }');
    }
    await mutate(
      gateway,
      'unlinkVendorAccount',
      { patientId: id, vendor: 'VSEE' },
      'patient { id }',
    );
    const { data } = await gateway.query(list('(first: 1)'), { id });
    expect(data.patient.visits).toMatchObject({
      nodes: [],
      totalCount: 0,
      pageInfo: { hasNextPage: false, endCursor: null },
      sources: [{ vendor: 'VSEE', state: 'NOT_LINKED' }],
    });
  });

  it('signs in once for several visits whose session died', async () => {
    vseeOf(gateway).switches.expireTokens();
    const { data, errors } = await gateway.query(list(''), { id: gateway.ids.Ana });
    expect(errors).toEqual([]);
    expect(data.patient.visits.nodes).toHaveLength(3);
    const calls = gateway.allCalls();
    expect(calls.filter((call) => call.endsWith('/users/sso'))).toEqual([
      'VSEE POST /api_v3/users/sso',
    ]);
    expect(calls).toHaveLength(3 + 1 + 3);
  });
});

describe('visit', () => {
  const fields = `id vendor kind status reason start end actualStart actualEnd inviteUrl
    provider { id firstName lastName title } patient { fullName }
    appointment { id vendor title status start end isVideoConsultation cancellable reschedulable
      videoConsultationUrl asapListSubscribed rescheduleOptions { id } earlierAvailability { id }
      visit { id appointment { id } } }`;

  it('is the scheduled visit and the appointment it also is, for a call to it and its room', async () => {
    const { data, errors } = await gateway.query(byId('visit', fields), { id: scheduled }, 'ana');
    expect(errors).toEqual([]);
    expect(data.visit).toEqual({
      id: scheduled,
      vendor: 'VSEE',
      kind: 'SCHEDULED',
      status: 'PENDING',
      reason: 'Check-up',
      ...time,
      actualStart: null,
      actualEnd: null,
      inviteUrl: expect.stringMatching(/\/visits\/join\/[0-9a-f]{32}$/),
      provider: null,
      patient: { fullName: 'Ana Silva' },
      appointment: {
        id: globalIdOf('Appointment', 'VSEE', keyIn(gateway.ids.Ana), vendorIdIn(scheduled)),
        vendor: 'VSEE',
        title: 'Check-up',
        status: 'BOOKED',
        ...time,
        isVideoConsultation: true,
        cancellable: true,
        reschedulable: false,
        videoConsultationUrl: null,
        asapListSubscribed: null,
        rescheduleOptions: null,
        earlierAvailability: null,
        visit: {
          id: scheduled,
          appointment: {
            id: globalIdOf('Appointment', 'VSEE', keyIn(gateway.ids.Ana), vendorIdIn(scheduled)),
          },
        },
      },
    });
    expect(gateway.allCalls()).toEqual([...reads(scheduled), readsRoom]);
  });

  it('is an appointment that cannot be cancelled where the room says so', async () => {
    const { switches } = vseeOf(gateway);
    const isCancellable = async () => {
      const document = byId(
        'visit',
        'appointment { cancellable } again: appointment { cancellable }',
      );
      const { data } = await gateway.query(document, { id: scheduled });
      expect(data.visit.again).toEqual(data.visit.appointment);
      return data.visit.appointment.cancellable;
    };
    switches.roomsWithoutCancel = ['clinic'];
    expect(await isCancellable()).toBe(false);
    expect(gateway.allCalls()).toEqual([...reads(scheduled), readsRoom]);
    switches.roomsWithoutCancel = [];
    vseeOf(gateway).fault({ kind: 'status', status: 404, match: /rooms/, times: 1 });
    expect(await isCancellable()).toBe(true);
    vseeOf(gateway).fault({ kind: 'status', status: 403, match: /rooms/, times: 1 });
    expect(await isCancellable()).toBe(true);
  });

  it('is an appointment in the zone of its room, of none where the room cannot be asked', async () => {
    const zoneOf = async () => {
      const document = byId('visit', 'appointment { timeZone } again: appointment { timeZone }');
      const { data, errors } = await gateway.query(document, { id: scheduled });
      expect(errors).toEqual([]);
      expect(data.visit.again).toEqual(data.visit.appointment);
      return data.visit.appointment.timeZone;
    };
    expect(await zoneOf()).toBe('America/Los_Angeles');
    expect(gateway.allCalls()).toEqual([...reads(scheduled), readsRoom]);
    vseeOf(gateway).fault({ kind: 'status', status: 404, match: /rooms/, times: 1 });
    expect(await zoneOf()).toBeNull();
    vseeOf(gateway).fault({ kind: 'status', status: 403, match: /rooms/, times: 1 });
    expect(await zoneOf()).toBeNull();
  });

  it('is an appointment by video unless the vendor says that it is not', async () => {
    const visit = vseeOf(gateway).state.visits.get(vendorIdIn(scheduled));
    const byVideo: boolean[] = [];
    for (const subtype of [1, 2, 4, 3]) {
      Object.assign(visit ?? {}, { subtype });
      const document = byId('visit', 'appointment { isVideoConsultation }');
      const { data } = await gateway.query(document, { id: scheduled });
      byVideo.push(data.visit.appointment.isVideoConsultation);
    }
    expect(byVideo).toEqual([false, false, true, true]);
  });

  it('that takes place already cannot be cancelled any more, before its time either', async () => {
    const visit = vseeOf(gateway).state.visits.get(vendorIdIn(scheduled));
    const cancellable: unknown[] = [];
    for (const status of [25, 20]) {
      Object.assign(visit ?? {}, { status });
      const document = byId('visit', 'status appointment { status cancellable }');
      cancellable.push((await gateway.query(document, { id: scheduled })).data.visit);
    }
    const appointment = (is: boolean) => ({ status: 'BOOKED', cancellable: is });
    expect(cancellable).toEqual([
      { status: 'IN_PROGRESS', appointment: appointment(false) },
      { status: 'CONFIRMED', appointment: appointment(true) },
    ]);
  });

  it('that begins now has a provider and no appointment', async () => {
    const { data } = await gateway.query(byId('visit', fields), { id: walkIn });
    expect(data.visit).toMatchObject({
      kind: 'WALK_IN',
      status: 'IN_PROGRESS',
      reason: 'Cough',
      actualStart: expect.stringMatching(/Z$/),
      provider: { id: '826', firstName: 'Grace', lastName: 'Hill', title: 'Dr.' },
      appointment: null,
    });
    expect(gateway.allCalls()).toEqual(reads(walkIn));
  });

  it('is read from an answer without its wrapper, too', async () => {
    const { switches } = vseeOf(gateway);
    switches.bareVisit = true;
    const { data } = await gateway.query(byId('visit', 'reason'), { id: walkIn });
    switches.bareVisit = false;
    expect(data.visit).toEqual({ reason: 'Cough' });
  });

  it('is null without an error where the vendor has none of this id', async () => {
    const id = globalIdOf('Visit', 'VSEE', keyIn(gateway.ids.Ana), '99999');
    const { data, errors } = await gateway.query(byId('visit', 'id'), { id });
    expect({ data, errors }).toEqual({ data: { visit: null }, errors: [] });
    expect(gateway.allCalls()).toEqual(['VSEE GET /api_v3/visits/99999']);
  });

  it('is null where the visit is another patient’s, whoever’s id it is asked under', async () => {
    const id = globalIdOf('Visit', 'VSEE', keyIn(gateway.ids.Ben), vendorIdIn(walkIn));
    const { data } = await gateway.query(byId('visit', 'id reason'), { id }, 'ben');
    expect(data).toEqual({ visit: null });
  });

  it('is refused to another patient before any call', async () => {
    const { data, errors } = await gateway.query(byId('visit', 'id'), { id: walkIn }, 'ben');
    expect(data).toEqual({ visit: null });
    expect(errors).toMatchObject([{ path: ['visit'], extensions: { code: 'FORBIDDEN' } }]);
    expect(gateway.allCalls()).toEqual([]);
  });
});
