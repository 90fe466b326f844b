import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Answered, closedLoop, openLoop, type Shot } from './open-loop.ts';

/** A generator in a process of its own: simulators that are busy must not make it late. */

/** What is sent: the bodies in turn. */
export type Shots = Omit<Shot, 'body'> & { bodies: string[] };

type Order = Shots & { seconds: number } & ({ perSecond: number } | { clients: number });

async function order<T>(what: Order): Promise<T> {
  const child = fork(fileURLToPath(import.meta.url), ['generate']);
  child.send(what);
  const [result] = (await once(child, 'message')) as [T];
  child.disconnect();
  return result;
}

/** @returns what came of each request, sent at a fixed rate */
export const generate = (shots: Shots, perSecond: number, seconds: number) =>
  order<Answered[]>({ ...shots, perSecond, seconds });

/** @returns good answers a second, where so many clients each wait for their answer */
export const generateClosed = (shots: Shots, clients: number, seconds: number) =>
  order<number>({ ...shots, clients, seconds });

if (process.argv[2] === 'generate') {
  const [{ bodies, ...what }] = (await once(process, 'message')) as [Order];
  let sent = 0;
  const shot: Shot = { ...what, body: () => bodies[sent++ % bodies.length] ?? '' };
  process.send?.(
    'clients' in what
      ? await closedLoop(shot, what.clients, what.seconds)
      : await openLoop(shot, what.perSecond, what.seconds),
  );
}
