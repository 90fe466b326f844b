import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { projectFolder } from '../support/source-files.ts';

/** What the compiler says of `hook-types.ts`: nothing, and how much without its expectations. */

const fixture = `${projectFolder}test/client/hook-types.ts`;
const text = readFileSync(fixture, 'utf8');
const expectation = /^\s*\/\/ @ts-expect-error/;

/** Line and code of each error. @param source in place of the fixture's own text */
function errorsOf(source: string): { line: number; code: number }[] {
  const read = ts.readConfigFile(`${projectFolder}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, projectFolder);
  const host = ts.createCompilerHost(options);
  const { readFile } = host;
  host.readFile = (path) => (path === fixture ? source : readFile(path));
  host.getSourceFile = (path, target) => {
    const content = host.readFile(path);
    return content === undefined ? undefined : ts.createSourceFile(path, content, target);
  };
  const program = ts.createProgram([fixture], options, host);
  const file = program.getSourceFile(fixture);
  return ts.getPreEmitDiagnostics(program, file).map(({ start = 0, code }) => ({
    line: file?.getLineAndCharacterOfPosition(start).line ?? -1,
    code,
  }));
}

describe('the hooks and documents', () => {
  it('narrow user errors by their type, and refuse wrong variables', { timeout: 120_000 }, () => {
    expect(errorsOf(text)).toEqual([]);

    // Each of them is expected for a reason: without the expectation there is an error below it.
    const lines = text.split('\n');
    const expected = lines.flatMap((line, index) => (expectation.test(line) ? [index + 1] : []));
    const bare = lines.map((line) => line.replace(expectation, '// Refused:')).join('\n');
    const found = errorsOf(bare);
    expect(expected.length).toBeGreaterThan(12);
    expect([...new Set(found.map(({ line }) => line))]).toEqual(expected);
  });
});
