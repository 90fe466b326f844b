import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';

/** The GraphQL-over-HTTP audits of `graphql-http`, with a caller who may introspect. */

let gateway: ListeningGateway;
beforeAll(async () => {
  gateway = await startListeningGateway();
});
afterAll(() => gateway.close());

const audits = serverAudits({
  url: () => `${gateway.origin}graphql`,
  fetchFn: async (url: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${await gateway.token('staff')}`);
    return fetch(url, { ...init, headers });
  },
});

describe('H01: the audits of graphql-http', () => {
  it('are all here', () => {
    expect(audits).toHaveLength(61);
  });

  it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))(
    'H01: %s %s',
    async (_id, _name, audit) => {
      const result = await audit.fn();
      const why = result.status === 'ok' ? '' : result.reason;
      expect([result.status, why]).toEqual(['ok', '']);
    },
  );
});
