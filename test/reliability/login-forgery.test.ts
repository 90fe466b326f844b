import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { before, newPatient } from '../support/arrange.ts';
import { startTestGateway, type TestGateway, type Who } from '../support/gateway.ts';
import {
  beginLogin,
  comeBack,
  connect,
  mutate,
  returnTo,
  sent,
  walkLogin,
} from '../support/mutations.ts';

/**
 * reliability.md, X04: a login at the booking portal that somebody else was lured into. What binds a
 * login to who began it is no cookie: the callback links nothing, and what it hands to the browser is
 * worth something only to the subject who began.
 */

let gateway: TestGateway;
/** Each with a patient of their own, and a portal account that nobody has linked. */
let attacker: { who: Who; patientId: string; login: string };
let victim: { who: Who; patientId: string; login: string };
beforeAll(async () => {
  gateway = await startTestGateway();
  const { id } = await newPatient(gateway);
  await before(gateway, 'linkPatientSubject', { patientId: id, subject: 'sandbox-stranger' }, '');
  attacker = { who: 'stranger', patientId: id, login: 'david' };
  await before(gateway, 'disconnectPatientPortal', { patientId: gateway.ids.Ben }, '');
  victim = { who: 'ben', patientId: gateway.ids.Ben, login: 'chloe' };
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const calls = () => sent(gateway.calls('MY_PATIENT_PORTAL'));

async function portalAccountOf({ patientId }: { patientId: string }) {
  const { data } = await gateway.query(
    'query ($id: ID!) { patient(id: $id) { vendorAccounts { vendor vendorPatientId } } }',
    { id: patientId },
  );
  return data.patient.vendorAccounts.find(
    ({ vendor }: { vendor: string }) => vendor === 'MY_PATIENT_PORTAL',
  );
}

const complete = (connection: string, as: Who) =>
  mutate(gateway, 'completePatientPortalConnection', { connection }, 'patient { id }', as);

const refused = { patient: null, userErrors: [{ code: 'INVALID_INPUT' }] };

async function expectNothingLinked() {
  expect(await portalAccountOf(attacker)).toBeUndefined();
  expect(await portalAccountOf(victim)).toBeUndefined();
  const started = performance.now();
  expect((await gateway.query('{ viewer { subject } }', {}, victim.who)).errors).toEqual([]);
  expect(performance.now() - started).toBeLessThan(1_000);
}

/** A browser of somebody's own, with whatever cookies it has from elsewhere. */
const visit = (address: string, cookie: string) =>
  gateway.fetch(address, {
    headers: { cookie, referer: 'https://evil.example.test/', origin: 'https://evil.example.test' },
  });

describe('X04: the victim’s browser, sent to the callback with the attacker’s code', () => {
  it('X04: links nothing to the victim, and nothing to anybody any more', async () => {
    const began = await beginLogin(gateway, attacker.patientId, attacker.who);
    const callback = await walkLogin(began, attacker.login);
    const response = await visit(callback, 'session=of-the-victim');
    expect(response.status).toBe(303);
    expect(response.headers.get('set-cookie')).toBeNull();
    const location = new URL(response.headers.get('location') ?? '');
    expect(location.origin + location.pathname).toBe(returnTo);
    // The victim's page does what pages do with it.
    const token = location.searchParams.get('portal_connection') ?? '';
    expect((await complete(token, victim.who)).payload).toMatchObject(refused);
    expect((await complete(token, attacker.who)).payload).toMatchObject(refused);
    await expectNothingLinked();
  });

  it('X04: nor with that code and the state of a login that the victim began: the verifier is another', async () => {
    const [his, hers] = await Promise.all([
      beginLogin(gateway, attacker.patientId, attacker.who).then((url) =>
        walkLogin(url, attacker.login),
      ),
      beginLogin(gateway, victim.patientId, victim.who),
    ]);
    const injected = new URL(his);
    injected.searchParams.set('state', new URL(hers).searchParams.get('state') ?? '');
    gateway.forget();
    const back = await comeBack(gateway, injected.href);
    expect(back.href).toBe(`${returnTo}?portal_error=login_failed`);
    expect(calls()).toEqual(['POST /oauth/token']);
    await expectNothingLinked();
  });

  it.each([
    ['no state', (url: URL) => url.searchParams.delete('state')],
    [
      'a state that was never given out',
      (url: URL) => url.searchParams.set('state', 's'.repeat(43)),
    ],
    [
      'the issuer of another portal',
      (url: URL) => url.searchParams.set('iss', 'https://evil.example.test'),
    ],
  ])('X04: nor with that code and %s, which is not even redeemed', async (_what, change) => {
    const began = await beginLogin(gateway, attacker.patientId, attacker.who);
    const callback = new URL(await walkLogin(began, attacker.login));
    change(callback);
    gateway.forget();
    const response = await visit(callback.href, 'session=of-the-victim');
    expect([303, 400]).toContain(response.status);
    expect(response.headers.get('location') ?? '').not.toContain('portal_connection');
    expect(calls().filter((call) => call.startsWith('POST'))).toEqual([]);
    await expectNothingLinked();
  });
});

describe('X04: the victim, lured into a login that the attacker began', () => {
  it('X04: does not land on the attacker’s patient, whatever either of them sends', async () => {
    const began = await beginLogin(gateway, attacker.patientId, attacker.who);
    const callback = await walkLogin(began, victim.login);
    const location = new URL((await visit(callback, '')).headers.get('location') ?? '');
    const token = location.searchParams.get('portal_connection') ?? '';
    // All that the attacker has: the address that they made, with its state and nonce.
    const known = new URL(began).searchParams;
    for (const guess of [known.get('state'), known.get('nonce'), known.get('code_challenge')]) {
      expect((await complete(guess ?? '', attacker.who)).payload).toMatchObject(refused);
    }
    expect((await gateway.fetch(callback)).status).toBe(400);
    expect((await complete(token, victim.who)).payload).toMatchObject(refused);
    await expectNothingLinked();
  });

  it('X04: nor where the attacker begins for the victim’s patient', async () => {
    const { errors, payload } = await mutate(
      gateway,
      'connectPatientPortal',
      { patientId: victim.patientId, returnTo },
      'authorizationUrl',
      attacker.who,
    );
    expect(payload).toBeNull();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(gateway.allCalls()).toEqual([]);
    await expectNothingLinked();
  });
});

describe('a login that comes back as somebody else', () => {
  it('X04: is refused for a patient who has another portal account already', async () => {
    const before = await portalAccountOf({ patientId: gateway.ids.Ana });
    // Nobody has linked this one.
    const { payload } = await connect(gateway, gateway.ids.Ana, attacker.login, 'ana');
    expect(payload).toMatchObject({ patient: null, userErrors: [{ code: 'ALREADY_LINKED' }] });
    expect(await portalAccountOf({ patientId: gateway.ids.Ana })).toEqual(before);
    const { data } = await gateway.query(
      '{ viewer { patient { vendorAccounts { vendor profile { firstName } } } } }',
      {},
      'ana',
    );
    expect(data.viewer.patient.vendorAccounts).toContainEqual({
      vendor: 'MY_PATIENT_PORTAL',
      profile: { firstName: 'Ana' },
    });
  });

  it('X04: and whoever may no longer act for the patient cannot complete what they began', async () => {
    const began = await beginLogin(gateway, victim.patientId);
    const back = await comeBack(gateway, await walkLogin(began, victim.login));
    // The same subject, who is no member of staff any more.
    const token = await gateway.sandbox.identityProvider.token({
      ...{ subject: 'sandbox-staff', roles: ['PATIENT'] },
    });
    const response = await gateway.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        query:
          'mutation ($connection: String!) { completePatientPortalConnection(input: { connection: $connection }) { patient { id } } }',
        variables: { connection: back.searchParams.get('portal_connection') },
      }),
    });
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: 'FORBIDDEN' } }],
    });
    await expectNothingLinked();
  });
});
