import { existsSync } from 'node:fs';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { temporaryFolder } from './command-line.ts';

/** A real browser: Debian's package `chromium`, since the test tool's own download is no package of npm. */

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Undefined where there is none. */
export const browserPath = [process.env.CHROMIUM, ...places].find(
  (path) => path !== undefined && existsSync(path),
);

/** Of a test of the browser: why it is skipped, where it is. */
export const withoutBrowser =
  browserPath === undefined
    ? ' (skipped: there is no Chromium here; `apt-get install chromium`, or CHROMIUM=<path>)'
    : '';

const flags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  // Nothing but this machine has a name or an address: a page that needs the internet stays blank.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
];

export interface TestBrowser {
  readonly context: BrowserContext;
  /** An empty page; what goes wrong in it is collected in `faults`. */
  open(): Promise<Page>;
  /** Uncaught errors of pages, and addresses beyond this machine that they tried. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

const isLocal = (address: string) =>
  /^(data|blob|about):/.test(address) ||
  ['localhost', '127.0.0.1', '[::1]'].includes(new URL(address).hostname);

/** Start it in `beforeAll`; only where there is a `browserPath`. Its folders go with `endAll()`. */
export async function startBrowser(): Promise<TestBrowser> {
  const faults: string[] = [];
  const context = await chromium.launchPersistentContext(temporaryFolder(), {
    executablePath: browserPath ?? '',
    headless: true,
    args: flags,
    viewport: { width: 1400, height: 900 },
  });
  await context.route(
    (url) => !isLocal(url.href),
    (route) => {
      faults.push(`beyond this machine: ${route.request().url()}`);
      return route.abort();
    },
  );
  context.setDefaultTimeout(30_000);
  context.on('weberror', (error) => faults.push(String(error.error())));
  return {
    context,
    faults,
    open: () => context.newPage(),
    close: () => context.close(),
  };
}
