import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

describe('viewer', () => {
  it('says who is asking, with their own record', async () => {
    const { data } = await gateway.query(
      '{ viewer { subject roles patient { fullName } } }',
      {},
      'ana',
    );
    expect(data.viewer).toEqual({
      subject: 'sandbox-ana',
      roles: ['PATIENT'],
      patient: { fullName: 'Ana Silva' },
    });
    expect(gateway.allCalls()).toEqual([]);
  });
});
