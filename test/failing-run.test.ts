import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { endAll, temporaryFolder } from './support/command-line.ts';

afterAll(endAll);

it('a run of the tests fails where one of them does', { timeout: 120_000 }, () => {
  const config = join(process.cwd(), 'test', 'vitest.config.ts');
  const root = temporaryFolder();
  mkdirSync(join(root, 'test'));
  symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
  const code = (test: string) => {
    writeFileSync(
      join(root, 'test', 'one.test.ts'),
      `import { expect, it } from 'vitest';\n${test}`,
    );
    const vitest = join('node_modules', 'vitest', 'vitest.mjs');
    const words = ['run', '--config', config, '--root', root];
    return spawnSync(process.execPath, [vitest, ...words], {
      ...{ timeout: 60_000, env: { PATH: process.env.PATH } },
    }).status;
  };
  expect(code("it('holds', () => expect(1).toBe(1));")).toBe(0);
  expect(code("it('fails', () => expect(1).toBe(2));")).toBe(1);
});
