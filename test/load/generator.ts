import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Answered, openLoop, type Shot } from './open-loop.ts';

/** A generator in a process of its own: simulators that are busy must not make it late. */

interface Order {
  shot: Omit<Shot, 'body'>;
  bodies: string[];
  perSecond: number;
  seconds: number;
}

/** @param bodies sent in turn */
export async function generate(
  shot: Order['shot'],
  bodies: string[],
  perSecond: number,
  seconds: number,
): Promise<Answered[]> {
  const child = fork(fileURLToPath(import.meta.url), ['generate']);
  child.send({ shot, bodies, perSecond, seconds } satisfies Order);
  const [answers] = (await once(child, 'message')) as [Answered[]];
  child.disconnect();
  return answers;
}

if (process.argv[2] === 'generate') {
  const [order] = (await once(process, 'message')) as [Order];
  const { shot, bodies, perSecond, seconds } = order;
  let sent = 0;
  const body = () => bodies[sent++ % bodies.length] ?? '';
  process.send?.(await openLoop({ ...shot, body }, perSecond, seconds));
}
