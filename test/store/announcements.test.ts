import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openAnnouncements } from '../../src/store/announcements.ts';
import { endAll, temporaryFolder } from '../support/command-line.ts';
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
});
