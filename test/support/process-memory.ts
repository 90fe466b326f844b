import { readFileSync } from 'node:fs';

/** Megabytes of a process, as the kernel counts them. @throws where the process has ended */
const megabytes = (pid: number, what: 'VmRSS' | 'VmHWM') => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
};

/** What is resident now. */
export const memoryOf = (pid: number) => megabytes(pid, 'VmRSS');

/** The most that was resident since the process began. */
export const mostMemoryOf = (pid: number) => megabytes(pid, 'VmHWM');
