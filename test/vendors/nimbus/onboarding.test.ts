import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OnboardingRequest } from '../../../src/domain/capabilities/portal-access.ts';
import { newcomer, type OpenNimbus, openNimbus } from './open-nimbus.ts';

let nimbus: OpenNimbus;
beforeAll(async () => {
  nimbus = await openNimbus();
});
afterAll(() => nimbus.close());
beforeEach(() => {
  nimbus.simulator.clear();
  nimbus.simulator.switches.duplicateEmail = 'refuse';
  nimbus.simulator.switches.refusalsWith200 = false;
  nimbus.simulator.switches.portalOrigin = null;
});

const onboard = (request: OnboardingRequest) => nimbus.onboarding.onboard(nimbus.scope(), request);

describe('onboarding', () => {
  it('sends all fifteen fields in the words and types of the guide', async () => {
    const access = await onboard(
      newcomer({
        address: { state: ' ca ', postalCode: '90012-1234', street: ' 1 Sandbox Street ' },
      }),
    );

    expect(nimbus.simulator.calls).toHaveLength(1);
    const [call] = nimbus.simulator.calls;
    expect(call).toMatchObject({
      method: 'POST',
      path: '/external-transfer-onboarding',
      query: {},
    });
    expect(call?.headers.authorization).toBe(
      `Basic ${Buffer.from('clinic-sandbox:nimbus-sandbox-password').toString('base64')}`,
    );
    expect(call?.headers.accept).toBe('application/json');
    expect(call?.headers['content-type']).toMatch(/^application\/json/);
    expect(call?.body).toEqual({
      first_name: 'Pia',
      last_name: 'Novak',
      email: 'pia.novak@example.com',
      phone_number: '5550104499',
      address: '1 Sandbox Street',
      city: 'Los Angeles',
      state: 'CA',
      zip_code: '90012',
      height_feet: '5',
      height_inches: '7',
      weight: '170.5',
      sex: 'Female',
      dob: '1990-05-06',
      treatment_type: 'Weight-loss',
      central_pharmacy_id: 'pharm123',
    });
    expect(access.vendorPatientId).toMatch(/^1\d{3}$/);
    expect(access.redirectUrl).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/telemed\/visit\?token=[A-Za-z0-9]{40}$/,
    );
    expect(access.expiresAt).toEqual(new Date(nimbus.time.now + 24 * 3_600_000));
  });

  it('never looks at the link it was given', async () => {
    const access = await onboard(newcomer({ person: { email: 'untouched@example.com' } }));
    const token = new URL(access.redirectUrl ?? '').searchParams.get('token') ?? '';
    expect(nimbus.simulator.calls.map(({ path }) => path)).toEqual([
      '/external-transfer-onboarding',
    ]);
    expect(nimbus.simulator.state.tokens.get(token)?.state).toBe('active');
  });

  it.each([
    ['+15550104470', '5550104470'],
    ['5550104471', '5550104471'],
    ['(555) 010-4472', '5550104472'],
    ['1 555.010.4473', '5550104473'],
  ])('sends the phone number %s as ten digits', async (phone, sent) => {
    await onboard(newcomer({ person: { phone, email: `${sent}@example.com` } }));
    expect(nimbus.simulator.calls[0]?.body).toMatchObject({ phone_number: sent });
  });

  it.each<[string, OnboardingRequest, string[]]>([
    ['a foreign phone number', newcomer({ person: { phone: '+4930123456' } }), ['phone']],
    ['a short phone number', newcomer({ person: { phone: '010-4477' } }), ['phone']],
    ['letters in a phone number', newcomer({ person: { phone: '555-010-CARE' } }), ['phone']],
    ['a state by its name', newcomer({ address: { state: 'California' } }), ['address', 'state']],
    [
      'a foreign postal code',
      newcomer({ address: { postalCode: '1011 AB' } }),
      ['address', 'postalCode'],
    ],
    ['a blank street', newcomer({ address: { street: ' ' } }), ['address', 'street']],
    ['a blank city', newcomer({ address: { city: '' } }), ['address', 'city']],
    ['a blank name', newcomer({ person: { firstName: ' ' } }), ['firstName']],
    ['another sex', newcomer({ person: { sex: 'OTHER' as 'FEMALE' } }), ['sex']],
    ['a day that does not exist', newcomer({ person: { birthDate: '1990-02-30' } }), ['birthDate']],
    ['half a foot', newcomer({ request: { heightFeet: 5.5 } }), ['heightFeet']],
    ['twelve inches', newcomer({ request: { heightInches: 12 } }), ['heightInches']],
    ['no weight', newcomer({ request: { weightPounds: 0 } }), ['weightPounds']],
    [
      'a weight that is no number',
      newcomer({ request: { weightPounds: Number.NaN } }),
      ['weightPounds'],
    ],
    [
      'a treatment type that is not configured',
      newcomer({ request: { treatmentType: 'Other' } }),
      ['treatmentType'],
    ],
  ])('refuses %s before any call', async (_what, request, path) => {
    await expect(onboard(request)).rejects.toMatchObject({
      name: 'UserFailure',
      code: 'INVALID_INPUT',
      details: { path: ['input', ...path] },
    });
    expect(nimbus.simulator.calls).toHaveLength(0);
  });

  it('reports an e-mail address that is taken', async () => {
    const failure = onboard(newcomer({ person: { email: 'Ana.Silva@example.com' } }));
    await expect(failure).rejects.toMatchObject({
      name: 'VendorError',
      kind: 'REJECTED',
      status: 422,
      reason: 'email_taken',
      fields: [['email']],
      mayHaveActed: false,
    });
  });

  it('takes the known user and a new token where the vendor reissues instead', async () => {
    nimbus.simulator.switches.duplicateEmail = 'reissue';
    const access = await onboard(newcomer({ person: { email: 'ben.okafor@example.com' } }));
    expect(access.vendorPatientId).toBe('1002');
  });

  it('translates the fields of a 422 and keeps the vendor texts to itself', async () => {
    nimbus.simulator.fault({ kind: 'status', status: 422, times: 1 });
    await expect(onboard(newcomer())).rejects.toMatchObject({ kind: 'REJECTED', fields: [] });

    const error = await onboard(newcomer({ person: { email: 'not an address' } })).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ kind: 'REJECTED', fields: [['email']], reason: undefined });
    expect(JSON.stringify(error) + String(error)).not.toMatch(/required|invalid|not an address/);
  });

  it('V15: reads a status other than success in a 200 as a refusal', async () => {
    nimbus.simulator.switches.refusalsWith200 = true;
    await expect(
      onboard(newcomer({ person: { email: 'ana.silva@example.com' } })),
    ).rejects.toMatchObject({ kind: 'REJECTED', status: 200, reason: 'email_taken' });
  });

  it.each(['http://portal.sandbox-clinic.test', 'javascript://portal', 'https://user@evil.test'])(
    'keeps the id of the patient who was made, but no link to %s',
    async (portalOrigin) => {
      nimbus.simulator.switches.duplicateEmail = 'reissue';
      nimbus.simulator.switches.portalOrigin = portalOrigin;
      expect(await onboard(newcomer())).toMatchObject({
        vendorPatientId: expect.stringMatching(/^\d+$/),
        redirectUrl: null,
      });
    },
  );

  it.each([
    [{ kind: 'status' }, 'SERVER_ERROR'],
    [{ kind: 'reset' }, 'CONNECTION_LOST'],
    [{ kind: 'empty' }, 'EMPTY_BODY'],
    [{ kind: 'wrong-shape' }, 'UNEXPECTED_SHAPE'],
  ] as const)('is sent once and its outcome unknown after %o', async (fault, kind) => {
    nimbus.simulator.fault(fault);
    await expect(onboard(newcomer())).rejects.toMatchObject({ kind, mayHaveActed: true });
    expect(nimbus.simulator.calls).toHaveLength(1);
  });
});

describe('configuration', () => {
  it('takes a refused pharmacy for a fault of ours', async () => {
    const other = await openNimbus({ NIMBUS_CENTRAL_PHARMACY_ID: 'someone-elses' });
    try {
      await expect(other.onboarding.onboard(other.scope(), newcomer())).rejects.toMatchObject({
        kind: 'CREDENTIAL_REFUSED',
        mayHaveActed: false,
      });
    } finally {
      await other.close();
    }
  });

  it('takes a refused account for a fault of ours', async () => {
    const other = await openNimbus({ NIMBUS_PASSWORD: 'wrong' });
    try {
      await expect(
        other.orders.latestOrder(other.scope(), other.account('1001')),
      ).rejects.toMatchObject({ kind: 'CREDENTIAL_REFUSED', status: 401 });
      expect(other.simulator.calls).toHaveLength(1);
    } finally {
      await other.close();
    }
  });

  it('holds links against the configured hosts', async () => {
    const other = await openNimbus({ NIMBUS_REDIRECT_HOSTS: 'Portal.sandbox-clinic.test, b.test' });
    try {
      const enable = () => other.portalAccess.enable(other.scope(), other.account('1001'), 24);
      other.simulator.switches.portalOrigin = 'https://portal.sandbox-clinic.test';
      await expect(enable()).resolves.toMatchObject({
        redirectUrl: expect.stringMatching(/^https:\/\/portal\.sandbox-clinic\.test\/telemed/),
      });
      other.simulator.switches.portalOrigin = 'https://portal.elsewhere.test';
      await expect(enable()).rejects.toMatchObject({ reason: 'redirect_refused' });
    } finally {
      await other.close();
    }
  });
});
