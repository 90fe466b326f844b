import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder, and those above it that are not there. Node's own way (20.20) never returns where the system
 * makes none in a folder that is there and says ENOENT, as in `/proc`.
 * @throws the system's error
 */
export function makeFolder(folder: string): void {
  const path = resolve(folder);
  if (existsSync(path)) {
    return;
  }
  const above = dirname(path);
  if (above !== path) {
    makeFolder(above);
  }
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process that was started at the same time may have been first.
    if (!existsSync(path)) {
      throw error;
    }
  }
}
