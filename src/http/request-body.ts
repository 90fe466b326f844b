import { randomUUID } from 'node:crypto';
import { badInput } from '../domain/errors.ts';
import type { Exchange } from './exchange.ts';

export interface EncodedBody {
  contentType: string;
  content: string;
}

function multipart(fields: Readonly<Record<string, string>>): EncodedBody {
  const boundary = `portico-${randomUUID()}`;
  const parts = Object.entries(fields).map(([name, value]) => {
    if (/[\r\n"]/.test(name)) {
      throw badInput('A field name cannot be sent to the vendor.');
    }
    return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  });
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    content: `${parts.join('')}--${boundary}--\r\n`,
  };
}

/** A body as it goes over the wire, with its content type; undefined where an exchange has none. */
export function encodeBody(body: Exchange<unknown>['body']): EncodedBody | undefined {
  if (body === undefined) {
    return undefined;
  }
  if ('json' in body) {
    return { contentType: 'application/json', content: JSON.stringify(body.json) };
  }
  if ('form' in body) {
    return {
      contentType: 'application/x-www-form-urlencoded',
      content: new URLSearchParams(body.form).toString(),
    };
  }
  return multipart(body.multipart);
}
