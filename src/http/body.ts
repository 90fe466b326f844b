import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';

/** Why a body could not be used. */
export type BodyFault = 'EMPTY_BODY' | 'NOT_JSON' | 'TRUNCATED_BODY' | 'BODY_TOO_LARGE';

export type DecodedBody = { bytes: Buffer } | { fault: BodyFault };

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  br: promisify(brotliDecompress),
  deflate: async (bytes: Buffer, options: { maxOutputLength: number }) => {
    // RFC 9110 means zlib's envelope; some servers send the bare stream.
    const enveloped = ((bytes[0] ?? 0) & 0x0f) === 8;
    return promisify(enveloped ? inflate : inflateRaw)(bytes, options);
  },
} as const;

const isKnown = (name: string): name is keyof typeof decoders => Object.hasOwn(decoders, name);

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/**
 * Undoes a `Content-Encoding`. Unknown and stacked encodings are refused, and so is a result of more
 * than `largest` bytes, which is never held in memory.
 */
export async function decodeBody(
  bytes: Buffer,
  encoding: string | undefined,
  largest: number,
): Promise<DecodedBody> {
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity' || bytes.length === 0) {
    return { bytes };
  }
  if (!isKnown(name)) {
    return { fault: 'NOT_JSON' };
  }
  try {
    return { bytes: await decoders[name](bytes, { maxOutputLength: largest }) };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      return { fault: 'BODY_TOO_LARGE' };
    }
    return { fault: code === 'Z_BUF_ERROR' ? 'TRUNCATED_BODY' : 'NOT_JSON' };
  }
}

/**
 * Reads JSON by content, whatever the content type says: one vendor labels JSON `text/plain`, others
 * label HTML as JSON. JSON that simply stops is told apart from what never was JSON.
 */
export function parseJson(bytes: Buffer): { value: unknown } | { fault: BodyFault } {
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  if (text.trim() === '') {
    return { fault: 'EMPTY_BODY' };
  }
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = Number(/at position (\d+)/.exec(message)?.[1]);
    const cut = /Unexpected end|Unterminated/.test(message) || position >= text.length;
    return { fault: cut ? 'TRUNCATED_BODY' : 'NOT_JSON' };
  }
}
