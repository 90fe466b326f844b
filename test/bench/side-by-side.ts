import { setTimeout as delay } from 'node:timers/promises';
import { type Bench, startPeer } from './clinic.ts';
import { w1 as hiveW1, w2 as hiveW2, variablesOf } from './hive-work.mjs';
import {
  type LoadOrder,
  type LoadSaid,
  type Measured,
  measure,
  median,
  oneDigit,
  type Subject,
  spread,
  table,
  whole,
} from './measure.ts';
import { w1, w2 } from './work.ts';

/** W1 and W2, by Portico, by hand and by others, turn by turn in one run. */

const connections = 32;
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const seconds = Number(process.env.BENCH_SECONDS ?? 8);
const warmUp = 20;

const vendorsOf = { w1: 1, w2: 5 } as const;
type Work = keyof typeof vendorsOf;

/** What peers are told: each vendor's one call as Portico made it, and whose record it is. */
async function setupOf({ gateway, stub, stubOrigin }: Bench, patient: { id: string }) {
  await gateway.query(w2, { id: patient.id });
  await stub.ask({ tell: true });
  const { data } = await gateway.query(w2, { id: patient.id });
  const { told = [] } = await stub.ask({});
  const calls = Object.fromEntries(
    told.map(({ vendor, url, headers }) => {
      const { host, connection, 'accept-encoding': _encoding, ...rest } = headers;
      return [vendor, { url, headers: rest }];
    }),
  );
  const key = Buffer.from(patient.id, 'base64url').toString().split(':')[1];
  return {
    overview: data,
    setup: { stubOrigin, calls, patient: { ...patient, fullName: data.patient.fullName, key } },
  };
}

const ask = async ({ url, headers, body }: Subject) =>
  (await fetch(url, { method: 'POST', headers, body })).json();

/**
 * @param traced another Portico, with telemetry on
 * @param databaseUrl an empty database, for whoever does Portico's duties by hand
 */
export async function sideBySide(
  bench: Bench,
  traced: Bench,
  databaseUrl: string,
  say: (line: string) => void,
) {
  const found = await bench.gateway.query(
    '{ patients(search: "Ana Silva") { nodes { id visits { nodes { id } } } } }',
  );
  const [patient] = found.data.patients.nodes;
  const { setup } = await setupOf(bench, { id: patient.id });
  const tracedPatient = (
    await traced.gateway.query(
      '{ patients(search: "Ana Silva") { nodes { id visits { nodes { id } } } } }',
    )
  ).data.patients.nodes[0];
  const peers = {
    'by hand': await startPeer<object, { port: number }>('by-hand.mjs', setup),
    'by hand, same duties': await startPeer<object, { port: number }>('by-hand.mjs', {
      ...setup,
      duties: { databaseUrl, token: bench.token },
    }),
    'Apollo Server': await startPeer<object, { port: number }>('apollo.mjs', setup),
    'Hive Gateway': await startPeer<object, { port: number }>('hive.mjs', setup),
  };
  const load = await startPeer<LoadOrder, LoadSaid>('load.mjs');
  const json = { 'content-type': 'application/json' };
  const documents = { w1, w2 };
  const hiveDocuments = { w1: hiveW1, w2: hiveW2 };
  const variables = { w1: { id: patient.visits.nodes[0].id }, w2: { id: patient.id } };
  const tracedVariables = {
    w1: { id: tracedPatient.visits.nodes[0].id },
    w2: { id: tracedPatient.id },
  };
  const portico = (name: string, { origin, pid, token }: Bench, body: object): Subject => ({
    ...{ name, pid, url: `${origin}/graphql`, body: JSON.stringify(body) },
    headers: { ...json, authorization: `Bearer ${token}` },
  });
  const subjectsOf = (work: Work): Subject[] => {
    const other = (name: keyof typeof peers, path: string, body: object) => ({
      ...{ name, pid: peers[name].process.pid ?? 0, headers: json, body: JSON.stringify(body) },
      url: `http://127.0.0.1:${peers[name].first.port}${path}`,
    });
    const request = { query: documents[work], variables: variables[work] };
    return [
      other('by hand', `/${work}`, request),
      {
        ...other('by hand, same duties', `/${work}`, request),
        headers: { ...json, authorization: `Bearer ${bench.token}` },
      },
      portico('Portico', bench, request),
      portico('Portico, telemetry on', traced, {
        query: documents[work],
        variables: tracedVariables[work],
      }),
      other('Apollo Server', '/graphql', request),
      other('Hive Gateway', '/graphql', {
        query: hiveDocuments[work],
        variables: variablesOf(setup)[work],
      }),
    ];
  };

  const sections: string[] = [];
  const missed: string[] = [];
  for (const work of ['w1', 'w2'] as const) {
    const subjects = subjectsOf(work);
    const results = new Map<string, Measured[]>(subjects.map(({ name }) => [name, []]));
    const [byHand, dutiful, ours] = await Promise.all(subjects.slice(0, 3).map(ask));
    for (const { data } of [byHand, dutiful]) {
      if (JSON.stringify(data) !== JSON.stringify(ours.data)) {
        throw new Error(`${work}: by hand and Portico answer differently`);
      }
    }
    const callsFor = new Map<string, number>();
    for (const subject of subjects) {
      const { errors } = await ask(subject);
      if (errors !== undefined) {
        throw new Error(`${work}, ${subject.name}: ${JSON.stringify(errors)}`);
      }
      // Until what runs often is compiled, which takes the longer the more there is of it.
      await measure(load, subject, { connections, seconds: warmUp });
      const stub = subject.name === 'Portico, telemetry on' ? traced.stub : bench.stub;
      // What the generator left behind has come to its end by then.
      await delay(1_000);
      await stub.ask({ forget: true });
      await ask(subject);
      const { calls } = await stub.ask({ forget: true });
      callsFor.set(
        subject.name,
        Object.values(calls).reduce((sum, count) => sum + count, 0),
      );
    }
    for (let round = 1; round <= rounds; round += 1) {
      for (const subject of subjects) {
        const measured = await measure(load, subject, { connections, seconds });
        results.get(subject.name)?.push(measured);
        say(`${work}, round ${round}: ${subject.name} ${whole(measured.perSecond)} a second`);
      }
    }
    const of = (name: string, key: keyof Measured) =>
      median((results.get(name) ?? []).map((each) => each[key]));
    const rates = (name: string) => (results.get(name) ?? []).map(({ perSecond }) => perSecond);
    // Of each round by itself: the machine's pace changes more between rounds than within one.
    const against = (name: string, other: string) =>
      median(rates(name).map((rate, round) => rate / (rates(other)[round] ?? Number.NaN)));
    sections.push(
      `### ${work.toUpperCase()}: ${vendorsOf[work]} vendor call${vendorsOf[work] === 1 ? '' : 's'}\n\n${table(
        [
          ...['who', 'requests/s', 'from … to', 'of by hand', 'p50 ms', 'p95 ms', 'p99 ms'],
          ...['CPU µs/request', 'memory MB', 'vendor calls'],
        ],
        subjects.map(({ name }) => [
          ...[name, whole(median(rates(name))), spread(rates(name))],
          against(name, 'by hand').toFixed(2),
          ...(['p50', 'p95', 'p99'] as const).map((key) => oneDigit(of(name, key))),
          ...[whole(of(name, 'cpu')), whole(of(name, 'memory'))],
          String(callsFor.get(name)),
        ]),
      )}`,
    );
    const bar = (what: string, ratio: number, least: number) => {
      if (ratio < least) {
        missed.push(`${work.toUpperCase()}: ${ratio.toFixed(2)} ${what}, not ${least}`);
      }
    };
    bar('of by hand', against('Portico', 'by hand'), 0.6);
    bar('times Apollo Server', against('Portico', 'Apollo Server'), 3);
    bar('times Hive Gateway', against('Portico', 'Hive Gateway'), 8);
    bar('of itself with telemetry on', against('Portico, telemetry on', 'Portico'), 0.85);
  }
  for (const peer of [...Object.values(peers), load]) {
    peer.process.disconnect();
  }
  return { sections, missed };
}
