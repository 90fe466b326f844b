import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleOperations } from '../../src/plugins/example-operations.ts';
import { browserPath, startBrowser, type TestBrowser, withoutBrowser } from '../support/browser.ts';
import { endAll, portico } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';

describe.skipIf(browserPath === undefined)(`GraphiQL in a browser (${withoutBrowser})`, () => {
  let origin: string;
  let browser: TestBrowser;
  let page: Page;
  beforeAll(async () => {
    const port = await freePort();
    origin = `http://localhost:${port}`;
    await portico(['start'], { PORT: String(port) }).says(/Ready\./);
    browser = await startBrowser();
    page = await browser.open();
    await page.goto(`${origin}/graphql`);
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await endAll();
  });

  it('opens', { timeout: 120_000 }, async () => {
    await page.locator('.graphiql-container').waitFor();
    await page.waitForTimeout(5000);
    await page.screenshot({ path: '/tmp/graphiql-1.png' });
    await page.getByRole('button', { name: /execute/i }).click();
    await page.waitForTimeout(3000);
    await page.screenshot({ path: '/tmp/graphiql-2.png' });
    console.log(await page.locator('[role=tab]').count(), exampleOperations().length, browser.faults);
  });
});
