import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';

const begun: ChildProcess[] = [];
afterAll(() => {
  for (const child of begun) {
    child.kill('SIGKILL');
  }
});

/** Starts a program that has the log as `log`, once or twice with one standard output. */
function begin(program: string, times: 1 | 2 = 1) {
  const source = new URL('../../src/telemetry/gathered-log.ts', import.meta.url);
  const module = `import { pino } from 'pino';
    import { gatheredLog } from ${JSON.stringify(source.href)};
    const base = { pid: process.pid, worker: 7 };
    const log = pino({ base }, gatheredLog(base));
    ${program}`;
  const tsx = import.meta.resolve('tsx');
  const words = [process.execPath, '--import', tsx, '--input-type=module', '-e', module];
  const shell = times === 1 ? 'exec "$0" "$@"' : '"$0" "$@" & "$0" "$@" & wait';
  const child = spawn('sh', ['-c', shell, ...words], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  begun.push(child);
  const stdout = child.stdout as Readable;
  const ended = once(child, 'exit');
  return { child, stdout, ended };
}

const linesIn = (written: string) =>
  written
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
const linesOf = async (stdout: Readable) => linesIn(await text(stdout));

/** Runs it to its end. @returns what came in, line by line, and its exit code */
async function run(program: string) {
  const { stdout, ended } = begin(program);
  const lines = await linesOf(stdout);
  const [code] = await ended;
  return { code, said: lines.map(({ msg }) => msg as string) };
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

  it('takes a line of any length, and one that does not end', async () => {
    const { said, code } = await run(
      `log.info('x'.repeat(100_000));
       setTimeout(() => gatheredLog(base).write(JSON.stringify({ msg: 'y'.repeat(9_000) })), 50);`,
    );
    expect(said.map(({ length }) => length)).toEqual([100_000, 9_000]);
    expect(code).toBe(0);
  });

  // pino's own destination would try for ever, and nothing else would ever happen in the process.
  it('holds nobody up when its reader is gone, and ends', async () => {
    const { child, stdout, ended } = begin(`
      log.info('there');
      process.once('message', () => {
        for (const word of ['one', 'two', 'three']) setTimeout(() => log.info(word), 20);
        setTimeout(() => process.send('still here', () => { log.info('last'); process.exit(7); }), 100);
      });`);
    await once(stdout, 'data');
    stdout.destroy();
    child.send('go on');
    const [said] = await once(child, 'message');
    expect(said).toBe('still here');
    expect(await ended).toEqual([7, null]);
  });

  it('holds nobody up when its reader is slow: lines wait, and are counted where they are too many', async () => {
    const { child, stdout, ended } = begin(`
      let line = 0;
      const more = () => {
        for (const end = line + 100; line < end; line += 1) log.info({ line }, 'x'.repeat(1_000));
        if (line < 3_000) setImmediate(more); else process.send('all said');
      };
      more();
      process.once('message', () => { log.info({ line }, 'after'); setTimeout(() => process.exit(), 500); });`);
    const [said] = await once(child, 'message');
    expect(said).toBe('all said');
    let taken = '';
    stdout.setEncoding('utf8').on('data', (piece: string) => {
      taken += piece;
    });
    // Once all that waited is taken.
    await vi.waitFor(() => expect(taken).toContain('"lost":'), { timeout: 10_000 });
    child.send('go on');
    await Promise.all([ended, once(stdout, 'end')]);
    const lines = linesIn(taken);
    const numbered = lines.filter((each) => each.line !== undefined).map((each) => each.line);
    const lost = lines.reduce((sum, each) => sum + (each.lost ?? 0), 0);
    expect(lines.filter((each) => each.lost !== undefined)).toMatchObject([
      { level: 40, worker: 7, msg: 'lines of the log were lost: nobody took them' },
    ]);
    expect(lost).toBeGreaterThan(1_000);
    expect(numbered.length + lost).toBe(3_001);
    expect(numbered).toEqual([...numbered].sort((one, other) => one - other));
    expect(numbered.length).toBeGreaterThan(1_000);
    expect(lines.at(-1)).toMatchObject({ line: 3_000, msg: 'after' });
  });

  it('keeps its lines whole beside another process’s on the same output, as workers have it', async () => {
    const { stdout, ended } = begin(
      `for (let line = 0; line < 900; line += 1) log.info('x'.repeat(1_000));
       setTimeout(() => process.exit(), 4_000);`,
      2,
    );
    // They have to wait, each with a part of what it has to say.
    await delay(1_000);
    const lines = await linesOf(stdout);
    await ended;
    expect(lines).toHaveLength(1_800);
    expect(new Set(lines.map(({ pid }) => pid)).size).toBe(2);
  });
});
