import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createConnection } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Listening, listen, StartError } from '../src/listen.ts';

async function start(mostConnections?: number): Promise<Listening> {
  const listening = await listen('127.0.0.1', 0, mostConnections);
  onTestFinished(() => {
    listening.server.close();
    listening.server.closeAllConnections();
  });
  return listening;
}

describe('the HTTP server', () => {
  it('answers 503 until it is told what to answer with', async () => {
    const { port, answerWith } = await start();
    const early = await fetch(`http://127.0.0.1:${port}/health`);
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
    await early.text();
    answerWith((_request, response) => response.end('alive'));
    expect(await (await fetch(`http://127.0.0.1:${port}/health`)).text()).toBe('alive');
  });

  it('says which port is in use', async () => {
    const { port } = await start();
    const second = listen('127.0.0.1', port);
    await expect(second).rejects.toBeInstanceOf(StartError);
    await expect(second).rejects.toThrow(
      `Port ${port} is in use. Choose another one with PORT=...`,
    );
  });

  it('says which variable names an address that this machine does not have', async () => {
    // Of a network that is nobody's (RFC 5737).
    await expect(listen('192.0.2.1', 0)).rejects.toThrow(
      /^Cannot listen on port 0 of 192\.0\.2\.1 \(EADDRNOTAVAIL\)\. HOST has to be an address of/,
    );
    await expect(listen('nowhere.invalid', 0, undefined, 'METRICS_PORT')).rejects.toThrow(
      / METRICS_HOST has to be an address of this machine/,
    );
  });

  it('takes as many connections as its limit, and closes the next one', async () => {
    const { port } = await start(3);
    const open = () => {
      const socket = createConnection({ port, host: '127.0.0.1' });
      onTestFinished(() => void socket.destroy());
      return socket.on('error', () => undefined);
    };
    const ask = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n';
    const within = [open(), open(), open()];
    for (const socket of within) {
      socket.write(ask);
      const [answer] = await once(socket, 'data');
      expect(String(answer)).toContain('503');
    }
    const beyond = open();
    const answers: string[] = [];
    beyond.on('data', (chunk) => answers.push(String(chunk)));
    beyond.write(ask);
    await once(beyond, 'close');
    expect(answers).toEqual([]);

    // A place that is given up is free again.
    const [first] = within;
    first?.destroy();
    await expect
      .poll(async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))?.status)
      .toBe(503);
  });

  it('closes each response of a connection that is gone once, also those that wait behind another', async () => {
    const { port, answerWith } = await start();
    const open: ServerResponse[] = [];
    let closed = 0;
    answerWith((request, response) => {
      response.on('close', () => (closed += 1));
      if (request.url === '/answered') {
        response.end();
      } else {
        open.push(response);
      }
    });
    const socket = createConnection({ port, host: '127.0.0.1' });
    const ask = (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    ask('/answered');
    await once(socket, 'data');
    for (let count = 0; count < 3; count += 1) {
      ask('/');
    }
    await expect.poll(() => open.length).toBe(3);
    expect(closed).toBe(1);
    socket.resetAndDestroy();
    await expect.poll(() => closed).toBe(4);
    // What comes too late for them harms nobody.
    for (const response of open) {
      response.end('late');
    }
    expect((await fetch(`http://127.0.0.1:${port}/answered`)).status).toBe(200);
    expect(closed).toBe(5);
  });

  it('bounds head, time and connections', async () => {
    const { server } = await start();
    expect(server).toMatchObject({
      headersTimeout: 7_000,
      requestTimeout: 20_000,
      keepAliveTimeout: 65_000,
      maxConnections: 4_000,
    });
  });
});
