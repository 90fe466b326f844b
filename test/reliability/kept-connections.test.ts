import { Agent, get } from 'node:http';
import { afterAll, expect, it } from 'vitest';
import { endAll, portico } from '../support/command-line.ts';

afterAll(endAll);

const clients = 30;

/** Asks on one connection, again and again, until it is told to leave it. @returns how that ended */
function askUntilTold(address: string): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return new Promise((resolve) => {
    const ask = () => {
      const request = get(address, { agent }, (response) => {
        response.resume();
        response.once('end', () =>
          response.headers.connection === 'close' ? resolve(`${response.statusCode}`) : ask(),
        );
      });
      request.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.name));
    };
    ask();
  });
}

it('SIGTERM closes no kept connection under a request', { timeout: 60_000 }, async () => {
  const running = portico(['start'], { PORT: '0' });
  const [, origin] = await running.says(/^GraphiQL[^:]*: +(http:\/\/localhost:\d+\/)graphql/m);
  await running.says(/Ready\./);
  const told = Promise.all(Array.from({ length: clients }, () => askUntilTold(`${origin}ready`)));
  setTimeout(() => running.process.kill('SIGTERM'), 500);
  expect(new Set(await told)).toEqual(new Set(['503']));
  expect(await running.ended).toBe(0);
});
