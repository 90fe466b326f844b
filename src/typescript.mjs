// Module hooks that let Node run the sources. Not tsx, which would name every closure at each time that it is
// made (`keepNames`), and leave `{ ...{ a, b }, c }` as it is, which takes V8 thirty times as long as
// `{ a, b, c }`.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';

export async function load(url, context, nextLoad) {
  if (!/^file:.*\.tsx?$/.test(url)) {
    return nextLoad(url, context);
  }
  const { code } = await transform(await readFile(new URL(url), 'utf8'), {
    loader: url.endsWith('x') ? 'tsx' : 'ts',
    target: `node${process.versions.node}`,
    sourcefile: fileURLToPath(url),
    minifySyntax: true,
    sourcemap: 'inline',
    sourcesContent: false,
  });
  return { format: 'module', source: code, shortCircuit: true };
}
