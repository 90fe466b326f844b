import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ofPatient } from '../../support/documents.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { portalOf } from '../../support/simulators.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const asked = () => gateway.calls('MY_PATIENT_PORTAL').map(({ path, query }) => ({ path, query }));
const day = (ahead: number) =>
  new Date(Date.now() + ahead * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);

describe('Patient.insurances', () => {
  it('is the root of the booking walkthrough, for one call with the patient’s own token', async () => {
    const { data, errors } = await gateway.query(
      ofPatient('insurances { id name type }'),
      { id: gateway.ids.Ana },
      'ana',
    );
    expect(errors).toEqual([]);
    expect(data.patient.insurances).toEqual([
      { id: '136', name: 'Techniker Krankenkasse', type: 'public' },
      { id: '137', name: 'Sandkasten Privatversicherung', type: 'private' },
      { id: '138', name: 'Selbstzahler', type: 'self_payer' },
    ]);
    expect(gateway.allCalls()).toEqual(['MY_PATIENT_PORTAL GET /insurances']);
    expect(gateway.calls('MY_PATIENT_PORTAL')[0]?.headers.authorization).toMatch(/^Bearer \S+$/);
  });

  it('is null with NOT_LINKED, and without a call, for who never connected', async () => {
    const { data, errors } = await gateway.query(ofPatient('fullName insurances { id }'), {
      id: gateway.ids.David,
    });
    expect(data.patient).toEqual({ fullName: 'David Rossi', insurances: null });
    expect(errors).toMatchObject([
      {
        path: ['patient', 'insurances'],
        extensions: { code: 'NOT_LINKED', vendor: 'MY_PATIENT_PORTAL' },
      },
    ]);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('Insurance.appointmentCategories', () => {
  const document = ofPatient(
    'insurances { id appointmentCategories { id name subtitle descriptionHtml descriptionText } }',
  );

  it('asks once for each insurance and shows what that insurance opens', async () => {
    const { data } = await gateway.query(document, { id: gateway.ids.Ana });
    const open = data.patient.insurances.map(
      (insurance: { id: string; appointmentCategories: { id: string }[] }) => [
        insurance.id,
        insurance.appointmentCategories.map(({ id }) => id),
      ],
    );
    expect(open).toEqual([
      ['136', ['53']],
      ['137', ['53', '54']],
      ['138', ['53', '54']],
    ]);
    expect(asked()).toEqual([
      { path: '/insurances', query: {} },
      { path: '/appointment_categories', query: { insurance_id: '136' } },
      { path: '/appointment_categories', query: { insurance_id: '137' } },
      { path: '/appointment_categories', query: { insurance_id: '138' } },
    ]);
  });

  it('carries descriptions without script, as HTML and as text', async () => {
    const { data, text } = await gateway.query(document, { id: gateway.ids.Ana });
    const [radiology] = data.patient.insurances[0].appointmentCategories;
    expect(radiology).toMatchObject({ name: 'Radiology', subtitle: 'Radiologist' });
    expect(radiology.descriptionHtml).toMatch(
      /^<p>Röntgen, CT &amp; MRT in unserer\sPraxis\.<\/p>$/,
    );
    expect(radiology.descriptionText).toBe('Röntgen, CT & MRT in unserer Praxis.');
    expect(text).not.toMatch(/<script|cookie|stolen/);
  });

  it('leaves texts that the vendor lacks null', async () => {
    const { data } = await gateway.query(document, { id: gateway.ids.Ana });
    expect(data.patient.insurances[1].appointmentCategories[1]).toEqual({
      id: '54',
      name: 'Dermatology',
      subtitle: null,
      descriptionHtml: null,
      descriptionText: null,
    });
  });
});

describe('AppointmentCategory.appointmentTypes', () => {
  const document = ofPatient(`insurances { id appointmentCategories { id appointmentTypes {
    id name descriptionHtml descriptionText durationMinutes asapNotificationsEnabled
    isVideoConsultation commentForm { name kind required choices }
  } } }`);
  const typesOf = async () => {
    const { data, text } = await gateway.query(document, { id: gateway.ids.Ana });
    return { types: data.patient.insurances[0].appointmentCategories[0].appointmentTypes, text };
  };

  it('asks once for each insurance and category', async () => {
    await typesOf();
    const types = asked().filter(({ path }) => path === '/appointment_types');
    const step = (insurance: string, category: string) => ({
      path: '/appointment_types',
      query: { insurance_id: insurance, appointment_category_id: category },
    });
    expect(types).toHaveLength(5);
    expect(types).toEqual(
      expect.arrayContaining([
        step('136', '53'),
        step('137', '53'),
        step('137', '54'),
        step('138', '53'),
        step('138', '54'),
      ]),
    );
    expect(asked()).toHaveLength(1 + 3 + 5);
  });

  it('reads durations in minutes, whichever way the vendor spells them', async () => {
    const { types } = await typesOf();
    expect(
      types.map((type: { name: string; durationMinutes: number }) => [
        type.name,
        type.durationMinutes,
      ]),
    ).toEqual([
      ['Sprechstunde', 20],
      ['Video consultation', 15],
      ['MRT', 70],
    ]);
  });

  it('carries a description without its handler, and its text with entities resolved', async () => {
    const { types, text } = await typesOf();
    expect(types[0].descriptionHtml).toMatch(/^<p>.*Für Geübte &lt;3<\/p>$/);
    expect(types[0].descriptionText).toBe('Bitte bringen Sie Ihre Karte mit. Für Geübte <3');
    expect(text).not.toMatch(/onerror|alert|<img/);
    expect(types[0]).toMatchObject({ asapNotificationsEnabled: true, isVideoConsultation: false });
    expect(types[1]).toMatchObject({ asapNotificationsEnabled: false, isVideoConsultation: true });
  });

  it('carries the form of a type that asks questions, and null for one that asks none', async () => {
    const { types } = await typesOf();
    expect(types[0].commentForm).toBeNull();
    expect(types[2].commentForm).toEqual([
      { name: 'Größe in cm', kind: 'textfield', required: true, choices: null },
      {
        name: 'Herzschrittmacher',
        kind: 'combo',
        required: true,
        choices: ['Ja', 'Nein', 'Unbekannt'],
      },
      { name: 'Letzte Untersuchung', kind: 'date', required: false, choices: null },
      { name: 'Allergien', kind: 'checkbox', required: false, choices: ['Jod', 'Latex'] },
      { name: 'Bemerkung', kind: 'textarea', required: false, choices: null },
    ]);
  });
});

describe('AppointmentType.availabilities', () => {
  const funnel = (window = '') =>
    ofPatient(`insurances { id appointmentCategories { id appointmentTypes {
      id availabilities${window} { id vendor start end timeZone placesLeft }
    } } }`);

  it('is the last step: the whole walkthrough costs one call for each step on the way', async () => {
    const { data, errors } = await gateway.query(funnel(), { id: gateway.ids.Ana });
    expect(errors).toEqual([]);
    const [type] = data.patient.insurances[0].appointmentCategories[0].appointmentTypes;
    const { availabilities } = type;
    expect(availabilities.length).toBeGreaterThan(20);
    expect(availabilities[0]).toEqual({
      id: expect.stringMatching(/^[A-Za-z0-9_-]{100,}$/),
      vendor: 'MY_PATIENT_PORTAL',
      start: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z$/),
      end: expect.stringMatching(/Z$/),
      timeZone: 'Europe/Berlin',
      placesLeft: null,
    });
    const starts = availabilities.map(({ start }: { start: string }) => start);
    expect(starts).toEqual([...starts].sort());
    const paths = asked().map(({ path }) => path);
    // Three insurances, five categories of theirs, three types in each 53 and one in each 54.
    expect(paths.filter((path) => path === '/availabilities')).toHaveLength(3 * 3 + 2);
    expect(paths).toHaveLength(1 + 3 + 5 + 11);
  });

  it('passes the window on and keeps to it', async () => {
    const window = `(from: "${day(7)}", to: "${day(9)}")`;
    const { data } = await gateway.query(funnel(window), { id: gateway.ids.Ana });
    const times = asked().filter(({ path }) => path === '/availabilities');
    expect(times[0]?.query).toEqual({
      insurance_id: expect.any(String),
      appointment_category_id: expect.any(String),
      appointment_type_id: expect.any(String),
      from: day(7),
      to: day(9),
    });
    const [type] = data.patient.insurances[0].appointmentCategories[0].appointmentTypes;
    for (const { start } of type.availabilities) {
      expect(start >= day(6) && start < day(10)).toBe(true);
    }
  });

  it('keeps to the window also where the vendor sends whole months', async () => {
    const { switches } = portalOf(gateway);
    switches.wholeMonths = true;
    const window = `(from: "${day(3)}", to: "${day(5)}")`;
    const { data } = await gateway.query(funnel(window), { id: gateway.ids.Ana });
    switches.wholeMonths = false;
    const [type] = data.patient.insurances[0].appointmentCategories[0].appointmentTypes;
    expect(type.availabilities.length).toBeGreaterThan(0);
    for (const { start } of type.availabilities) {
      expect(start >= day(2) && start < day(6)).toBe(true);
    }
  });

  it('refuses a window that ends before it begins, without that call', async () => {
    const window = `(from: "${day(9)}", to: "${day(7)}")`;
    const { data, errors } = await gateway.query(funnel(window), { id: gateway.ids.Ana });
    const [type] = data.patient.insurances[0].appointmentCategories[0].appointmentTypes;
    expect(type.availabilities).toBeNull();
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(
      new Set(['BAD_USER_INPUT']),
    );
    expect(asked().map(({ path }) => path)).not.toContain('/availabilities');
  });
});
