import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';

/** Runs a program that has the log as `log`. @returns what came in, line by line, and its exit code */
async function run(program: string) {
  const source = new URL('../../src/telemetry/gathered-log.ts', import.meta.url);
  const text = `import { pino } from 'pino';
    import { gatheredLog } from ${JSON.stringify(source.href)};
    const log = pino({}, gatheredLog());
    ${program}`;
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', text],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    written += piece;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  const lines = written.split('\n').filter(Boolean);
  return { code, said: lines.map((line) => JSON.parse(line).msg as string) };
}

describe('the log on standard output', () => {
  it('writes the lines of one turn when it is over, in their order', async () => {
    const { said } = await run(`
      const { writeSync } = await import('node:fs');
      for (const word of ['one', 'two']) log.info(word);
      writeSync(1, '{"msg":"still the same turn"}\\n');
      setTimeout(() => log.info('later'), 100);`);
    expect(said).toEqual(['still the same turn', 'one', 'two', 'later']);
  });

  it('loses nothing when the process ends in the same turn, or by a fault', async () => {
    expect(await run(`log.info('last'); process.exit(3);`)).toEqual({ said: ['last'], code: 3 });
    expect(await run(`log.fatal('gone'); process.exit(1);`)).toEqual({ said: ['gone'], code: 1 });
  });

  it('takes more at once than one write does', async () => {
    const { said } = await run(
      `for (let line = 0; line < 500; line += 1) log.info('x'.repeat(1_000));`,
    );
    expect(said).toHaveLength(500);
  });
});
