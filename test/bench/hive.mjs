// The five vendors without code: Mesh's REST source describes each, Hive's runtime serves their supergraph.
import { once } from 'node:events';
import { Agent, createServer } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { composeSubgraphs } from '@graphql-mesh/fusion-composition';
import { loadJSONSchemaSubgraph } from '@omnigraph/json-schema';
import { endpointsOf } from './endpoints.mjs';

const object = (title, properties) => ({ type: 'object', title, properties });
const list = (items) => ({ type: 'array', items });
const string = { type: 'string' };
const integer = { type: 'integer' };
const strings = (...names) => Object.fromEntries(names.map((name) => [name, string]));

const queue = (title) =>
  object(title, {
    ...strings('object'),
    data: list(
      object(`${title}Item`, {
        id: integer,
        ...strings('object', 'request_type', 'title', 'status', 'created'),
      }),
    ),
  });

const get = (field, path, responseSchema, more) => ({
  ...{ type: 'Query', method: 'GET', field, path, responseSchema },
  ...more,
});
const enqueued = (field, title) =>
  get(field, '/patients/{args.patientId}/portal/enqueued', queue(title));

/** Root fields by vendor. Answers hold more; only what is described is served. */
const operations = {
  vsee: get(
    'visit',
    '/visits/{args.id}',
    object('VSeeVisitAnswer', {
      data: object('VSeeVisit', {
        ...strings('id', 'account_code', 'type', 'status'),
        ...strings('start', 'end', 'actual_start', 'actual_end'),
        intake: object('VSeeIntake', strings('reason_for_visit')),
        member: object('VSeeMember', strings('id', 'first_name', 'last_name')),
        provider: object('VSeeProvider', strings('id', 'first_name', 'last_name')),
      }),
    }),
  ),
  nimbus: get(
    'latestOrder',
    '/external-portal-access/latest-order',
    object('NimbusOrderAnswer', {
      data: object('NimbusOrder', { order_id: integer, tenant_domain: string }),
    }),
    { queryParamArgMap: { user_id: 'userId' } },
  ),
  portal: get(
    'appointments',
    '/appointments',
    object('PortalAppointments', {
      data: list(
        object(
          'PortalAppointment',
          strings('id', 'name', 'practice_name', 'starts_at', 'ends_at', 'cancelled_at'),
        ),
      ),
    }),
  ),
  cerbo: enqueued('cerboEnqueued', 'CerboQueue'),
  mdhq: enqueued('mdHqEnqueued', 'MdHqQueue'),
};

const [{ setup }] = await once(process, 'message');
process.on('disconnect', () => process.exit());

const subgraphs = Object.entries(endpointsOf(setup)).map(([vendor, { base, headers }]) => {
  const load = loadJSONSchemaSubgraph(vendor, {
    endpoint: base,
    operationHeaders: headers,
    operations: [operations[vendor]],
  });
  return load({ fetch, cwd: process.cwd() });
});
const { errors, supergraphSdl } = composeSubgraphs(
  await Promise.all(subgraphs.map(async ({ name, schema$ }) => ({ name, schema: await schema$ }))),
);
if (errors) {
  throw new AggregateError(errors);
}

// One agent that keeps connections, as Hive's page about connection pooling has it.
const agent = new Agent({ keepAlive: true });
const gateway = createGatewayRuntime({
  supergraph: supergraphSdl,
  customAgent: () => agent,
  logging: false,
});
const server = createServer(gateway);
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send({ port: server.address().port });
