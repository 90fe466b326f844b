import type { Data } from './gateway.ts';

/** Reading answers that arrive bit by bit. */

export interface ArrivedPart {
  body: Data;
  /** Milliseconds after the answer began. */
  after: number;
}

/** Pieces of a stream's text, each up to a separator. */
async function* piecesOf(response: Response, separator: string): AsyncGenerator<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const pieces = text.split(separator);
    text = pieces.pop() ?? '';
    yield* pieces;
  }
  yield text;
}

/** The parts of an answer of `multipart/mixed`, as they arrive. */
export async function* partsOf(response: Response): AsyncGenerator<ArrivedPart> {
  const started = performance.now();
  for await (const piece of piecesOf(response, '\r\n---')) {
    const [, body] = piece.split('\r\n\r\n');
    if (body) {
      yield { body: JSON.parse(body), after: performance.now() - started };
    }
  }
}

export async function allPartsOf(response: Response): Promise<ArrivedPart[]> {
  const parts: ArrivedPart[] = [];
  for await (const part of partsOf(response)) {
    parts.push(part);
  }
  return parts;
}

/** The `next` events of an answer of `text/event-stream`, as they arrive; returns when it is complete. */
export async function* eventsOf(response: Response): AsyncGenerator<Data> {
  for await (const piece of piecesOf(response, '\n\n')) {
    const [, event] = /^event: (\w+)$/m.exec(piece) ?? [];
    const [, data] = /^data: (.+)$/m.exec(piece) ?? [];
    if (event === 'next' && data !== undefined) {
      yield JSON.parse(data);
    } else if (event === 'complete') {
      return;
    }
  }
}
