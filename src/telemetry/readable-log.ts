import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const levels: Readonly<Record<number, [string, Style]>> = {
  10: ['TRACE', 'gray'],
  20: ['DEBUG', 'gray'],
  30: ['INFO ', 'green'],
  40: ['WARN ', 'yellow'],
  50: ['ERROR', 'red'],
  60: ['FATAL', 'red'],
};

const plain = (value: unknown) =>
  typeof value === 'string' && /^[\w/.:{}-]+$/.test(value) ? value : JSON.stringify(value);

/** The places of a fault stand below it, one to a line. */
const placesIn = (fault: unknown): string[] =>
  ((fault as { stack?: unknown[] } | undefined)?.stack ?? []).map((place) =>
    JSON.stringify(place).slice(1, -1),
  );

const withoutPlaces = (fault: unknown) => {
  const { stack: _places, ...rest } = fault as { stack?: unknown };
  return rest;
};

/**
 * A line of the log as people read it in a terminal: when, how grave, what, and its facts. Whatever is no
 * line of ours is left as it is.
 * @param styled whether the terminal knows colours
 */
export function readable(line: string, styled: boolean): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line);
  } catch {
    return line;
  }
  const { level, time, msg, requestId, fault, ...facts } = entry;
  const paint = (style: Style, text: string) =>
    styled ? styleText(style, text, { validateStream: false }) : text;
  const [word, style] = levels[Number(level)] ?? ['     ', 'gray'];
  const told = Object.entries({
    ...facts,
    ...(fault !== undefined && { fault: withoutPlaces(fault) }),
  })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${paint('gray', `${name}=`)}${plain(value)}`);
  const at = String(time).slice(11, 23);
  const request = requestId === undefined ? [] : [paint('gray', `[${plain(requestId)}]`)];
  const first = [paint('gray', at), paint(style, word), String(msg), ...told, ...request].join(' ');
  return `${[first, ...placesIn(fault)].join('\n')}\n`;
}

interface Terminal {
  write(text: string): unknown;
  hasColors?(): boolean;
}

/** Where pino writes to when somebody looks on. */
export const readableLog = (terminal: Terminal) => {
  const styled = terminal.hasColors?.() ?? false;
  return { write: (line: string) => void terminal.write(readable(line, styled)) };
};
