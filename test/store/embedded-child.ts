import { writeSync } from 'node:fs';
import { lockDirectory } from '../../src/store/embedded-lock.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createSealer } from '../../src/store/sealing.ts';

/**
 * A process of its own for `embedded.test.ts`: takes a data folder, as a store or only its lock, says
 * in one line how that went, and stays until it is killed.
 */
const [task, dataDirectory = ''] = process.argv.slice(2);
const say = (line: string) => writeSync(1, `${line}\n`);

try {
  if (task === 'lock') {
    await lockDirectory(dataDirectory);
    say('LOCKED');
  } else {
    const store = await openStore({
      dataDirectory,
      sealer: createSealer({ current: Buffer.alloc(32, 7) }),
      clock: Date.now,
    });
    const person = { firstName: 'Ana', lastName: 'Silva', birthDate: null, sex: null };
    const patient = await store.patients.create(
      { ...person, email: null, phone: null, address: null },
      'subject-ana',
    );
    say(patient?.id ?? 'NONE');
  }
} catch (error) {
  say(`REFUSED ${String(error)}`);
}
setInterval(() => undefined, 1000);
