import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ofPatient } from '../support/documents.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { mutate } from '../support/mutations.ts';

/** Whatever a vendor writes into a refusal may be somebody's health data: none of it goes on. */

const canary = 'canary-Ana-Silva-1988-02-11';
let vendor: Server;
let answer: { status: number; body: string };
let calls = 0;
let gateway: TestGateway;
let patientId: string;

beforeAll(async () => {
  vendor = createServer((_request, response) => {
    calls += 1;
    response.writeHead(answer.status, { 'content-type': 'application/json', 'x-note': canary });
    response.end(answer.body);
  });
  await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`;
  gateway = await startTestGateway({
    seeded: false,
    environment: {
      NIMBUS_URL: origin,
      VSEE_API_URL: `${origin}/api_v3/`,
      CERBO_URL: `${origin}/api/v1`,
    },
  });
  const person = { firstName: 'Ana', lastName: 'Silva' };
  const { payload } = await mutate(gateway, 'registerPatient', person, 'patient { id }');
  patientId = payload.patient.id;
  const account = { patientId, vendor: 'NIMBUS', vendorPatientId: '1001', acceptMismatch: true };
  const { payload: linked } = await mutate(gateway, 'linkVendorAccount', account, 'patient { id }');
  expect(linked.userErrors).toEqual([]);
});
afterAll(async () => {
  await gateway.close();
  vendor.close();
  vendor.closeAllConnections();
});

const fields: [string, string][] = [
  ['NIMBUS', ofPatient('latestOrder { id }')],
  ['VSEE', '{ clinicRoom(code: "clinic") { name } }'],
  ['CERBO', '{ vendorPatients(vendor: CERBO, filter: { lastName: "Silva" }) { vendor } }'],
];
const words: [string, unknown][] = [
  ['a message', { message: canary, result: false, status: canary, code: 400 }],
  ['a nested error', { error: { message: canary, type: canary, code: canary } }],
  ['refused fields', { status: 'error', errors: { [canary]: [canary], email: [canary] } }],
  ['data', { status: 'success', data: { order_id: canary, id: canary, name: { canary } } }],
  ['a text', canary],
];
const statuses = [200, 400, 401, 403, 404, 409, 422, 500];

describe.each(fields)('%s', (name, document) => {
  describe.each(words)('that answers with %s', (_what, body) => {
    it.each(statuses.map((status) => [status]))(
      'V15: and %i leaves none of it in the answer or the log',
      async (status) => {
        answer = { status, body: JSON.stringify(body) };
        calls = 0;
        const variables = document.includes('$id') ? { id: patientId } : {};
        const { text, errors } = await gateway.query(document, variables);
        expect(calls).toBeGreaterThan(0);
        expect(text).not.toContain('canary');
        expect(gateway.logged()).not.toContain('canary');
        for (const { extensions } of errors) {
          expect(extensions).toMatchObject({
            code: expect.stringMatching(/^(VENDOR_|AUTHORIZATION_REQUIRED)/),
            vendor: name,
          });
        }
        // A refusal that means "there is none" is null without an error; nothing else is.
        const silent = status === 404 && errors.length === 0;
        expect(silent || errors.length === 1).toBe(true);
        // So that the breaker takes no offence at the many 500s.
        answer = { status: 400, body: '{}' };
        await gateway.query(document, variables);
      },
    );
  });
});
