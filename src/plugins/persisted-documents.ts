import { createHash } from 'node:crypto';

/** Documents by their hash, as `persisted-documents.json` of GraphQL code generator's client preset has them. */
export type PersistedDocuments = ReadonlyMap<string, string>;

const digest = (algorithm: 'sha1' | 'sha256', text: string) =>
  createHash(algorithm).update(text).digest('hex');

/** Whether it is the SHA-256 of the text, or its SHA-1, which the generator makes by default. */
export const isHashOf = (hash: string, text: string) => {
  const bare = hash.replace(/^sha(1|256):/, '').toLowerCase();
  return bare === digest('sha256', text) || bare === digest('sha1', text);
};

/**
 * Reads a manifest.
 * @throws Error that says what is wrong with it
 */
export function readPersistedDocuments(manifest: string): PersistedDocuments {
  let entries: [string, unknown][];
  try {
    entries = Object.entries(JSON.parse(manifest));
  } catch {
    throw new Error('it is not JSON');
  }
  const documents = new Map<string, string>();
  for (const [hash, text] of entries) {
    if (typeof text !== 'string') {
      throw new Error(`the document of ${hash} is no text`);
    }
    if (!isHashOf(hash, text)) {
      throw new Error(`${hash} is neither the SHA-256 nor the SHA-1 of its document`);
    }
    documents.set(hash.replace(/^sha(1|256):/, '').toLowerCase(), text);
  }
  return documents;
}
