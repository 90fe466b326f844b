import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { ofPatient } from '../support/documents.ts';
import { type StartedGateway, startTestGateway } from '../support/gateway.ts';
import { type SpoilingProxy, startSpoilingProxy } from '../support/spoiling-proxy.ts';

/** reliability.md, Q14: a list whose length only its vendor knows, and which is longer than any other. */

const most = 20;
const listed = 400;
let sandbox: Sandbox;
let proxy: SpoilingProxy;
let gateway: StartedGateway;
beforeAll(async () => {
  sandbox = await startSandbox({ publicUrl: new URL('http://localhost:4000/'), firstPort: 0 });
  const { origin, environment } = sandbox.simulators.MY_PATIENT_PORTAL;
  proxy = await startSpoilingProxy(origin);
  gateway = await startTestGateway({
    sandbox,
    environment: {
      MY_PATIENT_PORTAL_API_URL: environment.MY_PATIENT_PORTAL_API_URL?.replace(
        origin,
        proxy.origin,
      ),
      QUERY_MAX_VENDOR_CALLS: String(most),
    },
  });
});
afterAll(async () => {
  await gateway?.close();
  await proxy?.close();
  await sandbox?.close();
});

it('Q14: costs no more calls than one request may make; what is beyond says so', async () => {
  proxy.asked.length = 0;
  proxy.spoil = ({ url = '' }, response) => {
    const insurances = Array.from({ length: listed }, (_, id) => ({ id, name: `Insurance ${id}` }));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ data: url.includes('/insurances') ? insurances : [] }));
  };
  const { data, errors } = await gateway.query(
    ofPatient('insurances { id appointmentCategories { id } }'),
    { id: gateway.ids.Ana },
  );
  expect(proxy.asked).toHaveLength(most);
  const { insurances } = data.patient;
  const answered = insurances.filter(
    ({ appointmentCategories }: { appointmentCategories: unknown }) => appointmentCategories,
  );
  expect([insurances.length, answered.length]).toEqual([listed, most - 1]);
  const codes = errors.map(({ extensions }) => extensions.code);
  expect(new Set(codes)).toEqual(new Set(['QUERY_TOO_COSTLY']));
});
