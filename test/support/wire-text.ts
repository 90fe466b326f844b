/** The texts of prepared statements, by the names that `prepared-statements.ts` gives them. */
const texts = new Map<string, string>();

const prepared = /(portico_[0-9a-f]{32})\0([^\0]+)\0/g;
const bound = /\0(portico_[0-9a-f]{32})\0/g;

/**
 * What a process tells its database, byte for byte, and before it, as they stood there, the texts of the statements
 * that it names: what was prepared goes over the wire by its name alone.
 */
export function wireText(chunk: Buffer): string {
  const said = chunk.toString('latin1');
  for (const [, name, text] of said.matchAll(prepared)) {
    texts.set(name as string, text as string);
  }
  const named = [...said.matchAll(bound)].map(([, name]) => `\0${texts.get(name as string) ?? ''}`);
  return [...named, said].join('\n');
}
