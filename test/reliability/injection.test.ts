import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newPatient } from '../support/arrange.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { mutate, portalTimes, returnTo, roomTimes, sent, vseeCall } from '../support/mutations.ts';
import { queueOf, vseeOf } from '../support/simulators.ts';

/** reliability.md, section 4, "Injection towards vendors": what callers write, as vendors receive it. */

let gateway: TestGateway;
/** Another host, which nobody is to be led to. */
let elsewhere: Server;
let visitors = 0;
let elsewhereUrl = '';
beforeAll(async () => {
  gateway = await startTestGateway();
  elsewhere = createServer((_request, response) => {
    visitors += 1;
    response.end('{}');
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  elsewhereUrl = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
});
afterAll(async () => {
  elsewhere.close();
  await gateway.close();
});
beforeEach(() => gateway.forget());

/** After whatever was tried the next good request is answered, within a second. */
async function expectService(): Promise<void> {
  const started = performance.now();
  const { errors } = await gateway.query('{ viewer { subject } }');
  expect(errors).toEqual([]);
  expect(performance.now() - started).toBeLessThan(1_000);
}

const texts = {
  SQL: `'; drop table patients; --`,
  'an operator': '{"$gt":""}',
  'a template': '{{7*7}}#{7*7}<%= 7*7 %>',
  markup: '<script>alert(1)</script>',
  'a path': '../../etc/passwd',
  'another direction': '\u202egnp.exe',
  'a letter of two code points': 'Ame\u0301lie',
};

describe('J05: the id of a free time', () => {
  it('arrives at the vendor byte by byte as the vendor gave it', async () => {
    const [time] = (await portalTimes(gateway, gateway.ids.Ana)).slice(-1);
    gateway.forget();
    await mutate(gateway, 'bookAppointment', {
      patientId: gateway.ids.Ana,
      availabilityId: time?.id,
    });
    const booking = gateway
      .calls('MY_PATIENT_PORTAL')
      .find(({ path }) => path.endsWith('/booking'));
    expect(booking?.status).toBe(201);
    const id = Object.values(booking?.body ?? {}).find(
      (value) => typeof value === 'string' && value.length > 200,
    );
    expect(id).toMatch(/^[\w+]{184}--[\w+]{16}--[\w+]{22}==$/);
  });
});

describe('J06: a field that an input does not have', () => {
  it.each(['is_admin', 'patient_id', 'user_id', '__proto__', 'constructor', 'memberId'])(
    '(%s) is refused, and nothing is sent',
    async (field) => {
      const query =
        'mutation ($input: StartWalkInVisitInput!) { startWalkInVisit(input: $input) { visit { id } } }';
      // Written by hand: an object of ours would lose `__proto__` before it is sent.
      const body = `{"query":${JSON.stringify(query)},"variables":{"input":{"patientId":"${gateway.ids.Ana}","roomCode":"clinic","${field}":"1"}}}`;
      const response = await gateway.fetch('/graphql', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${await gateway.token('staff')}`,
        },
        body,
      });
      expect(response.status).toBe(400);
      expect(gateway.allCalls()).toEqual([]);
      await expectService();
    },
  );

  it('of an intake’s own answers cannot take the place of the gateway’s', async () => {
    const { id } = await newPatient(gateway);
    gateway.forget();
    for (const custom of [
      { room_code: 'econsult' },
      { member_id: '183201' },
      { provider_id: '1' },
      { type: 2 },
      { attachments: 'x' },
    ]) {
      const { payload } = await mutate(gateway, 'startWalkInVisit', {
        ...{ patientId: id, roomCode: 'clinic', intake: { custom } },
      });
      expect(payload.userErrors).toMatchObject([{ code: 'INVALID_INPUT' }]);
    }
    expect(sent(gateway.calls('VSEE')).filter((call) => call.startsWith('POST'))).toEqual([]);
    await expectService();
  });
});

describe('J07: a text that is code somewhere', () => {
  it.each(Object.entries(texts))('(%s) is sent and kept as text', async (_what, text) => {
    const { id } = await newPatient(gateway);
    gateway.forget();
    const { payload, errors } = await mutate(gateway, 'requestEConsult', {
      patientId: id,
      roomCode: 'econsult',
      intake: { reasonForVisit: text, custom: { note: text } },
    });
    expect(errors).toEqual([]);
    expect(payload.userErrors).toEqual([]);
    const [intake] = [...vseeOf(gateway).state.intakes.values()].slice(-1);
    expect(intake?.reason).toBe(text);
    expect(intake?.custom).toMatchObject({ note: text });
    expect(sent(gateway.calls('VSEE'))).toContain(vseeCall('POST', 'intakes'));
    const { data } = await gateway.query(
      'query ($text: String) { patients(search: $text) { totalCount } }',
      {
        text,
      },
    );
    expect(data.patients.totalCount).toBe(0);
    await expectService();
  });

  it.each(['%', '%%', '_____', '%ilv%'])(
    'a wildcard of a patient search (%s) is refused or found to the letter',
    async (lastName) => {
      const { data, errors } = await gateway.query(
        'query ($filter: VendorPatientFilter!) { vendorPatients(vendor: CERBO, filter: $filter) { vendorPatientId } }',
        { filter: { lastName } },
      );
      const found = data?.vendorPatients ?? [];
      expect(found).toEqual([]);
      if (errors.length > 0) {
        expect(errors.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
        expect(gateway.allCalls()).toEqual([]);
      }
      await expectService();
    },
  );
});

describe('J08: an address from a caller', () => {
  it.each([
    ['another host', () => `${elsewhereUrl}/connected`],
    ['the metadata service', () => 'http://169.254.169.254/latest/meta-data/'],
    ['loopback', () => 'http://127.0.0.1:1/'],
    ['a file', () => 'file:///etc/passwd'],
    ['a script', () => 'javascript:alert(1)'],
    ['a look-alike', () => `${returnTo}.evil.example.test/`],
    ['a user in front', () => 'http://localhost:4000@evil.example.test/connected'],
  ])('(%s) is not returned to, and nobody goes there', async (_what, address) => {
    const answer = await mutate(
      gateway,
      'connectPatientPortal',
      { patientId: gateway.ids.Chloe, returnTo: address() },
      'authorizationUrl',
    );
    expect(answer.payload?.authorizationUrl ?? null).toBeNull();
    const codes = [
      ...answer.errors.map(({ extensions }) => extensions.code),
      ...(answer.payload?.userErrors ?? []).map(({ code }: { code: string }) => code),
    ];
    expect(codes).toHaveLength(1);
    expect(['INVALID_INPUT', 'BAD_USER_INPUT']).toContain(codes[0]);
    expect(gateway.allCalls()).toEqual([]);
    expect(visitors).toBe(0);
    await expectService();
  });

  it('(J03) in a room’s slug leads nowhere else', async () => {
    for (const roomSlug of ['//evil.example.test', 'http://evil.example.test', '\\\\evil', '..']) {
      const { payload } = await mutate(
        gateway,
        'createPortalLink',
        { patientId: gateway.ids.Ana, destination: 'ROOM', roomSlug },
        'portalAccess { redirectUrl }',
      );
      expect(payload).toMatchObject({
        portalAccess: null,
        userErrors: [{ code: 'INVALID_INPUT', path: ['input', 'roomSlug'] }],
      });
    }
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('J09: what a vendor sends', () => {
  it('is validated and bounded: a room whose times have ids of other types is no times', async () => {
    expect((await roomTimes(gateway, gateway.ids.Ana)).length).toBeGreaterThan(0);
    gateway.sandbox.simulators.VSEE.fault({ kind: 'wrong-shape', match: /availability/ });
    const { data, errors } = await gateway.query(
      `query ($id: ID!, $from: DateTime!, $to: DateTime!) {
        availabilities(patientId: $id, search: { vsee: { roomCode: "clinic", from: $from, to: $to } }) { id }
      }`,
      {
        id: gateway.ids.Ana,
        from: new Date(Date.now() + 3_600_000).toISOString(),
        to: new Date(Date.now() + 48 * 3_600_000).toISOString(),
      },
    );
    expect(data?.availabilities ?? null).toBeNull();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['VENDOR_BAD_RESPONSE']);
    await expectService();
  });

  it('is shown as text that does nothing, and no longer than anybody reads: a name of a megabyte', async () => {
    const patient = queueOf(gateway, 'CERBO').state.patients.find(({ id }) => Number(id) === 221);
    const { first_name: name } = patient ?? {};
    const markup = '<img src=x onerror=alert(1)>';
    Object.assign(patient ?? {}, {
      first_name: `${markup}\u0000\u001b[2J\u009b\ud800${'x'.repeat(1_000_000)}`,
    });
    const { data, errors, text } = await gateway.query(
      'query ($id: ID!) { patient(id: $id) { vendorAccounts { vendor profile { firstName lastName } } } }',
      { id: gateway.ids.Ana },
    );
    Object.assign(patient ?? {}, { first_name: name });
    expect(errors).toEqual([]);
    const { profile } = data.patient.vendorAccounts.find(
      ({ vendor }: { vendor: string }) => vendor === 'CERBO',
    );
    expect(profile).toMatchObject({ lastName: 'Silva' });
    expect(profile.firstName).toMatch(/^<img src=x onerror=alert\(1\)>\[2Jx+…$/);
    expect(text.length).toBeLessThan(4_000);
    await expectService();
  });
});
