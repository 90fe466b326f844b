import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  basicAuthorization,
  done,
  expectRefusal,
  expectWholeRefusal,
  globalId,
  lostAnswers,
  mutate,
  nobody,
  noPatientIds,
  queueOf,
  sent,
} from '../../support/asked-mutation.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';

const vendors = ['CERBO', 'MD_HQ'] as const;
const quiet = {
  resultFalseWith200: false,
  readOnly: false,
  routeDisabled: false,
  methodMissing: '',
};
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    environment: { CERBO_TIMEOUT_MS: '1000', MD_HQ_TIMEOUT_MS: '1000' },
  });
});
afterAll(() => gateway.close());
beforeEach(async () => {
  for (const vendor of vendors) {
    Object.assign(queueOf(gateway, vendor).switches, quiet, { deleteWithoutBody: false });
  }
  gateway.forget();
  // A write that works: faults in a row would open the breaker.
  for (const vendor of vendors) {
    await done(gateway, 'invitePatientToPortal', { patientId: gateway.ids.Chloe, vendor });
  }
  gateway.forget();
});

const ptIds = { CERBO: 221, MD_HQ: 1221 };
const mailed = (vendor: (typeof vendors)[number]) => queueOf(gateway, vendor).state.invitations;
const accesses = async (id: string) =>
  (
    await gateway.query(
      'query ($id: ID!) { patient(id: $id) { portalAccess { id vendor status expiresAt redirectUrl } } }',
      { id },
    )
  ).data.patient.portalAccess;
const openRequests = async (id: string) => {
  const { data } = await gateway.query(
    'query ($id: ID!) { patient(id: $id) { portalRequests { nodes { id vendor title status } } } }',
    { id },
  );
  gateway.forget();
  return data.patient.portalRequests.nodes as { id: string; vendor: string; title: string }[];
};
const linked = async (vendor: string, vendorPatientId: string): Promise<string> => {
  const person = { firstName: 'Vic', lastName: `Number ${vendorPatientId}` };
  const { patient } = await done(gateway, 'registerPatient', person);
  const link = { patientId: patient.id, vendor, vendorPatientId, acceptMismatch: true };
  await done(gateway, 'linkVendorAccount', link);
  gateway.forget();
  return patient.id;
};

describe('invitePatientToPortal', () => {
  it.each(vendors)('has %s mail one invitation and records that it was asked', async (vendor) => {
    const { Ana } = gateway.ids;
    const before = mailed(vendor).length;
    const { portalAccess } = await done(gateway, 'invitePatientToPortal', {
      patientId: Ana,
      vendor,
    });
    expect(portalAccess).toMatchObject({
      vendor,
      status: 'INVITED',
      issuedAt: expect.stringMatching(/Z$/),
      expiresAt: null,
      revokedAt: null,
      redirectUrl: null,
      patient: { id: Ana },
    });
    const invite = `/patients/${ptIds[vendor]}/portal/invite`;
    expect(gateway.allCalls()).toEqual([`${vendor} POST ${invite}`]);
    const [call] = gateway.calls(vendor);
    expect(call?.headers.authorization).toMatch(basicAuthorization);
    expect(call?.body).toEqual({});
    expect(mailed(vendor).slice(before)).toEqual([
      { pt_id: ptIds[vendor], email: 'ana.silva@example.com' },
    ]);
    expect((await accesses(Ana))[0]).toEqual({
      id: portalAccess.id,
      vendor,
      status: 'INVITED',
      expiresAt: null,
      redirectUrl: null,
    });
    const nimbus = (await accesses(Ana)).find(
      (each: { vendor: string }) => each.vendor === 'NIMBUS',
    );
    expect(nimbus.status).toBe('ACTIVE');
  });

  it.each([
    ['CERBO', 'without an e-mail', '225'],
    ['MD_HQ', 'who is inactive', '1225'],
  ] as const)('says that %s does not invite a patient %s', async (vendor, _who, id) => {
    const patientId = await linked(vendor, id);
    const before = mailed(vendor).length;
    const answer = await mutate(gateway, 'invitePatientToPortal', { patientId, vendor });
    expectRefusal(answer, 'VENDOR_REJECTED', ['input', 'patientId']);
    expect(answer.text).not.toMatch(/primary email|not active/);
    expect(sent(gateway.calls(vendor))).toEqual([`POST /patients/${id}/portal/invite`]);
    expect(mailed(vendor)).toHaveLength(before);
    expect(await accesses(patientId)).toEqual([]);
  });

  it('V15: does not take a 200 that says no for a success', async () => {
    queueOf(gateway, 'CERBO').switches.resultFalseWith200 = true;
    const known = await accesses(gateway.ids.Ana);
    const input = { patientId: gateway.ids.Ana, vendor: 'CERBO' };
    expectRefusal(await mutate(gateway, 'invitePatientToPortal', input), 'VENDOR_REJECTED');
    expect(gateway.allCalls()).toEqual(['CERBO POST /patients/221/portal/invite']);
    expect(await accesses(gateway.ids.Ana)).toEqual(known);
  });

  it('says UNSUPPORTED_BY_VENDOR where the clinic’s tenant lacks the route', async () => {
    queueOf(gateway, 'MD_HQ').switches.routeDisabled = true;
    const input = { patientId: gateway.ids.Ana, vendor: 'MD_HQ' };
    expectRefusal(await mutate(gateway, 'invitePatientToPortal', input), 'UNSUPPORTED_BY_VENDOR');
    expect(gateway.allCalls()).toEqual(['MD_HQ POST /patients/1221/portal/invite']);
  });

  it.each(lostAnswers)(
    'V02: is OUTCOME_UNKNOWN where the answer is $title: one mail',
    async (lost) => {
      const { title: _, ...fault } = lost;
      const patientId = gateway.ids.Ana;
      const [before, known] = [mailed('CERBO').length, await accesses(patientId)];
      queueOf(gateway, 'CERBO').fault(fault);
      const input = { patientId, vendor: 'CERBO' };
      const answer = await mutate(gateway, 'invitePatientToPortal', input);
      expect(answer.payload.portalAccess).toBeNull();
      expect(answer.payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN', path: null }]);
      expect(gateway.allCalls()).toEqual(['CERBO POST /patients/221/portal/invite']);
      expect(mailed('CERBO')).toHaveLength(before + 1);
      expect(await accesses(patientId)).toEqual(known);
    },
  );

  it.each(['NIMBUS', 'VSEE', 'MY_PATIENT_PORTAL'])('is not offered by %s', async (vendor) => {
    const input = { patientId: gateway.ids.Ana, vendor };
    expectRefusal(await mutate(gateway, 'invitePatientToPortal', input), 'UNSUPPORTED_BY_VENDOR');
    expect(gateway.allCalls()).toEqual([]);
  });

  it('says NOT_LINKED for a patient without an account there, without a call', async () => {
    const input = { patientId: gateway.ids.David, vendor: 'MD_HQ' };
    expectRefusal(await mutate(gateway, 'invitePatientToPortal', input), 'NOT_LINKED');
    expect(gateway.allCalls()).toEqual([]);
  });

  it('refuses ids of nobody and of anything else, and vendors that are none', async () => {
    const ask = (patientId: unknown, vendor: unknown = 'CERBO') =>
      mutate(gateway, 'invitePatientToPortal', { patientId, vendor });
    expectRefusal(await ask(nobody()), 'NOT_FOUND', ['input', 'patientId']);
    for (const patientId of noPatientIds) {
      expectRefusal(await ask(patientId), 'INVALID_INPUT', ['input', 'patientId']);
    }
    for (const vendor of ['cerbo', 'SECRET_VENDOR', '', null]) {
      const answer = await ask(gateway.ids.Ana, vendor);
      expectWholeRefusal(answer, 'BAD_USER_INPUT');
      expect(answer.text).not.toContain('SECRET_VENDOR');
    }
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('dismissPortalRequest', () => {
  it.each(vendors)('reads the queue of %s and removes one request from it', async (vendor) => {
    const { Ana } = gateway.ids;
    queueOf(gateway, vendor).switches.deleteWithoutBody = vendor === 'MD_HQ';
    const before = await openRequests(Ana);
    const chosen = before.find(
      (each) => each.vendor === vendor && each.title === 'Vitamin D 1000 IU',
    );
    const number = Buffer.from(chosen?.id ?? '', 'base64url')
      .toString()
      .split(':')[3];
    const { portalRequest } = await done(gateway, 'dismissPortalRequest', {
      portalRequestId: chosen?.id,
    });
    expect(portalRequest).toEqual({
      id: chosen?.id,
      vendor,
      status: 'DELETED',
      type: 'SUPPLEMENT',
      title: 'Vitamin D 1000 IU',
      patient: { id: Ana },
    });
    const queue = `/patients/${ptIds[vendor]}/portal/enqueued`;
    expect(gateway.allCalls()).toEqual([
      `${vendor} GET ${queue}`,
      `${vendor} DELETE ${queue}/${number}`,
    ]);
    const [read, removal] = gateway.calls(vendor);
    expect(read?.headers.authorization).toMatch(basicAuthorization);
    expect(removal?.headers.authorization).toMatch(basicAuthorization);
    expect(removal?.body).toBeUndefined();
    const kept = queueOf(gateway, vendor).state.requests.find(({ id }) => String(id) === number);
    expect(kept).toMatchObject({ status: 'deleted', deletedby: 91 });
    expect(await openRequests(Ana)).toEqual(before.filter(({ id }) => id !== chosen?.id));

    const again = await mutate(gateway, 'dismissPortalRequest', { portalRequestId: chosen?.id });
    expectRefusal(again, 'NOT_FOUND', ['input', 'portalRequestId']);
    expect(sent(gateway.calls(vendor))).toEqual([`GET ${queue}`]);
  });

  it('is done where the vendor says that the request is gone already', async () => {
    const [request] = await openRequests(gateway.ids.Ben);
    // Removed, and the answer lost: the next attempt finds nothing.
    queueOf(gateway, 'CERBO').fault({ kind: 'reset', act: true, match: /^DELETE/, times: 1 });
    queueOf(gateway, 'MD_HQ').fault({ kind: 'reset', act: true, match: /^DELETE/, times: 1 });
    const { portalRequest } = await done(gateway, 'dismissPortalRequest', {
      portalRequestId: request?.id,
    });
    expect(portalRequest).toMatchObject({ id: request?.id, status: 'DELETED' });
    const methods = gateway.allCalls().map((call) => call.split(' ')[1]);
    expect(methods).toEqual(['GET', 'DELETE', 'DELETE', 'GET']);
    expect((await openRequests(gateway.ids.Ben)).map(({ id }) => id)).not.toContain(request?.id);
  });

  it('V02: does not take a 404 of which half is there for a route that is missing', async () => {
    const request = (await openRequests(gateway.ids.Ben)).find(({ vendor }) => vendor === 'MD_HQ');
    // Removed, and the answer cut; then not found, and that answer cut.
    queueOf(gateway, 'MD_HQ').fault({ kind: 'truncate', act: true, match: /^DELETE/, times: 2 });
    const { portalRequest } = await done(gateway, 'dismissPortalRequest', {
      portalRequestId: request?.id,
    });
    expect(portalRequest).toMatchObject({ id: request?.id, status: 'DELETED' });
    const methods = gateway.allCalls().map((call) => call.split(' ')[1]);
    expect(methods).toEqual(['GET', 'DELETE', 'DELETE', 'DELETE', 'GET']);
  });

  it('is UNSUPPORTED_BY_VENDOR where the vendor finds nothing, and lists it still', async () => {
    const [request] = await openRequests(gateway.ids.Chloe);
    for (const vendor of ['CERBO', 'MD_HQ'] as const) {
      queueOf(gateway, vendor).switches.methodMissing = 'DELETE';
    }
    const answer = await mutate(gateway, 'dismissPortalRequest', { portalRequestId: request?.id });
    expectRefusal(answer, 'UNSUPPORTED_BY_VENDOR');
    expect((await openRequests(gateway.ids.Chloe)).map(({ id }) => id)).toContain(request?.id);
  });

  it('is VENDOR_UNAVAILABLE where no attempt is answered', async () => {
    const before = await openRequests(gateway.ids.Chloe);
    const chosen = before.find(({ vendor }) => vendor === 'CERBO');
    queueOf(gateway, 'CERBO').fault({ kind: 'reset', match: /^DELETE/ });
    const answer = await mutate(gateway, 'dismissPortalRequest', { portalRequestId: chosen?.id });
    expectRefusal(answer, 'VENDOR_UNAVAILABLE');
    const methods = gateway.allCalls().map((call) => call.split(' ')[1]);
    expect(methods).toEqual(['GET', 'DELETE', 'DELETE', 'DELETE']);
    gateway.forget();
    expect(await openRequests(gateway.ids.Chloe)).toEqual(before);
  });

  it('V15: does not take a 200 that says no for a success', async () => {
    const [chosen] = (await openRequests(gateway.ids.Chloe)).filter(
      ({ vendor }) => vendor === 'MD_HQ',
    );
    queueOf(gateway, 'MD_HQ').switches.resultFalseWith200 = true;
    const answer = await mutate(gateway, 'dismissPortalRequest', { portalRequestId: chosen?.id });
    expectRefusal(answer, 'VENDOR_REJECTED');
    const ids = (await openRequests(gateway.ids.Chloe)).map(({ id }) => id);
    expect(ids).toContain(chosen?.id);
  });

  it('does not dismiss with a credential that may only read', async () => {
    const [chosen] = (await openRequests(gateway.ids.Chloe)).filter(
      ({ vendor }) => vendor === 'CERBO',
    );
    queueOf(gateway, 'CERBO').switches.readOnly = true;
    const answer = await mutate(gateway, 'dismissPortalRequest', { portalRequestId: chosen?.id });
    expectRefusal(answer, 'VENDOR_UNAVAILABLE');
    expect(answer.text).not.toContain('may only read');
    const ids = (await openRequests(gateway.ids.Chloe)).map(({ id }) => id);
    expect(ids).toContain(chosen?.id);
  });

  it('never reaches another patient’s request by an id that mixes two patients', async () => {
    const [request] = (await openRequests(gateway.ids.Ana)).filter(
      ({ vendor }) => vendor === 'CERBO',
    );
    const number =
      Buffer.from(request?.id ?? '', 'base64url')
        .toString()
        .split(':')[3] ?? '';
    const ben = Buffer.from(gateway.ids.Ben, 'base64url').toString().split(':')[1] ?? '';
    const answer = await mutate(gateway, 'dismissPortalRequest', {
      portalRequestId: globalId('PortalRequest', 'CERBO', ben, number),
    });
    expectRefusal(answer, 'NOT_FOUND', ['input', 'portalRequestId']);
    expect(gateway.allCalls()).toEqual(['CERBO GET /patients/222/portal/enqueued']);
    expect((await openRequests(gateway.ids.Ana)).map(({ id }) => id)).toContain(request?.id);
  });

  it('refuses what is no id of a request without a call', async () => {
    const key = Buffer.from(gateway.ids.Ana, 'base64url').toString().split(':')[1] ?? '';
    for (const portalRequestId of [
      gateway.ids.Ana,
      globalId('Visit', 'CERBO', key, '27'),
      globalId('PortalRequest', 'CERBO', key),
      globalId('PortalRequest', 'CERBO', key, '27/../28'),
      globalId('PortalRequest', 'CERBO', key, '%'),
      globalId('PortalRequest', 'CERBO', key, '27\u0000'),
      globalId('PortalRequest', 'cerbo', key, '27'),
      globalId('PortalRequest', 'CERBO', 'somebody', '27'),
      ...noPatientIds.filter((id) => !/^UG9ydGFs/.test(id)),
    ]) {
      const answer = await mutate(gateway, 'dismissPortalRequest', { portalRequestId });
      expectRefusal(answer, 'INVALID_INPUT', ['input', 'portalRequestId']);
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  it('says NOT_LINKED or UNSUPPORTED_BY_VENDOR for a queue that there cannot be', async () => {
    const key = Buffer.from(gateway.ids.David, 'base64url').toString().split(':')[1] ?? '';
    const ask = (vendor: string) =>
      mutate(gateway, 'dismissPortalRequest', {
        portalRequestId: globalId('PortalRequest', vendor, key, '27'),
      });
    expectRefusal(await ask('MD_HQ'), 'NOT_LINKED');
    expectRefusal(await ask('NIMBUS'), 'UNSUPPORTED_BY_VENDOR');
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('The portal queues’ mutations', () => {
  it('are FORBIDDEN for a PATIENT, also for themselves', async () => {
    const [own] = await openRequests(gateway.ids.Ana);
    const before = mailed('CERBO').length;
    for (const patientId of [gateway.ids.Ana, gateway.ids.Ben, nobody(), '']) {
      const input = { patientId, vendor: 'CERBO' };
      expectWholeRefusal(await mutate(gateway, 'invitePatientToPortal', input, 'ana'), 'FORBIDDEN');
    }
    for (const portalRequestId of [own?.id, 'nonsense']) {
      const answer = await mutate(gateway, 'dismissPortalRequest', { portalRequestId }, 'ana');
      expectWholeRefusal(answer, 'FORBIDDEN');
    }
    expect(gateway.allCalls()).toEqual([]);
    expect(mailed('CERBO')).toHaveLength(before);
    expect((await openRequests(gateway.ids.Ana)).map(({ id }) => id)).toContain(own?.id);
  });
});
