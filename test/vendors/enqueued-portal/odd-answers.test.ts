import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenPortal, openPortal } from './open-portal.ts';

/** Answers that no simulator would give, from a server of the test's own. */
describe('an odd answer', () => {
  let server: Server;
  let portal: OpenPortal;
  let answer: (url: URL) => unknown;
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      asked.push(`${request.method} ${url.pathname}${url.search}`);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answer(url)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    portal = await openPortal('CERBO', { CERBO_URL: `http://127.0.0.1:${port}/api/v1` });
  });
  afterEach(async () => {
    await portal.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const list = () => portal.portalRequests.list(portal.scope(), portal.ana);

  it('that says has_more and ignores offset fails, because the rest cannot be had', async () => {
    answer = () => ({ has_more: true, total_count: 3, data: [{ id: 1 }, { id: 2 }] });
    await expect(list()).rejects.toMatchObject({
      kind: 'UNEXPECTED_SHAPE',
      reason: 'incomplete_list',
    });
    expect(asked).toEqual([
      'GET /api/v1/patients/221/portal/enqueued',
      'GET /api/v1/patients/221/portal/enqueued?offset=2',
    ]);
  });

  it('that says has_more though all is there is complete', async () => {
    answer = () => ({ has_more: true, total_count: 2, data: [{ id: 1 }, { id: 2 }] });
    expect(await list()).toHaveLength(2);
    expect(asked).toHaveLength(1);
  });

  it.each([
    { has_more: 'true' },
    { has_more: 1 },
    { has_more: '1', total_count: '3' },
    { total_count: 3 },
    { has_more: null, total_count: '3' },
  ])('that says %j of two in three is followed by the third', async (told) => {
    answer = ({ searchParams }) =>
      searchParams.has('offset')
        ? { has_more: 'false', total_count: 3, data: [{ id: 3 }] }
        : { ...told, data: [{ id: 1 }, { id: 2 }] };
    expect((await list()).map(({ vendorRequestId }) => vendorRequestId)).toEqual(['1', '2', '3']);
  });

  it.each([{ has_more: false }, { has_more: 0 }, { has_more: 'false' }])(
    'that says %j is complete, whatever it counts',
    async (told) => {
      answer = () => ({ ...told, total_count: 3, data: [{ id: 1 }, { id: 2 }] });
      expect(await list()).toHaveLength(2);
      expect(asked).toHaveLength(1);
    },
  );

  it('to a search is followed by its next page also where has_more is text', async () => {
    answer = ({ searchParams }) =>
      searchParams.get('offset') === '0'
        ? { has_more: '1', data: [{ id: 1 }] }
        : { has_more: '0', data: [{ id: 2 }] };
    const filter = { firstName: null, lastName: 'Silva', email: null, birthDate: null };
    expect(await portal.directory.search(portal.scope(), filter, 25)).toHaveLength(2);
  });

  it('that never ends is given up', async () => {
    let id = 0;
    answer = () => ({ has_more: true, data: [{ id: ++id }] });
    await expect(list()).rejects.toMatchObject({ reason: 'incomplete_list' });
    expect(asked).toHaveLength(50);
  });

  it("with another patient's request never shows it", async () => {
    answer = () => ({ data: [{ id: 1, pt_id: 222 }, { id: 2, pt_id: '221' }, { id: 3 }] });
    expect((await list()).map(({ vendorRequestId }) => vendorRequestId)).toEqual(['2', '3']);
  });

  it('to a search that repeats its page ends the search', async () => {
    answer = () => ({ has_more: true, data: [{ id: 1, last_name: 'Silva' }] });
    const filter = { firstName: null, lastName: 'Silva', email: null, birthDate: null };
    const found = await portal.directory.search(portal.scope(), filter, 25);
    expect(found).toHaveLength(1);
    expect(asked).toEqual([
      'GET /api/v1/patients/search?last_name=Silva&limit=25&offset=0',
      'GET /api/v1/patients/search?last_name=Silva&limit=25&offset=1',
    ]);
  });

  it('in the wrapped form is no single patient', async () => {
    answer = () => ({ object: 'list', data: [{ id: 221 }] });
    await expect(portal.profile(portal.scope(), portal.ana)).rejects.toMatchObject({
      kind: 'UNEXPECTED_SHAPE',
    });
  });

  it('never comes back in an error', async () => {
    answer = () => ({ result: false, message: 'canary-text about Ana Silva' });
    const error = (await list().catch((reason: unknown) => reason)) as Error;
    expect(error).toMatchObject({ kind: 'REJECTED' });
    expect(`${JSON.stringify(error)} ${error.stack} ${String(error.cause)}`).not.toMatch(
      /canary|Ana|127\.0\.0\.1:\d|sandbox-key|Basic/,
    );
  });
});
