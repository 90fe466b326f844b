import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { mutate, portalTimes, sent, vendorIdIn } from '../../support/mutations.ts';
import { startRecordingProxy } from '../../support/recording-proxy.ts';

let gateway: TestGateway;
let proxy: Awaited<ReturnType<typeof startRecordingProxy>>;
beforeAll(async () => {
  proxy = await startRecordingProxy();
  gateway = await startTestGateway({
    environment: { MY_PATIENT_PORTAL_API_URL: `${proxy.origin}/api/oauth2/v1` },
  });
  proxy.leadTo(gateway.sandbox.simulators.MY_PATIENT_PORTAL.origin);
});
afterAll(async () => {
  await gateway.close();
  await proxy.close();
});
beforeEach(() => {
  gateway.forget();
  proxy.passed.length = 0;
});

const portal = () => gateway.sandbox.simulators.MY_PATIENT_PORTAL;
const calls = () => sent(gateway.calls('MY_PATIENT_PORTAL'));
const fields =
  'appointment { id vendor title practiceName status start end timeZone cancellable reschedulable isVideoConsultation asapListSubscribed cancelledAt visit { id } patient { fullName } } operation { id }';

const book = (input: Record<string, unknown>, as: 'staff' | 'ana' | 'ben' = 'ana') =>
  mutate(gateway, 'bookAppointment', { patientId: gateway.ids.Ana, ...input }, fields, as);

async function time(options: Parameters<typeof portalTimes>[2] = {}) {
  const times = await portalTimes(gateway, gateway.ids.Ana, options);
  gateway.forget();
  const last = times.at(-1);
  return { id: last?.id ?? '', start: last?.start ?? '', end: last?.end ?? '' };
}

describe('bookAppointment at MyPatientPortal', () => {
  it('books the time with the vendor’s own id, byte by byte, and reads the appointment again', async () => {
    const free = await time({ as: 'ana' });
    const offered = proxy.passed.at(-1);
    expect(offered?.path).toBe('/api/oauth2/v1/availabilities');
    const vendorIds: string[] = JSON.parse(offered?.answered ?? '{}').data.map(
      ({ id }: { id: string }) => id,
    );
    expect(vendorIds.at(-1)).toHaveLength(228);
    expect(free.id).not.toContain(vendorIds.at(-1));

    const { payload, errors } = await book({ availabilityId: free.id });
    expect(errors).toEqual([]);
    expect(payload).toEqual({
      appointment: {
        id: expect.any(String),
        vendor: 'MY_PATIENT_PORTAL',
        title: 'Sprechstunde',
        practiceName: 'MVZ Sandkasten München',
        status: 'BOOKED',
        start: free.start,
        end: free.end,
        timeZone: 'Europe/Berlin',
        cancellable: true,
        reschedulable: true,
        isVideoConsultation: false,
        asapListSubscribed: false,
        cancelledAt: null,
        visit: null,
        patient: { fullName: 'Ana Silva' },
      },
      operation: { id: expect.any(String) },
      userErrors: [],
    });
    const id = vendorIdIn(payload.appointment.id);
    expect(id).toMatch(/^[A-Za-z0-9]{28}$/);
    expect(calls()).toEqual(['POST /booking', `GET /appointments/${id}`]);
    expect(gateway.allCalls()).toHaveLength(2);
    const [booking] = gateway.calls('MY_PATIENT_PORTAL');
    expect(booking?.headers.authorization).toMatch(/^Bearer \S+$/);
    expect(booking?.headers['content-type']).toContain('application/json');
    expect(booking?.body).toEqual({
      availability_id: vendorIds.at(-1),
      insurance_id: 136,
      appointment_category_id: 53,
      appointment_type_id: 198,
    });
    const raw = proxy.passed.find(({ path }) => path.endsWith('/booking'))?.sent;
    expect(raw).toContain(`"availability_id":"${vendorIds.at(-1)}"`);
  });

  it('is among the patient’s appointments afterwards, and its time no longer free', async () => {
    const free = await time();
    const { payload } = await book({ availabilityId: free.id });
    gateway.forget();
    const { data } = await gateway.query(
      '{ viewer { patient { appointments(filter: { vendor: [MY_PATIENT_PORTAL] }) { nodes { id start status } sources { state } } } } }',
      {},
      'ana',
    );
    expect(data.viewer.patient.appointments.nodes).toContainEqual({
      id: payload.appointment.id,
      start: free.start,
      status: 'BOOKED',
    });
    expect(calls()).toEqual(['GET /appointments']);
    const left = await portalTimes(gateway, gateway.ids.Ana);
    expect(left.map(({ start }) => start)).not.toContain(free.start);
  });

  it('passes wishes, comments and answers on, and leaves out what was not said', async () => {
    const free = await time({ type: '200' });
    const { payload } = await book({
      availabilityId: free.id,
      comments: ' Bitte leise + freundlich ',
      commentAnswers: { 'Größe in cm': '170', Herzschrittmacher: 'Nein', Allergien: ['Jod'] },
      emailNotifications: false,
      smsNotifications: true,
    });
    expect(payload.userErrors).toEqual([]);
    expect(gateway.calls('MY_PATIENT_PORTAL')[0]?.body).toMatchObject({
      appointment_type_id: 200,
      comments: 'Bitte leise + freundlich',
      structured_comment: { 'Größe in cm': '170', Herzschrittmacher: 'Nein', Allergien: ['Jod'] },
      allow_email_notifications: false,
      allow_sms_notifications: true,
    });
    expect(gateway.calls('MY_PATIENT_PORTAL')[0]?.body).not.toHaveProperty('asap_list_opt_in');
  });

  it('subscribes to the ASAP list where that is asked for', async () => {
    const { id } = await time();
    const { payload } = await book({ availabilityId: id, asapListOptIn: true });
    expect(payload.userErrors).toEqual([]);
    expect(payload.appointment.asapListSubscribed).toBe(true);
    expect(gateway.calls('MY_PATIENT_PORTAL')[0]?.body).toMatchObject({ asap_list_opt_in: true });
  });

  it('is ASAP_NOT_ENABLED where the type of appointment has no such list', async () => {
    const { id } = await time({ type: '199' });
    const { payload } = await book({ availabilityId: id, asapListOptIn: true });
    expect(payload.appointment).toBeNull();
    expect(payload.userErrors).toMatchObject([
      { code: 'ASAP_NOT_ENABLED', path: ['input', 'asapListOptIn'] },
    ]);
    expect(calls()).toEqual(['POST /booking']);
  });

  it('names the question whose answer the practice does not take', async () => {
    const { id } = await time({ type: '200' });
    const { payload } = await book({
      availabilityId: id,
      commentAnswers: { 'Größe in cm': '170', Herzschrittmacher: 'Vielleicht' },
    });
    expect(payload.appointment).toBeNull();
    expect(payload.userErrors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'commentAnswers', 'Herzschrittmacher'] },
    ]);
    expect(payload.userErrors[0].message).not.toContain('Vielleicht');
    expect(calls()).toEqual(['POST /booking']);
  });

  it('names each question whose answer is refused, dots and all, also when it is asked again', async () => {
    const input = {
      availabilityId: (await time({ type: '200' })).id,
      commentAnswers: { 'Größe in cm': '170', 'Größe (z.B. 170)': '170', Herzschrittmacher: 'Oft' },
      idempotencyKey: randomUUID(),
    };
    const refused = ['Herzschrittmacher', 'Größe (z.B. 170)'].map((question) => ({
      __typename: 'GeneralUserError',
      code: 'INVALID_INPUT',
      message: expect.any(String),
      path: ['input', 'commentAnswers', question],
    }));
    expect((await book(input)).payload.userErrors).toEqual(refused);
    expect((await book(input)).payload.userErrors).toEqual(refused);
    expect(calls()).toEqual(['POST /booking']);
  });

  it.each([
    ['comments of 2,001 characters', { comments: 'a'.repeat(2001) }, 'comments'],
    [
      'answers of 10,001 characters',
      { commentAnswers: { a: 'a'.repeat(10_001) } },
      'commentAnswers',
    ],
  ])('refuses %s without a call', async (_what, wrong, field) => {
    const { id } = await time();
    const { payload } = await book({ availabilityId: id, ...wrong });
    expect(payload.userErrors).toMatchObject([{ code: 'INVALID_INPUT', path: ['input', field] }]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    [false, 'a code'],
    [true, 'a sentence'],
  ])(
    'offers other times where this one is lost (400: %s, as %s), and one can be booked',
    async (lostSlotAs400) => {
      portal().switches.lostSlotAs400 = lostSlotAs400;
      try {
        const free = await time();
        expect((await book({ availabilityId: free.id })).payload.userErrors).toEqual([]);
        gateway.forget();
        const { payload } = await book({ availabilityId: free.id });
        expect(payload.appointment).toBeNull();
        const [error] = payload.userErrors;
        expect(error).toMatchObject({
          __typename: 'AvailabilityGoneError',
          code: 'AVAILABILITY_GONE',
          path: ['input', 'availabilityId'],
        });
        expect(calls()).toEqual(['POST /booking', 'GET /availabilities']);
        expect(gateway.calls('MY_PATIENT_PORTAL')[1]?.query).toMatchObject({
          insurance_id: '136',
          appointment_category_id: '53',
          appointment_type_id: '198',
        });
        const starts = error.alternatives.map((each: { start: string }) => each.start);
        expect(starts.length).toBeGreaterThan(3);
        expect(starts).not.toContain(free.start);
        const [other] = error.alternatives;
        const booked = await book({ availabilityId: other.id });
        expect(booked.payload.userErrors).toEqual([]);
        expect(booked.payload.appointment.start).toBe(other.start);
      } finally {
        portal().switches.lostSlotAs400 = false;
      }
    },
  );

  it('is done although the appointment cannot be read just then', async () => {
    const free = await time();
    portal().fault({ kind: 'status', status: 500, match: /GET \/appointments\// });
    const { payload } = await book({ availabilityId: free.id });
    expect(payload.userErrors).toEqual([]);
    expect(payload.appointment).toMatchObject({ status: 'BOOKED', start: free.start });
    expect(calls().filter((call) => call === 'POST /booking')).toHaveLength(1);
  });

  it('looks which one it is where the portal says that it is done, and nothing more', async () => {
    const free = await time();
    portal().switches.successAlone = true;
    try {
      const { payload } = await book({ availabilityId: free.id });
      expect(payload.userErrors).toEqual([]);
      expect(payload.appointment).toMatchObject({ status: 'BOOKED', start: free.start });
      expect(calls().slice(0, 2)).toEqual(['POST /booking', 'GET /appointments']);
      const next = await time();
      portal().fault({ kind: 'status', status: 500, match: /GET \/appointments/ });
      const other = await book({ availabilityId: next.id });
      expect(other.payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
      expect(calls().filter((call) => call === 'POST /booking')).toHaveLength(1);
    } finally {
      portal().switches.successAlone = false;
    }
  });

  it('passes on that the practice does not take the patient', async () => {
    const { id } = await time();
    portal().switches.blockedPatient = true;
    try {
      const { payload } = await book({ availabilityId: id });
      const message = expect.stringMatching(/takes no bookings of this patient online\. Ask/);
      expect(payload.userErrors).toMatchObject([{ code: 'VENDOR_REJECTED', message }]);
      expect(calls()).toEqual(['POST /booking']);
    } finally {
      portal().switches.blockedPatient = false;
    }
  });

  it('says RATE_LIMITED, with the time to come back, where the portal asks for fewer calls', async () => {
    const { id } = await time();
    const headers = { 'retry-after': '20' };
    portal().fault({ kind: 'status', status: 429, headers, match: /booking/ });
    const { payload } = await book({ availabilityId: id });
    expect(payload.userErrors).toMatchObject([
      { code: 'RATE_LIMITED', vendor: 'MY_PATIENT_PORTAL' },
    ]);
    expect(calls()).toEqual(['POST /booking']);
  });
});
