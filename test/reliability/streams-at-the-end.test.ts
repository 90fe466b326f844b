import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appointmentOf, document } from '../graph/subscriptions/listening.ts';
import { endAll, portico } from '../support/command-line.ts';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';
import { globalIdOf, keyIn } from '../support/mutations.ts';
import { eventsOf } from '../support/parts.ts';

afterAll(endAll);

it('K04: SIGTERM ends subscriptions with a word, and soon', { timeout: 90_000 }, async () => {
  const running = portico(['start'], { PORT: '0' });
  const [, origin] = await running.says(/^GraphiQL[^:]*: +(http:\/\/localhost:\d+\/)graphql/m);
  await running.says(/Ready\./);
  const token = await (await fetch(`${origin}sandbox/token/ana`)).text();
  const ask = (query: string, accept: string) =>
    fetch(`${origin}graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept },
      body: JSON.stringify({ query }),
    });
  const answer = await ask('{ viewer { patient { id } } }', 'application/json');
  const { data } = (await answer.json()) as { data: { viewer: { patient: { id: string } } } };
  const key = keyIn(data.viewer.patient.id);
  const id = globalIdOf('Appointment', 'MY_PATIENT_PORTAL', key, 'xbCuVVTNU6rT6E5m8p6Y8h7opzAb');
  const response = await ask(
    `subscription { earlierAvailability(appointmentId: "${id}") { start } }`,
    'text/event-stream',
  );
  const events = eventsOf(response);
  expect((await events.next()).value.data.earlierAvailability.start).toMatch(/Z$/);

  const ended = performance.now();
  running.process.kill('SIGTERM');
  const { errors } = (await events.next()).value;
  expect(errors[0].message).toMatch(/Subscribe again/);
  // Complete, not cut off.
  expect((await events.next()).done).toBe(true);
  expect(await running.ended).toBe(0);
  expect(performance.now() - ended).toBeLessThan(8_000);
});

describe('a stream that nobody takes events from', () => {
  let gateway: ListeningGateway;
  beforeAll(async () => {
    gateway = await startListeningGateway();
  });
  afterAll(() => gateway.close());

  const subscribe = async (ask: ListeningGateway['fetch'], token?: string) =>
    ask('/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: `Bearer ${token ?? (await gateway.token('ana'))}`,
      },
      body: JSON.stringify({ query: document, variables: { id: appointmentOf(gateway) } }),
    });
  const ended = (why: string) =>
    expect.poll(gateway.logged, { timeout: 10_000 }).toContain(`"why":"${why}"`);

  it('ends with its token', async () => {
    const token = await gateway.sandbox.identityProvider.token({
      ...{ subject: 'sandbox-ana', roles: ['PATIENT'] },
      // Thirty seconds past its end are tolerated everywhere.
      expiresInSeconds: -27,
    });
    // Asked in this very process: nothing reads ahead.
    const response = await subscribe(gateway.fetch, token);
    await ended('expired');
    expect((await eventsOf(response).next()).value.errors).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED' } },
    ]);
  });

  it('ends with the process, also where it began after the end did', async () => {
    const response = await subscribe(gateway.fetch);
    gateway.endStreams();
    await ended('ending');
    for (const each of [response, await subscribe((path, init) => gateway.ask(init ?? {}, path))]) {
      const events = eventsOf(each);
      expect((await events.next()).value.errors[0].message).toMatch(/Subscribe again/);
      expect((await events.next()).done).toBe(true);
    }
  });
});
