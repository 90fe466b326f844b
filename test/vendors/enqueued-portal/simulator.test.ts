import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenPortal, openPortal, vendorIds } from './open-portal.ts';

describe.each(vendorIds)('the simulator of %s', (id) => {
  let portal: OpenPortal;
  beforeEach(async () => {
    portal = await openPortal(id);
  });
  afterEach(() => portal.close());

  async function send(method: string, path: string, body?: unknown, authorization?: string) {
    const environment = portal.simulator.environment;
    const account = `${environment[`${id}_USERNAME`]}:${environment[`${id}_PASSWORD`]}`;
    const response = await fetch(`${environment[`${id}_URL`]}${path}`, {
      method,
      headers: {
        authorization: authorization ?? `Basic ${Buffer.from(account).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }
  const queue = (search = '') =>
    send('GET', `/patients/${portal.firstId}/portal/enqueued${search}`);

  it('answers 401 in the nested form and 404 in the flat one', async () => {
    expect(await send('GET', '/patients/1', undefined, 'Basic d3Jvbmc6d3Jvbmc=')).toMatchObject({
      status: 401,
      body: { error: { message: expect.any(String) } },
    });
    expect(await send('GET', '/patients/1')).toMatchObject({
      status: 404,
      body: { message: expect.any(String) },
    });
  });

  it('wraps lists, sends single objects bare, and changes the type of an id between them', async () => {
    const single = await send('GET', `/patients/${portal.firstId}`);
    expect(single.body).toMatchObject({ object: 'patient', id: String(portal.firstId) });
    const list = await send('GET', '/patients?limit=2');
    expect(list.body).toMatchObject({ object: 'list', total_count: 25, has_more: true });
    expect(list.body.data).toMatchObject([{ id: portal.firstId }, { id: portal.firstId + 1 }]);
  });

  it('ignores the announced filters until they go live', async () => {
    const ignored = await queue('?request_type=rx&status=dismissed');
    expect(ignored.body.total_count).toBe(7);
    portal.simulator.switches.comingSoonFiltersActive = true;
    expect((await queue('?request_type=rx')).body.total_count).toBe(1);
    expect((await queue('?status=dismissed')).body.total_count).toBe(0);
  });

  it('nests patient_details with a string id, or null', async () => {
    const first = async () => (await queue()).body.data[0];
    expect((await first()).patient_details).toMatchObject({ id: String(portal.firstId) });
    portal.simulator.switches.withoutPatientDetails = true;
    expect((await first()).patient_details).toBeNull();
  });

  it('takes % for a wildcard, and refuses a limit above 100', async () => {
    expect((await send('GET', '/patients/search?last_name=S%25a')).body.total_count).toBe(4);
    expect((await send('GET', '/patients/search?limit=101')).status).toBe(400);
  });

  it('queues a secure message', async () => {
    const path = `/patients/${portal.firstId}/portal/secure_messages`;
    expect((await send('POST', path, { subject: 'Hello', note: 'short' })).status).toBe(422);
    const sent = await send('POST', path, { subject: 'Hello', note: 'May I come earlier?' });
    expect(sent.body).toMatchObject({ result: true, portal_queue_id: expect.any(Number) });
    const requests = await portal.portalRequests.list(portal.scope(), portal.ana);
    expect(requests.at(-1)).toMatchObject({
      vendorRequestId: String(sent.body.portal_queue_id),
      title: 'Hello',
      createdAt: new Date('2026-03-10T12:00:00Z'),
    });
  });

  it('takes switches over HTTP and lists invitations beside the vendor calls', async () => {
    expect((await send('PUT', '/debug/switches', { readOnly: true })).status).toBe(200);
    const invite = () => send('POST', `/patients/${portal.firstId}/portal/invite`);
    expect((await invite()).status).toBe(403);
    await send('PUT', '/debug/switches', { readOnly: false });
    expect((await invite()).body).toEqual({ result: true, message: 'Invitation sent' });
    expect((await send('GET', '/debug/invitations')).body).toHaveLength(1);
  });
});
