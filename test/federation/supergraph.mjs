// Runs beside the tests, on packages of its own (see package.json here): a second subgraph, their
// composition with Portico, and two gateways over it. Takes one JSON text from stdin, writes one line of
// JSON to stdout, and ends when stdin does.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { composeServices } from '@apollo/composition';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { graphql, parse } from 'graphql';

const [line] = await once(createInterface({ input: process.stdin }), 'line');
/** `portico`: its URL and schema; `billing`: the other's schema, and its invoices. */
const { portico, billing } = JSON.parse(line);

async function listen(listener) {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}/graphql`;
}

/** Answers GraphQL over POST. */
const answering = (execute) => async (request, response) => {
  const asked = JSON.parse(await text(request));
  const answer = await execute(asked, request.headers.authorization ?? null).catch(
    ({ message }) => ({ errors: [{ message }] }),
  );
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(answer));
};

const ofPatient = (id) => billing.invoices.filter((invoice) => invoice.patientId === id);
const invoice = ({ patientId, visitId, ...rest }) => ({
  ...rest,
  patient: { id: patientId },
  visit: visitId ? { id: visitId } : null,
});
const billingSchema = buildSubgraphSchema({
  typeDefs: parse(billing.sdl),
  resolvers: {
    Query: { invoices: () => billing.invoices.map(invoice) },
    Patient: {
      __resolveReference: (reference) => reference,
      addressee: ({ fullName }) => `To ${fullName}`,
      invoices: ({ id }) => ofPatient(id).map(invoice),
    },
  },
});
const billingUrl = await listen(
  answering(({ query, variables }) =>
    graphql({ schema: billingSchema, source: query, variableValues: variables }),
  ),
);

const { errors, hints, supergraphSdl } = composeServices([
  { name: 'portico', url: portico.url, typeDefs: parse(portico.sdl) },
  { name: 'billing', url: billingUrl, typeDefs: parse(billing.sdl) },
]);
if (errors !== undefined) {
  process.stdout.write(`${JSON.stringify({ errors: errors.map(({ message }) => message) })}\n`);
  process.exit(1);
}

const hive = createGatewayRuntime({
  supergraph: supergraphSdl,
  logging: false,
  // Portico masks its own; the test wants to see what comes through.
  maskedErrors: false,
  propagateHeaders: {
    fromClientToSubgraphs: ({ request }) => ({
      authorization: request.headers.get('authorization'),
    }),
  },
});

const apollo = new ApolloGateway({
  supergraphSdl,
  buildService: ({ url }) =>
    new RemoteGraphQLDataSource({
      url,
      willSendRequest: ({ request, context }) =>
        request.http.headers.set('authorization', context.authorization),
    }),
});
const { executor, schema } = await apollo.load();
const throughApollo = ({ query, variables = {} }, authorization) =>
  executor({
    document: parse(query),
    queryHash: query,
    operationName: null,
    request: { query, variables },
    context: { authorization },
    ...{ schema, metrics: {}, cache: new Map() },
  });

const gateways = { hive: await listen(hive), apollo: await listen(answering(throughApollo)) };
const said = { gateways, supergraph: supergraphSdl, hints: hints.map(({ message }) => message) };
process.stdout.write(`${JSON.stringify(said)}\n`);

await once(process.stdin, 'end').catch(() => undefined);
process.exit(0);
