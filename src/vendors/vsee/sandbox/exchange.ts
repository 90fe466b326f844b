import type { IncomingHttpHeaders } from 'node:http';

/** A request as the routes read it. */
export interface Asked {
  params: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: unknown;
}

export interface Told {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

export type VSeeRoutes = Record<string, (asked: Asked) => Told>;

/** Ends a request with the vendor's error body: code and message, no field list, no `data`. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly status: 400 | 401 | 403 | 404,
    message: string,
  ) {
    super(message);
  }
}

/** Success; creates answer 200 too. */
export const data = (value: unknown, beside: Record<string, unknown> = {}): Told => ({
  status: 200,
  body: { data: value, ...beside },
});

/** A page of the portal; texts are HTML already. */
export const page = (status: number, title: string, text: string): Told => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8', 'referrer-policy': 'no-referrer' },
  body: `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1><p>${text}</p></html>`,
});

/** The vendor's body of a refusal; other faults go on. */
export function answering(route: (asked: Asked) => Told): (asked: Asked) => Told {
  return (asked) => {
    try {
      return route(asked);
    } catch (error) {
      if (error instanceof Refused) {
        const { status, message } = error;
        return { status, body: { code: status, message } };
      }
      throw error;
    }
  };
}
