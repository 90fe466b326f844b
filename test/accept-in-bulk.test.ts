import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acceptInBulk } from '../src/accept-in-bulk.ts';
import { type Listening, listen } from '../src/listen.ts';

async function start(mostConnections?: number): Promise<Listening> {
  const listening = await listen('127.0.0.1', 0, mostConnections);
  listening.answerWith((_request, response) => response.end('here'));
  onTestFinished(() => {
    listening.server.close();
    listening.server.closeAllConnections();
  });
  return listening;
}

function connect(port: number): Socket {
  const socket = createConnection({ port, host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  return socket.on('error', () => undefined);
}

const ask = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n';

/** Turns of the event loop from the first of several connections that come at once to the last. */
async function turnsFor({ server, port }: Listening, count: number): Promise<number> {
  const sockets = Array.from({ length: count }, () => connect(port));
  let turns = 0;
  let from = 0;
  let came = 0;
  return new Promise((resolve) => {
    server.on('connection', () => {
      came += 1;
      from ||= turns;
      if (came === count) {
        resolve(turns - from);
      }
    });
    // Long turns, as under load: the kernel has them all in its queue by the second one.
    const turn = () => {
      const end = performance.now() + 5;
      while (performance.now() < end) {}
      turns += 1;
      if (came < count && turns < 2_000) {
        setImmediate(turn);
      } else {
        resolve(turns - from);
      }
    };
    turn();
    expect(sockets).toHaveLength(count);
  });
}

describe('new connections', () => {
  it('come in many at a turn of the event loop, where Node alone takes one', async () => {
    expect(await turnsFor(await start(), 100)).toBeGreaterThan(90);
    const listening = await start();
    expect(await acceptInBulk(listening.server, 24)).toBe(25);
    expect(await turnsFor(listening, 100)).toBeLessThan(20);
  });

  it('are answered whoever took them in, on connections that are kept', async () => {
    const { server, port } = await start();
    await acceptInBulk(server, 8);
    for (const socket of Array.from({ length: 30 }, () => connect(port))) {
      for (const _again of [1, 2]) {
        socket.write(ask);
        const [answer] = (await once(socket, 'data')) as [Buffer];
        expect(String(answer)).toMatch(/^HTTP\/1\.1 200 OK.*here/s);
      }
    }
  });

  it('are no more than the limit, wherever they come in', async () => {
    const { server, port } = await start(10);
    await acceptInBulk(server, 8);
    const sockets = Array.from({ length: 60 }, () => connect(port));
    const closed = new Set<Socket>();
    for (const socket of sockets) {
      socket.resume().once('close', () => closed.add(socket));
    }
    // One place is the server's own.
    await expect.poll(() => closed.size).toBeGreaterThanOrEqual(50);
    await sleep(100);
    expect(closed.size).toBeLessThanOrEqual(51);
    for (const socket of sockets) {
      socket.destroy();
    }
    // Places that are given up are free again.
    await expect
      .poll(async () => {
        const socket = connect(port);
        socket.write(ask);
        const [answer] = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
        return String(answer);
      })
      .toContain('200 OK');
  });

  it('are refused at once by all when the server closes, also where the helper was not done', async () => {
    for (const early of [false, true]) {
      const { server, port } = await start();
      const bulk = acceptInBulk(server, 8);
      if (!early) {
        await bulk;
      }
      server.close();
      await bulk;
      const socket = createConnection({ port, host: '127.0.0.1' });
      const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).toBe('ECONNREFUSED');
    }
  });

  it('come in as before where no helper can be had', async () => {
    const { server, port } = await start();
    const { execPath } = process;
    for (const path of ['/nowhere/node', '/bin/false', '/bin/true']) {
      process.execPath = path;
      try {
        expect(await acceptInBulk(server, 8)).toBe(1);
      } finally {
        process.execPath = execPath;
      }
    }
    const socket = connect(port);
    socket.write(ask);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(String(answer)).toContain('200 OK');
  });

  it('come in as before where the server does not listen', async () => {
    const { server } = await start();
    server.close();
    expect(await acceptInBulk(server, 8)).toBe(1);
  });
});
