import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';
import { browserPath, startBrowser, type TestBrowser, withoutBrowser } from '../support/browser.ts';
import { endAll, portico, type Running } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';

/** The front-desk page as somebody sees it, on a sandbox of its own. */
export interface FrontDesk {
  readonly origin: string;
  readonly browser: TestBrowser;
  /** A new tab, as wide as a desktop unless said otherwise. */
  open(options?: { path?: string; width?: number; height?: number }): Promise<Page>;
  /** A new tab with this patient's record, with all parts of it there unless said otherwise. */
  openPatient(name: string, isWhole?: boolean): Promise<Page>;
  /** Steers a simulated vendor, see `src/sandbox/simulator-control.ts`. */
  control(vendor: string, words: string, body?: object): Promise<unknown>;
  close(): Promise<void>;
}

/** Browsers and sandboxes are slow to start on a busy machine. */
const patience = { timeout: 120_000 };

const originOf = (running: Running, vendor: string) =>
  new RegExp(` ${vendor} +(\\S+)`).exec(running.stderr())?.[1] ?? '';

/** Its process ends with `endAll()`. */
async function startFrontDesk(): Promise<FrontDesk> {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const running = portico(['start'], { PORT: String(port) });
  await running.says(/Ready\./);
  const browser = await startBrowser();
  const open: FrontDesk['open'] = async ({ path = '/', width = 1280, height = 900 } = {}) => {
    const page = await browser.open();
    await page.setViewportSize({ width, height });
    await page.goto(`${origin}${path}`);
    return page;
  };
  return {
    ...{ origin, browser, open },
    async openPatient(name, isWhole = true) {
      const page = await open();
      await page.getByLabel('Find a patient').fill(name);
      await page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
      if (isWhole) {
        // What is still to come moves what is there: somebody who presses meanwhile may miss, and so may tests.
        await page.waitForFunction(() => document.querySelector('.loading') === null);
      }
      return page;
    },
    async control(vendor, words, body) {
      const [method = '', path = ''] = words.split(' ');
      const answer = await fetch(`${originOf(running, vendor)}/_sandbox/${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      if (!answer.ok) {
        throw new Error(`${words} at ${vendor}: ${answer.status} ${await answer.text()}`);
      }
      return answer.status === 200 ? answer.json() : undefined;
    },
    close: () => browser.close(),
  };
}

/** Tests at one front desk, which is started before them; skipped, with a word why, where there is no browser. */
export function describeFrontDesk(title: string, tests: (desk: FrontDesk) => void): void {
  // Skipped where there is no Chromium, as the title then says, with how to get it: `.ci/run` installs it.
  describe.skipIf(browserPath === undefined)(`${title}${withoutBrowser}`, patience, () => {
    // Filled in once it is started: tests look into it no earlier.
    const desk = {} as FrontDesk;
    beforeAll(async () => {
      Object.assign(desk, await startFrontDesk());
    }, patience.timeout);
    afterAll(async () => {
      await desk.close?.();
      await endAll();
    });
    tests(desk);
  });
}

/** A card of a patient's record. */
export const cardOf = (page: Page, title: string): Locator =>
  page.getByRole('region', { name: title, exact: true });

/** What one vendor contributes to a card. */
export const partOf = (card: Locator, vendor: string): Locator =>
  card.locator(`[data-vendor="${vendor}"]`);

export const dialogOf = (page: Page): Locator => page.getByRole('dialog');

/** Answers the question that a dialog asks before something in it is lost. */
export const answerLeaving = (page: Page, title: string, answer: 'Stay' | 'Leave') =>
  page.getByRole('dialog', { name: title }).getByRole('button', { name: answer }).click();

/** What has the focus, by its text. */
export const focusedText = (page: Page) =>
  page.evaluate(() => document.activeElement?.textContent ?? '');

/** What is said when something was done. */
export const noticeOf = (page: Page, text: string | RegExp): Locator =>
  page.getByRole('status').getByText(text);

export const press = (place: Page | Locator, name: string | RegExp) =>
  place.getByRole('button', { name }).click();

/** Whether anything is cut off at the right, or has to be scrolled to. */
export const overflows = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
