import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ownIdentity, type ProcessIdentity, stateOf } from './process-identity.ts';
import { codeOf, StoreError } from './store-error.ts';

/**
 * The lock on an embedded database, which takes none itself: two processes on one folder lose rows.
 *
 * Lock files are numbered, and the highest number holds the folder. Taking over means to create the
 * next number, which only one process can; a file is never emptied or renamed while it counts. So no
 * two contenders for a dead process' lock can both win, however slow one of them is.
 */

interface LockContent extends ProcessIdentity {
  token: string;
  /** True after an orderly close. */
  released?: boolean;
}

/** How often a holder shows that it lives, for those that cannot see its process. */
const heartbeat = 5_000;
/** Silence after which a holder elsewhere counts as dead. */
const longestSilence = 20_000;
/** Silence after which a holder asks itself whether it counts as dead; clocks differ. */
const uncertainSilence = longestSilence / 2;
/** A lock file is written right after it is created; one that stays empty was left by a crash. */
const longestEmpty = 2_000;
const poll = 250;
const lockName = /^portico-(\d{1,12})\.lock$/;

/** Locks that this very process holds; one list per process, also where this module is loaded twice. */
function locksHeldHere(): Set<string> {
  const registry = globalThis as Record<symbol, unknown>;
  const name = Symbol.for('portico.embedded-locks');
  const found = registry[name];
  if (found instanceof Set) {
    return found as Set<string>;
  }
  const created = new Set<string>();
  registry[name] = created;
  return created;
}
const heldHere = locksHeldHere();

const pathOf = (directory: string, number: number) => join(directory, `portico-${number}.lock`);

const numbersIn = (directory: string) =>
  readdirSync(directory)
    .flatMap((name) => lockName.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((one, other) => other - one);

function read(path: string): { content: LockContent | undefined; silence: number } | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    const silence = Date.now() - statSync(path).mtimeMs;
    try {
      return { content: JSON.parse(text) as LockContent, silence };
    } catch {
      return { content: undefined, silence };
    }
  } catch {
    return undefined;
  }
}

/** What stands in the way of taking the folder: nothing, a living process, or one to wait for. */
function judge(path: string): 'FREE' | 'HELD' | 'WAIT' {
  const found = read(path);
  if (found === undefined) {
    return 'WAIT';
  }
  const { content, silence } = found;
  if (content === undefined) {
    return silence > longestEmpty ? 'FREE' : 'WAIT';
  }
  if (content.released) {
    return 'FREE';
  }
  if (heldHere.has(content.token)) {
    return 'HELD';
  }
  const state = stateOf(content);
  if (state === 'UNKNOWN') {
    return silence > longestSilence ? 'FREE' : 'WAIT';
  }
  // Where the system does not say when a process began: our own id on a lock that is not ours was left
  // by a process that had this id before us.
  const reused = content.pid === process.pid && content.started === null;
  return state === 'DEAD' || reused ? 'FREE' : 'HELD';
}

const takenOver = (directory: string) =>
  new StoreError(
    'UNUSABLE',
    `The data folder ${directory} was taken over by another Portico process, as this one stood still for long: it writes nothing more there, and ends. ` +
      'An embedded database can only be used by one; to run several, use PostgreSQL (DATABASE_URL).',
  );

const inUse = (directory: string) =>
  new StoreError(
    'UNUSABLE',
    `The data folder ${directory} is in use by another Portico process, and an embedded database can only be used by one. ` +
      'Stop the other process, give this one a DATA_DIR of its own, or use PostgreSQL (DATABASE_URL).',
    'IN_USE',
  );

/** True where `number` was ours to take and still is the highest. */
function take(directory: string, number: number, content: LockContent): boolean {
  try {
    writeFileSync(pathOf(directory, number), JSON.stringify(content), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return false;
    }
    throw error;
  }
  const numbers = numbersIn(directory);
  if (numbers[0] !== number) {
    rmSync(pathOf(directory, number), { force: true });
    return false;
  }
  for (const older of numbers.slice(1)) {
    rmSync(pathOf(directory, older), { force: true });
  }
  return true;
}

/** A folder that is held. */
export interface FolderLock {
  /**
   * To be asked before anything is written: a process that stood still may have lost it meanwhile.
   * @throws StoreError UNUSABLE where it has
   */
  check(): void;
  /** Gives it back. */
  release(): void;
}

/**
 * Takes the folder for this process. Waits for a moment where it cannot tell yet whether the holder
 * lives (another container's process, which is judged by its heartbeat). Where another takes it over, an
 * error that nobody catches ends this process.
 * @throws StoreError UNUSABLE where another process, or another store of this one, uses it
 */
export async function lockDirectory(
  directory: string,
  onProgress: (line: string) => void = () => undefined,
): Promise<FolderLock> {
  const content: LockContent = { ...ownIdentity(), token: randomUUID() };
  const waitUntil = performance.now() + longestSilence + heartbeat;
  for (let told = false; ; ) {
    const highest = numbersIn(directory)[0];
    const verdict = highest === undefined ? 'FREE' : judge(pathOf(directory, highest));
    if (verdict === 'FREE') {
      const number = (highest ?? 0) + 1;
      // Before the file exists, or a second store of this process would take it for a left-over.
      heldHere.add(content.token);
      if (take(directory, number, content)) {
        return hold(directory, number, content, onProgress);
      }
      heldHere.delete(content.token);
      continue;
    }
    if (verdict === 'HELD' || performance.now() > waitUntil) {
      throw inUse(directory);
    }
    if (!told) {
      told = true;
      onProgress(`Waiting to see whether the data folder ${directory} is still in use.`);
    }
    await delay(poll);
  }
}

function hold(
  directory: string,
  taken: number,
  content: LockContent,
  onProgress: (line: string) => void,
): FolderLock {
  let number = taken;
  let lost = false;
  let lastBeat = Date.now();
  const isUncertain = () => Date.now() - lastBeat > uncertainSilence;

  /** Whether it still is ours; then that is shown to the others. */
  function isOurs(now: Date): boolean {
    if (!isUncertain()) {
      const ours = numbersIn(directory)[0] === number;
      if (ours) {
        utimesSync(pathOf(directory, number), now, now);
      }
      return ours;
    }
    // Somebody may be about to take it: only one of us gets the next number.
    const ours = take(directory, number + 1, content);
    number += ours ? 1 : 0;
    return ours;
  }

  function beat(): void {
    const now = new Date();
    // Lost is lost, also where whoever took it has given it back.
    lost ||= !isOurs(now);
    if (lost) {
      throw takenOver(directory);
    }
    lastBeat = now.getTime();
  }

  const timer = setInterval(() => {
    try {
      beat();
    } catch (error) {
      if (error instanceof StoreError) {
        clearInterval(timer);
        onProgress(error.message);
        throw error;
      }
      // A disk that fails, say: it may pass, and `check` lets nothing through if it does not.
    }
  }, heartbeat);
  timer.unref();
  return {
    check() {
      if (lost || isUncertain()) {
        beat();
      }
    },
    release() {
      clearInterval(timer);
      if (!heldHere.delete(content.token)) {
        return;
      }
      try {
        const released = JSON.stringify({ ...content, released: true });
        writeFileSync(pathOf(directory, number), released, { flag: 'r+' });
      } catch {
        // A folder that was removed under us: there is nothing left to protect.
      }
    },
  };
}
