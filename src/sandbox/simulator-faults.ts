import type { ServerResponse } from 'node:http';
import type { Fault, SimulatorAnswer } from './simulator.ts';

const dripMilliseconds = 100;
const oversizeBytes = 3 * 1024 * 1024;
const loginPage =
  '<!doctype html><html><head><title>Sign in</title></head><body><form>Sign in</form></body></html>';
/** What is cut where the simulator did not act and there is no real answer to spoil. */
const stand = { status: 'success', data: [{ id: 1, name: 'Ana Silva' }], message: 'sandbox' };

/** The content of an answer as it would go over the wire. */
const contentOf = (answer: SimulatorAnswer | undefined): string =>
  typeof answer?.body === 'string' ? answer.body : JSON.stringify(answer?.body ?? stand);

/**
 * Ends a call the way the fault says, on the real socket.
 * @returns the status where a whole answer was sent
 */
export function applyFault(
  response: ServerResponse,
  fault: Fault,
  answer: SimulatorAnswer | undefined,
): number | undefined {
  const send = (status: number, headers: Record<string, string>, body: string | Buffer) => {
    response.writeHead(status, {
      ...headers,
      'content-length': String(Buffer.byteLength(body)),
      ...fault.headers,
    });
    response.end(body);
    return status;
  };
  const json = { 'content-type': 'application/json' };
  const status = answer?.status ?? 200;
  switch (fault.kind) {
    case 'hang':
      return undefined;
    case 'reset':
      response.socket?.resetAndDestroy();
      return undefined;
    case 'status':
      return send(fault.status ?? 500, json, JSON.stringify({ error: 'sandbox fault' }));
    case 'html':
      return send(fault.status ?? 500, { 'content-type': 'text/html; charset=utf-8' }, loginPage);
    case 'garbage':
      return send(status, json, Buffer.from([0x00, 0xff, 0xfe, 0x7b, 0x80, 0x22, 0x0a, 0xc3]));
    case 'empty':
      return send(status, json, '');
    case 'redirect':
      return send(fault.status ?? 307, { location: fault.location ?? '/elsewhere' }, '');
    case 'wrong-shape':
      return send(status, json, JSON.stringify([['unexpected', { shape: true }]]));
    case 'truncate':
      cut(response, status, contentOf(answer));
      return undefined;
    case 'wrong-content-length':
      understate(response, status, contentOf(answer));
      return undefined;
    case 'drip':
      drip(response, status);
      return undefined;
    case 'oversize':
      flood(response, status);
      return undefined;
  }
}

/** Announces the whole body, sends half of it and drops the connection. */
function cut(response: ServerResponse, status: number, content: string) {
  const bytes = Buffer.from(content);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(bytes.length),
  });
  // Destroyed only once the half is on its way, else the client would see a reset without an answer.
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => {
    setTimeout(() => response.destroy(), 20);
  });
}

/** Announces half of the body and sends all of it. */
function understate(response: ServerResponse, status: number, content: string) {
  const length = Math.floor(Buffer.byteLength(content) / 2);
  const head = `HTTP/1.1 ${status} Sandbox\r\nContent-Type: application/json\r\nContent-Length: ${length}`;
  response.socket?.end(`${head}\r\n\r\n${content}`);
}

/** Headers at once, then a byte at a time for as long as the client listens. */
function drip(response: ServerResponse, status: number) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.write('[');
  const timer = setInterval(() => response.write(' '), dripMilliseconds);
  response.on('close', () => clearInterval(timer));
}

/** A list that never seems to end, without a length to refuse it by. */
function flood(response: ServerResponse, status: number) {
  response.writeHead(status, { 'content-type': 'application/json' });
  const chunk = Buffer.from(`${'0,'.repeat(32 * 1024)}`);
  let sent = 0;
  response.write('[');
  const more = () => {
    while (sent < oversizeBytes) {
      sent += chunk.length;
      if (!response.write(chunk)) {
        response.once('drain', more);
        return;
      }
    }
    response.end('0]');
  };
  more();
}
