import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process wrote a lock. A process id alone is used again, and means nothing in another container. */
export interface ProcessIdentity {
  pid: number;
  /** The machine's start and the process-id namespace: ids are only comparable within. */
  realm: string;
  /** When the process began, in a form that is only compared; null where the system does not say. */
  started: string | null;
}

function attempt(read: () => string): string | null {
  try {
    return read().trim();
  } catch {
    return null;
  }
}

/** Field 22 of Linux's `/proc/<pid>/stat`; the name before it may hold spaces and brackets. */
function startOf(pid: number): string | null {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

const currentRealm = () =>
  [
    hostname(),
    attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')) ?? '',
    attempt(() => readlinkSync('/proc/self/ns/pid')) ?? '',
  ].join(' ');

export const ownIdentity = (): ProcessIdentity => ({
  pid: process.pid,
  realm: currentRealm(),
  started: startOf(process.pid),
});

/** Whether a process still runs; `UNKNOWN` for one of another machine or container. */
export function stateOf(identity: ProcessIdentity): 'ALIVE' | 'DEAD' | 'UNKNOWN' {
  if (identity.realm !== currentRealm()) {
    return 'UNKNOWN';
  }
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') {
      return 'DEAD';
    }
  }
  const started = startOf(identity.pid);
  const known = started !== null && identity.started !== null;
  return known && started !== identity.started ? 'DEAD' : 'ALIVE';
}
