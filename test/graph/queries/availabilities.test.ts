import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newPatient } from '../../support/arrange.ts';
import { availabilitiesWith, ofPatient } from '../../support/documents.ts';
import { type StartedGateway, startTestGateway } from '../../support/gateway.ts';
import { keyIn } from '../../support/mutations.ts';
import { vseeOf } from '../../support/simulators.ts';

let gateway: StartedGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const document = availabilitiesWith('id vendor start end timeZone placesLeft');
const instant = (days: number) => new Date(Date.now() + days * 24 * 60 * 60 * 1000);
const day = (days: number) => instant(days).toISOString().slice(0, 10);
const room = (more: object = {}) => ({
  vsee: {
    roomCode: 'clinic',
    from: instant(1).toISOString(),
    to: instant(8).toISOString(),
    ...more,
  },
});
const portal = (more: object = {}) => ({
  myPatientPortal: {
    insuranceId: '136',
    appointmentCategoryId: '53',
    appointmentTypeId: '198',
    ...more,
  },
});
const search = (by: object, patientId = gateway.ids.Ana, who: 'staff' | 'ana' | 'ben' = 'staff') =>
  gateway.query(document, { patientId, search: by }, who);

describe('availabilities at VSEE', () => {
  it('reads the room and its open times', async () => {
    const { data, errors } = await search(room());
    expect(errors).toEqual([]);
    expect(data.availabilities.length).toBeGreaterThan(50);
    expect(data.availabilities[0]).toEqual({
      id: expect.stringMatching(/^[A-Za-z0-9_-]{100,}$/),
      vendor: 'VSEE',
      start: expect.stringMatching(/Z$/),
      end: expect.stringMatching(/Z$/),
      timeZone: 'America/Los_Angeles',
      placesLeft: 1,
    });
    expect(gateway.allCalls()).toEqual([
      'VSEE GET /api_v3/rooms/clinic',
      'VSEE GET /api_v3/availability',
    ]);
    const [clinic, times] = gateway.calls('VSEE');
    // Rooms are public: no patient's token goes along.
    expect(clinic?.headers).not.toHaveProperty('x-apitoken');
    expect(times?.headers['x-apitoken']).toMatch(/^\S{16,}$/);
    expect(times?.headers).not.toHaveProperty('x-apisecret');
    expect(times?.query).toEqual({
      member_id: '183201',
      room_code: 'clinic',
      start: expect.stringMatching(/^\d{10}$/),
      end: expect.stringMatching(/^\d{10}$/),
    });
  });

  it('asks for a consultation with its duration, and for one provider', async () => {
    const consultationId = '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a3002';
    const { data } = await search(room({ consultationId, providerId: '826' }));
    expect(gateway.calls('VSEE')[1]?.query).toMatchObject({
      consultation_id: consultationId,
      duration: '30',
      provider_id: '826',
    });
    const [{ start, end }] = data.availabilities;
    expect(Date.parse(end) - Date.parse(start)).toBe(30 * 60 * 1000);
  });

  it('shows the times in the room’s own zone', async () => {
    const { data } = await search(room({ roomCode: 'berlin' }));
    expect(data.availabilities[0].timeZone).toBe('Europe/Berlin');
  });

  it('signs in a patient who is new to the vendor and records the account', async () => {
    const accounts = ofPatient('vendorAccounts { vendor linkMethod }');
    const before = await gateway.query(accounts, { id: gateway.ids.Emi });
    expect(before.data.patient.vendorAccounts).toEqual([]);
    const { data } = await search(room(), gateway.ids.Emi);
    expect(data.availabilities.length).toBeGreaterThan(0);
    expect(gateway.allCalls()).toEqual([
      'VSEE GET /api_v3/rooms/clinic',
      'VSEE POST /api_v3/users/sso',
      'VSEE GET /api_v3/availability',
    ]);
    const after = await gateway.query(accounts, { id: gateway.ids.Emi });
    expect(after.data.patient.vendorAccounts).toEqual([{ vendor: 'VSEE', linkMethod: 'CREATED' }]);

    gateway.forget();
    await search(room(), gateway.ids.Emi);
    expect(gateway.allCalls()).not.toContain('VSEE POST /api_v3/users/sso');
  });

  it('signs in again, once, where the session died early', async () => {
    vseeOf(gateway).switches.expireTokens();
    const { data, errors } = await search(room());
    expect(errors).toEqual([]);
    expect(data.availabilities.length).toBeGreaterThan(0);
    expect(gateway.allCalls()).toEqual([
      'VSEE GET /api_v3/rooms/clinic',
      'VSEE GET /api_v3/availability',
      'VSEE POST /api_v3/users/sso',
      'VSEE GET /api_v3/availability',
    ]);
  });

  it('reads nothing with an account that is another patient’s', async () => {
    const { id } = await newPatient(gateway);
    const [last = 0] = [...vseeOf(gateway).state.users.keys()].map(Number).sort((a, b) => b - a);
    // Whatever made the vendor give it to two of them.
    await gateway.store.accounts.link({
      patientId: keyIn((await newPatient(gateway)).id),
      vendor: 'VSEE',
      vendorPatientId: String(last + 1),
      linkMethod: 'CREATED',
    });
    const { data, errors } = await search(room(), id);
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_LINKED', vendor: 'VSEE' } }]);
    expect(gateway.allCalls()).not.toContain('VSEE GET /api_v3/availability');
  });

  it('refuses an unknown room after looking for it, and nothing else', async () => {
    const { data, errors } = await search(room({ roomCode: 'nowhere' }));
    expect(data).toBeNull();
    expect(errors).toMatchObject([
      { path: ['availabilities'], extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    expect(gateway.allCalls()).toEqual(['VSEE GET /api_v3/rooms/nowhere']);
  });

  it('refuses a consultation that the room does not show to patients', async () => {
    const consultationId = '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a9903';
    const { errors } = await search(room({ consultationId }));
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(gateway.allCalls()).toEqual(['VSEE GET /api_v3/rooms/clinic']);
  });
});

describe('availabilities at MY_PATIENT_PORTAL', () => {
  it('reads the times of one type for one call', async () => {
    const { data, errors } = await search(portal(), gateway.ids.Ana, 'ana');
    expect(errors).toEqual([]);
    expect(data.availabilities.length).toBeGreaterThan(20);
    expect(data.availabilities[0]).toMatchObject({
      vendor: 'MY_PATIENT_PORTAL',
      timeZone: 'Europe/Berlin',
      placesLeft: null,
    });
    expect(gateway.allCalls()).toEqual(['MY_PATIENT_PORTAL GET /availabilities']);
    expect(gateway.calls('MY_PATIENT_PORTAL')[0]?.query).toEqual({
      insurance_id: '136',
      appointment_category_id: '53',
      appointment_type_id: '198',
    });
  });

  it('passes the days on', async () => {
    await search(portal({ from: day(2), to: day(4) }));
    expect(gateway.calls('MY_PATIENT_PORTAL')[0]?.query).toMatchObject({
      from: day(2),
      to: day(4),
    });
  });

  it('gives ids that say nothing and differ on every query', async () => {
    const first = await search(portal());
    const second = await search(portal());
    const ids = [...first.data.availabilities, ...second.data.availabilities].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const vendorIds = Buffer.from(ids[0], 'base64url').toString('latin1');
    expect(vendorIds).not.toMatch(/MY_PATIENT_PORTAL|[\w+]{16}--[\w+]{16}--/);
  });

  it('names the vendor that refuses an insurance where it is not accepted', async () => {
    const { data, errors } = await search(
      portal({ appointmentCategoryId: '54', appointmentTypeId: '201' }),
    );
    expect(data).toBeNull();
    expect(errors).toMatchObject([
      {
        path: ['availabilities'],
        message: expect.stringContaining('does not take this insurance'),
        extensions: { code: 'VENDOR_REJECTED', vendor: 'MY_PATIENT_PORTAL' },
      },
    ]);
    expect(gateway.allCalls()).toEqual(['MY_PATIENT_PORTAL GET /availabilities']);
  });

  it('says NOT_LINKED, without a call, for who never connected', async () => {
    const { errors } = await search(portal(), gateway.ids.Chloe);
    expect(errors).toMatchObject([
      { extensions: { code: 'NOT_LINKED', vendor: 'MY_PATIENT_PORTAL' } },
    ]);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('availabilities', () => {
  it.each([
    ['no place', {}],
    ['both places', { ...portal(), ...room() }],
    ['a place that is null', { vsee: null }],
    ['one place and a null', { ...portal(), vsee: null }],
  ])('takes exactly one place to look, not %s', async (_name, by) => {
    const { data, errors } = await search(by);
    expect(data).toBeUndefined();
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('takes exactly one place to look also in a literal', async () => {
    const { errors } = await gateway.query(
      'query ($id: ID!) { availabilities(patientId: $id, search: {}) { id } }',
      { id: gateway.ids.Ana },
    );
    expect(errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['VSEE', room()],
    ['MY_PATIENT_PORTAL', portal()],
  ])('at %s are not looked for on behalf of somebody else', async (_vendor, by) => {
    const { data, errors } = await search(by, gateway.ids.Ana, 'ben');
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    expect(gateway.allCalls()).toEqual([]);
  });
});
