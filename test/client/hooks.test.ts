import { setTimeout as delay } from 'node:timers/promises';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { onlineManager, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { parse } from 'graphql';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PorticoClient } from '../../src/client/client.ts';
import {
  defaultOptions,
  PorticoProvider,
  useCancelAppointmentMutation,
  useCreateFollowUpMutation,
  useInfinitePatientsQuery,
  usePatientsQuery,
  useViewerQuery,
} from '../../src/client/react.ts';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';
import { connect, globalIdOf, keyIn, sent } from '../support/mutations.ts';
import { recordedClient } from './recorded-client.ts';

/** The hooks against a real gateway, in components that React renders. */

let gateway: ListeningGateway;
beforeAll(async () => {
  gateway = await startListeningGateway();
});
afterAll(() => gateway.close());
afterEach(() => gateway.forget());

const newCache = () =>
  new QueryClient({
    defaultOptions: {
      queries: { ...defaultOptions.queries, retryDelay: 1 },
      mutations: { ...defaultOptions.mutations, retryDelay: 1 },
    },
  });

/** What a hook returns to a component. */
function rendered<Result>(hook: () => Result, client: PorticoClient, cache = newCache()): Result {
  let result: Result | undefined;
  const Component = () => {
    result = hook();
    return null;
  };
  const inside = createElement(PorticoProvider, { client }, createElement(Component));
  renderToString(createElement(QueryClientProvider, { client: cache }, inside));
  return result as Result;
}

const inDays = (days: number) =>
  new Date(Date.now() + days * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
const followUp = (days: number) => ({
  input: { patientId: gateway.ids.Ana, date: inDays(days) },
});
const followUpsMade = () =>
  sent(gateway.calls('NIMBUS')).filter((call) => /POST .*follow-?up/i.test(call)).length;

describe('the hook of a query', () => {
  it('asks for what it was rendered with, and keeps it under its key', async () => {
    const { client, recorded } = recordedClient(gateway);
    const cache = newCache();
    const hook = () => usePatientsQuery({ search: 'silva' });
    expect(rendered(hook, client, cache).data).toBeUndefined();
    await cache.prefetchQuery(usePatientsQuery.options(client, { search: 'silva' }));
    expect(rendered(hook, client, cache).data?.patients.totalCount).toBe(1);
    expect(cache.getQueryData(usePatientsQuery.getKey({ search: 'silva' }))).toBeDefined();
    expect(usePatientsQuery.getKey()).toEqual(['Patients']);
    expect(recorded.sent.map(({ variables }) => variables)).toEqual([{ search: 'silva' }]);
  });

  it('says what is missing around it', () => {
    const cache = newCache();
    const Component = () => createElement('p', null, useViewerQuery().status);
    const alone = createElement(QueryClientProvider, { client: cache }, createElement(Component));
    expect(() => renderToString(alone)).toThrow(/PorticoProvider/);
  });

  it('hands on the signal with which the cache gives up', async () => {
    const { client } = recordedClient(gateway);
    const { queryFn } = useViewerQuery.options(client);
    const reason = new Error('unmounted');
    await expect(queryFn({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe('the hook of a connection', () => {
  it('turns the pages by itself, to the end', async () => {
    const { client, recorded } = recordedClient(gateway);
    const cache = newCache();
    const hook = () => useInfinitePatientsQuery({ first: 2 });
    const { fetchNextPage } = rendered(hook, client, cache);
    const seen: number[] = [];
    for (let page = 0; page < 4; page += 1) {
      await fetchNextPage();
      const { data, hasNextPage } = rendered(hook, client, cache);
      seen.push(data?.pages.length ?? 0);
      expect(hasNextPage).toBe(page < 2);
    }
    expect(seen).toEqual([1, 2, 3, 3]);
    const { data } = rendered(hook, client, cache);
    const names = data?.pages.flatMap(({ patients }) =>
      patients.nodes.map((each) => each.firstName),
    );
    expect(names?.sort()).toEqual(['Ana', 'Ben', 'Chloe', 'David', 'Emi']);
    expect(recorded.sent).toHaveLength(3);
  });
});

describe('the idempotency key of a submission', () => {
  it('stays over the retries of the cache, and the write is done once', async () => {
    const { client, recorded } = recordedClient(gateway);
    recorded.lose = 2;
    const { mutateAsync } = rendered(() => useCreateFollowUpMutation(), client);
    const variables = followUp(20);
    const { createFollowUp } = await mutateAsync(variables);
    expect(createFollowUp).toMatchObject({ userErrors: [], followUp: { date: inDays(20) } });
    const [key, ...others] = recorded.keys();
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    expect(others).toEqual([key, key]);
    expect(followUpsMade()).toBe(1);
    expect(variables.input).not.toHaveProperty('idempotencyKey');
  });

  it('is another for the next, also where it is the very same object', async () => {
    const { client, recorded } = recordedClient(gateway);
    const { mutateAsync } = rendered(() => useCreateFollowUpMutation(), client);
    const variables = followUp(21);
    await mutateAsync(variables);
    await mutateAsync(variables);
    const [first, second] = recorded.keys();
    expect(second).toMatch(/^[0-9a-f]{32}$/);
    expect(second).not.toBe(first);
    expect(followUpsMade()).toBe(2);
  });

  it('stays when the user tries again, in another component, after the cache gave up', async () => {
    const { client, recorded } = recordedClient(gateway);
    recorded.lose = 4;
    const first = rendered(() => useCreateFollowUpMutation(), client);
    await expect(first.mutateAsync(followUp(22))).rejects.toMatchObject({ code: 'NETWORK_ERROR' });
    const second = rendered(() => useCreateFollowUpMutation(), client);
    const { createFollowUp } = await second.mutateAsync(followUp(22));
    expect(createFollowUp.userErrors).toEqual([]);
    expect(recorded.keys()).toHaveLength(5);
    expect(new Set(recorded.keys()).size).toBe(1);
    expect(followUpsMade()).toBe(1);
  });

  it('stays while the vendor cannot be reached, and ends with the answer', async () => {
    const { client, recorded } = recordedClient(gateway);
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'status', status: 429 });
    const { mutateAsync } = rendered(() => useCreateFollowUpMutation(), client);
    const { createFollowUp: refused } = await mutateAsync(followUp(23));
    expect(refused.userErrors[0]?.code).toMatch(/^(RATE_LIMITED|VENDOR_UNAVAILABLE)$/);
    gateway.forget();
    expect((await mutateAsync(followUp(23))).createFollowUp.userErrors).toEqual([]);
    await mutateAsync(followUp(23));
    const [first, second, third] = recorded.keys();
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it.each([
    ['without its `code`', 'userErrors { message }'],
    ['under another name', 'problems: userErrors { code }'],
    ['not at all', '__typename'],
  ])('stays where the document asks for what went wrong %s', async (_how, selection) => {
    const { client, recorded } = recordedClient(gateway);
    const document = parse(`mutation ($input: CreateFollowUpInput!) {
      createFollowUp(input: $input) { ${selection} }
    }`) as TypedDocumentNode<object, ReturnType<typeof followUp>>;
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'status', status: 429 });
    await client.request(document, followUp(28));
    await client.request(document, followUp(28));
    expect(new Set(recorded.keys()).size).toBe(1);
  });

  it('stays until the patient has signed in at the vendor, and the write goes on', async () => {
    const { client, recorded } = recordedClient(gateway);
    const { mutateAsync } = rendered(() => useCancelAppointmentMutation(), client);
    const key = keyIn(gateway.ids.Ben);
    const appointment = 'xbCuVVTNU6rT6E5m8p6Y8h7opzBa';
    const appointmentId = globalIdOf('Appointment', 'MY_PATIENT_PORTAL', key, appointment);
    gateway.sandbox.simulators.MY_PATIENT_PORTAL.revokeEverything();
    const cancelled = async () =>
      (await mutateAsync({ input: { appointmentId } })).cancelAppointment;
    expect((await cancelled()).userErrors).toMatchObject([{ code: 'AUTHORIZATION_REQUIRED' }]);
    await connect(gateway, gateway.ids.Ben, 'ben');
    expect((await cancelled()).userErrors).toEqual([]);
    await cancelled();
    const [first, second, third] = recorded.keys();
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('is one for a double click, and for fields in another order', async () => {
    const { client, recorded } = recordedClient(gateway);
    const { mutateAsync } = rendered(() => useCreateFollowUpMutation(), client);
    const { date, patientId } = followUp(24).input;
    const both = [mutateAsync({ input: { date, patientId } }), mutateAsync(followUp(24))];
    const [a, b] = await Promise.all(both);
    expect(a?.createFollowUp.followUp?.id).toEqual(expect.any(String));
    expect(a?.createFollowUp.followUp?.id).toBe(b?.createFollowUp.followUp?.id);
    expect(new Set(recorded.keys()).size).toBe(1);
    expect(followUpsMade()).toBe(1);
  });

  it('is another for another input, and one’s own where there is one', async () => {
    const { client, recorded } = recordedClient(gateway);
    const { mutateAsync } = rendered(() => useCreateFollowUpMutation(), client);
    await Promise.all([mutateAsync(followUp(25)), mutateAsync(followUp(26))]);
    expect(new Set(recorded.keys()).size).toBe(2);
    await mutateAsync({ input: { ...followUp(27).input, idempotencyKey: 'of-the-form-7' } });
    expect(recorded.keys().at(-1)).toBe('of-the-form-7');
  });
});

describe('without a network', () => {
  afterEach(() => onlineManager.setOnline(true));

  it('a submission fails and says so; nothing is sent when the network is back', async () => {
    let asked = 0;
    const fetch = () => {
      asked += 1;
      return Promise.reject(new TypeError('fetch failed'));
    };
    const { client } = recordedClient(gateway, { fetch });
    const { mutateAsync } = rendered(() => useCreateFollowUpMutation(), client);
    onlineManager.setOnline(false);
    const outcome = mutateAsync(followUp(24)).catch(({ code }) => code);
    await expect.poll(() => Promise.race([outcome, 'waiting'])).toBe('NETWORK_ERROR');
    const before = asked;
    onlineManager.setOnline(true);
    await delay(50);
    expect(asked).toBe(before);
  });
});
