import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** One kind of request, sent again and again. */
export interface Shot {
  origin: string;
  token: string;
  /** Whether connections are kept and used again, as by a good proxy in front; else each request opens one. */
  kept: boolean;
  /** Called for each request. */
  body: () => string;
}

export interface Answered {
  /** 0 where there was no answer. */
  status: number;
  /** Why there was none. */
  failure?: string;
  /** Whether it brought data and no error. */
  good: boolean;
  /** Milliseconds since it was due, whether or not it could be sent then. */
  took: number;
  /** Milliseconds that it was sent too late: of the generator, not of the gateway. */
  late: number;
  /** Milliseconds from the first request's time to this one's answer. */
  at: number;
}

const longest = 60_000;
/** More than the gateway has in hand at most, or it is asked for no more than it can do. */
const connections = 1_024;

const agentFor = ({ kept }: Shot, maxSockets: number) =>
  new Agent(kept ? { keepAlive: true, maxSockets } : {});

function send(
  { origin, token, body }: Shot,
  agent: Agent,
  due: number,
  began: number,
): Promise<Answered> {
  const late = performance.now() - due;
  return new Promise((resolve) => {
    const settle = (status: number, good: boolean, failure?: string) => {
      const now = performance.now();
      resolve({
        status,
        good,
        late,
        took: now - due,
        at: now - began,
        ...(failure && { failure }),
      });
    };
    const fail = ({ code, message }: NodeJS.ErrnoException) => settle(0, false, code ?? message);
    const sent = request(
      `${origin}/graphql`,
      {
        ...{ agent, method: 'POST', timeout: longest },
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', fail);
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          settle(status, status === 200 && !text.includes('"errors"'));
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${longest} ms`)));
    sent.on('error', fail);
    sent.end(body());
  });
}

/** Opens a connection. */
const touch = ({ origin }: Shot, agent: Agent) =>
  new Promise<void>((resolve) => {
    const sent = request(`${origin}/health`, { agent }, (response) => {
      response.resume().once('end', resolve);
    });
    sent.once('error', () => resolve()).end();
  });

/**
 * Sends at a fixed rate, however late answers come: as many clients do that know nothing of each other.
 * Each time counts from when a request was due.
 */
export async function openLoop(
  shot: Shot,
  perSecond: number,
  seconds: number,
): Promise<Answered[]> {
  const agent = agentFor(shot, connections);
  if (shot.kept) {
    await Promise.all(Array.from({ length: connections }, () => touch(shot, agent)));
  }
  const total = Math.round(perSecond * seconds);
  const began = performance.now();
  const answers: Promise<Answered>[] = [];
  while (answers.length < total) {
    const due = began + (answers.length / perSecond) * 1000;
    if (due > performance.now()) {
      await sleep(Math.max(1, due - performance.now()));
    }
    for (
      let next = due;
      next <= performance.now() && answers.length < total;
      next = began + (answers.length / perSecond) * 1000
    ) {
      answers.push(send(shot, agent, next, began));
    }
  }
  const all = await Promise.all(answers);
  agent.destroy();
  return all;
}

/** So many at once, each after the answer to the one before. @returns answers a second */
export async function closedLoop(shot: Shot, clients: number, seconds: number): Promise<number> {
  const agent = agentFor(shot, clients);
  const began = performance.now();
  let good = 0;
  const client = async () => {
    while (performance.now() - began < seconds * 1000) {
      const answer = await send(shot, agent, performance.now(), began);
      good += answer.good ? 1 : 0;
      if (!answer.good) {
        // Refusals cost next to nothing: asking again at once would measure those.
        await sleep(50);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  return (good / (performance.now() - began)) * 1000;
}

/** @param part 0.5 for the median */
export function quantile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
