import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openAnnouncements } from '../../src/store/announcements.ts';
import { endAll, temporaryFolder } from '../support/command-line.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { emptyDatabase, useStores } from './stores.ts';

afterAll(endAll);

describe('announcements', () => {
  useStores();

  test('outlive a file of DATABASE_URL that is away for a moment', async () => {
    const url = new URL(await emptyDatabase());
    const there = openAnnouncements(url.href);
    const file = join(temporaryFolder(), 'authority.pem');
    url.searchParams.set('sslrootcert', file);
    // What the test's server can do; the file is read all the same.
    url.searchParams.set('sslmode', 'disable');
    const away = openAnnouncements(url.href);
    const heard: string[] = [];
    away.onSaid('topic', (text) => heard.push(text));
    away.say('topic', 'lost');
    writeFileSync(file, '');
    await vi.waitFor(
      () => {
        there.say('topic', 'said');
        expect(heard).toContain('said');
      },
      { timeout: 10_000, interval: 100 },
    );
    await Promise.all([there.close(), away.close()]);
  });

  test('go on over a new connection where the one that they had falls silent', async () => {
    const databaseUrl = await emptyDatabase();
    const there = openAnnouncements(databaseUrl);
    let silence: () => void = () => undefined;
    const proxy = await startTcpProxy(databaseUrl, (near, far) => {
      let isSilent = false;
      silence = () => {
        isSilent = true;
      };
      near.on('data', (chunk) => isSilent || far.write(chunk));
      far.on('data', (chunk) => isSilent || near.write(chunk));
    });
    const away = openAnnouncements(proxy.url);
    const heard: string[] = [];
    away.onSaid('topic', (text) => heard.push(text));
    const hears = (word: string) =>
      vi.waitFor(
        () => {
          there.say('topic', word);
          expect(heard).toContain(word);
        },
        { timeout: 15_000, interval: 100 },
      );
    await hears('before');
    silence();
    away.say('topic', 'said to nobody');
    await hears('after');
    await Promise.all([there.close(), away.close()]);
    await proxy.close();
  });
});
