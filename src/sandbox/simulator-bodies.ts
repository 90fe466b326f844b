import type { IncomingMessage } from 'node:http';

const largestBody = 5 * 1024 * 1024;

/** A body that could not be read; answered with its status. */
export class UnreadableBody extends Error {
  constructor(readonly status: 400 | 413) {
    super('unreadable body');
  }
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largestBody) {
      throw new UnreadableBody(413);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Fields of a form; one that occurs several times becomes a list. */
function collect(entries: Iterable<[string, unknown]>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of entries) {
    fields[name] = Object.hasOwn(fields, name) ? [fields[name], value].flat() : value;
  }
  return fields;
}

/**
 * The parsed body: JSON, a form of either kind, or text; undefined where there is none.
 * @throws UnreadableBody where it is not what its content type says, or above 5 MiB
 */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) {
    return undefined;
  }
  const type = request.headers['content-type'] ?? '';
  try {
    if (/^application\/([\w.-]+\+)?json\b/i.test(type)) {
      return JSON.parse(bytes.toString('utf8'));
    }
    if (/^(multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(type)) {
      const form = await new Response(new Uint8Array(bytes), {
        headers: { 'content-type': type },
      }).formData();
      return collect(form as unknown as Iterable<[string, unknown]>);
    }
  } catch {
    throw new UnreadableBody(400);
  }
  return bytes.toString('utf8');
}
