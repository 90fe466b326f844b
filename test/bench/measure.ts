import { readFileSync } from 'node:fs';
import { memoryOf } from '../support/process-memory.ts';
import type { Peer } from './clinic.ts';

/** Somebody who answers the same question as the others. */
export interface Subject {
  name: string;
  pid: number;
  url: string;
  headers: Record<string, string>;
  body: string;
}

export interface LoadOrder {
  url: string;
  headers: Record<string, string>;
  body: string;
  connections: number;
  seconds: number;
}

export interface LoadSaid {
  answers: number;
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p95: number;
  p99: number;
  /** How many different lengths answers had. */
  sizes: number;
  bad: number;
}

export interface Measured extends Omit<LoadSaid, 'sizes' | 'bad'> {
  /** Microseconds of the subject's own process for each request. */
  cpu: number;
  /** Megabytes resident at the end. */
  memory: number;
}

/** Milliseconds of a clock tick in /proc. */
const tick = 10;

/** Milliseconds that a process has run. */
export function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * tick;
}

/** @throws Error where any answer was no answer: what was measured would be something else */
export async function measure(
  load: Peer<LoadOrder, LoadSaid>,
  { name, pid, ...shot }: Subject,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Measured> {
  const before = cpuOf(pid);
  const { sizes, bad, ...said } = await load.ask({ ...shot, connections, seconds });
  const cpu = ((cpuOf(pid) - before) * 1000) / said.answers;
  if (bad > 0 || sizes !== 1) {
    throw new Error(`${name}: ${bad} bad answers, ${sizes} different lengths`);
  }
  return { ...said, cpu, memory: memoryOf(pid) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** From the least to the most, as "1,234 to 1,300". */
export const spread = (values: readonly number[]) =>
  `${Math.round(Math.min(...values)).toLocaleString('en')} to ${Math.round(Math.max(...values)).toLocaleString('en')}`;

export const whole = (value: number) => Math.round(value).toLocaleString('en');
export const oneDigit = (value: number) => value.toFixed(1);

/** A table in Markdown. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
