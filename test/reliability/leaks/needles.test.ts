import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Needles } from './needles.ts';

/** The search that other tests rely on to find nothing: here it finds what there is. */

const secret = 'Müller+tok/en-Ω7f3a91x"q';

describe('a value that is searched for', () => {
  it.each<[string, (value: string) => string | Buffer]>([
    ['as it is', (value) => value],
    ['in capitals', (value) => value.replace('ller', 'LLER').replace('tok', 'TOK')],
    ['in small letters', (value) => value.replace('M', 'm')],
    ['in an address', (value) => `https://a.example/?x=${encodeURIComponent(value)}&y`],
    ['in JSON', (value) => JSON.stringify({ value })],
    ['in base64', (value) => Buffer.from(value).toString('base64')],
    ['in base64, after one letter', (value) => Buffer.from(`:${value}:`).toString('base64')],
    ['in base64, after two letters', (value) => Buffer.from(`a:${value}`).toString('base64')],
    ['in base64url', (value) => Buffer.from(`name:${value}`).toString('base64url')],
    [
      'among zeros',
      (value) => Buffer.concat([Buffer.alloc(99), Buffer.from(value), Buffer.alloc(9)]),
    ],
    ['at the very start', (value) => `${value}${'.'.repeat(50)}`],
    ['at the very end', (value) => `${'.'.repeat(50)}${value}`],
  ])('is found %s', (_how, write) => {
    const needles = new Needles();
    needles.add('credential', 'a token', secret, 'another-one');
    expect(needles.find('here', write(secret))).toEqual([
      { kind: 'credential', what: 'a token', where: 'here' },
    ]);
  });

  it('is not found where it is not, nor in part', () => {
    const needles = new Needles();
    needles.add('credential', 'a token', secret);
    for (const text of ['', 'M', secret.slice(1), secret.slice(0, -1), '.'.repeat(1000)]) {
      expect(needles.find('here', text)).toEqual([]);
    }
  });

  it.each([
    ['Ana Silva', 1],
    ['"silva"', 1],
    ['Silvania', 1],
    ['sealed.dGFsilvaX9', 0],
    ['sealed.dGFsilvania', 0],
  ])('a short name is found in %s this often: %i', (text, times) => {
    const needles = new Needles();
    needles.add('person', 'a name', 'Silva');
    expect(needles.find('here', text)).toHaveLength(times);
  });

  it('is left out where it is too short to tell', () => {
    const needles = new Needles();
    needles.add('person', 'a name', 'Ana', null, undefined, '', 'Silva', 'Silva');
    expect(needles.size).toBe(1);
  });

  it('is found in any file below a folder, of the kinds that are asked for', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portico-needles-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'one'), Buffer.concat([Buffer.alloc(70_000), Buffer.from('Silva')]));
    writeFileSync(join(folder, 'two'), 'secret-token');
    const needles = new Needles();
    needles.add('person', 'a name', 'Silva');
    needles.add('credential', 'a token', 'secret-token');
    const found = needles.findInFiles(folder);
    expect(found.map(({ where }) => where).sort()).toEqual(['one', 'two']);
    expect(needles.findInFiles(folder, ['person'])).toEqual([
      { kind: 'person', what: 'a name', where: 'one' },
    ]);
  });
});
