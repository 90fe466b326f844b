import type { ServerResponse } from 'node:http';

/**
 * Lets a foreign handler do its work and believe that it answered, so that a fault can answer instead.
 * `ended` resolves when the handler is done; `restore` gives the response back unused.
 */
export function swallowAnswer(response: ServerResponse): {
  ended: Promise<void>;
  restore: () => void;
} {
  const { write, end, writeHead, flushHeaders } = response;
  const restore = () => {
    Object.assign(response, { write, end, writeHead, flushHeaders });
    for (const name of response.getHeaderNames()) {
      response.removeHeader(name);
    }
  };
  const ended = new Promise<void>((resolve) => {
    Object.assign(response, {
      write: () => true,
      writeHead: () => response,
      flushHeaders: () => {},
      end: () => {
        restore();
        resolve();
        return response;
      },
    });
  });
  return { ended, restore };
}

/** Lets a foreign handler act at once and holds its answer back; `restore` ends that. */
export function holdAnswer(
  response: ServerResponse,
  milliseconds: number,
): { restore: () => void } {
  const { end } = response;
  Object.assign(response, {
    end: (...values: Parameters<typeof end>) => {
      setTimeout(() => end.apply(response, values), milliseconds);
      return response;
    },
  });
  return { restore: () => void Object.assign(response, { end }) };
}
