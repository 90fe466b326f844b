import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exampleOperations } from '../../src/plugins/example-operations.ts';
import { browserPath, startBrowser, type TestBrowser, withoutBrowser } from '../support/browser.ts';
import { endAll, portico } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';

const title = 'GraphiQL, without the internet';

describe.skipIf(browserPath === undefined)(`${title}${withoutBrowser}`, () => {
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
    await browser?.close();
    await endAll();
  });

  const tabs = () => page.locator('.graphiql-tab-button');
  const open = async (name: string) => {
    await page.locator(`.graphiql-tab-button[title="${name}"]`).click();
    // The editor follows; what is executed is what it holds.
    await page.locator('.graphiql-query-editor').getByText(name).first().waitFor();
  };

  /** Runs the tab and waits for its answer. */
  async function answered() {
    const answer = page.waitForResponse(
      (each) => each.request().postData()?.includes('IntrospectionQuery') === false,
    );
    await page.getByRole('button', { name: /execute/i }).click();
    return JSON.parse(await (await answer).text());
  }
  const shown = (text: string) => page.locator('.result-window').getByText(text).first().waitFor();

  it('opens with the operations as tabs', { timeout: 120_000 }, async () => {
    await tabs().first().waitFor();
    expect(await tabs().allTextContents()).toEqual(exampleOperations().map(({ name }) => name));
  });

  it('runs the first one, signed in, and shows its result and vendor calls', {
    timeout: 120_000,
  }, async () => {
    const { data, errors, extensions } = await answered();
    expect(errors).toBeUndefined();
    expect(data.patient.fullName).toBe('Ana Silva');
    await shown('"Ana Silva"');
    // It is a long answer, of which only what is in sight is in the page.
    await page.locator('.result-window .view-lines').first().click();
    await page.keyboard.press('Control+End');
    await shown('"deduplicated"');
    await shown('"startedAfter"');
    const vendors = extensions.vendorCalls.map(({ vendor }: { vendor: string }) => vendor);
    const all = ['CERBO', 'MD_HQ', 'MY_PATIENT_PORTAL', 'NIMBUS', 'VSEE'];
    expect([...new Set(vendors)].sort()).toEqual(all);
    expect(extensions.vendorCalls[0]).toEqual({
      vendor: expect.any(String),
      operation: expect.stringMatching(/\w/),
      attempts: 1,
      status: 200,
      outcome: 'OK',
      deduplicated: expect.any(Number),
      startedAfter: 0,
      duration: expect.any(Number),
    });
  });

  it('runs a mutation, with variables that work', { timeout: 120_000 }, async () => {
    await open('EnablePortalAccess');
    const { data } = await answered();
    expect(data.enablePortalAccess).toMatchObject({
      userErrors: [],
      portalAccess: { vendor: 'NIMBUS' },
    });
    await shown('"enablePortalAccess"');
  });

  it('has no other tabs after a reload, and is still signed in', { timeout: 120_000 }, async () => {
    // GraphiQL keeps what is open, and its tabs, each half a second after the last change; a tab is added where
    // they do not agree.
    const isKept = () =>
      page.evaluate(() => {
        const read = (name: string) => localStorage.getItem(`graphiql:${name}`);
        const { tabs, activeTabIndex } = JSON.parse(read('tabState') ?? '{"tabs":[]}');
        const tab = tabs[activeTabIndex];
        return tab?.title === 'EnablePortalAccess' && tab.query === read('query');
      });
    await expect.poll(isKept, { timeout: 10_000 }).toBe(true);
    const introspected = page.waitForResponse(
      (each) => each.request().postData()?.includes('IntrospectionQuery') === true,
    );
    await page.reload();
    await introspected;
    await tabs().first().waitFor();
    await open('Viewer');
    expect((await answered()).data.viewer.subject).toBe('sandbox-staff');
    expect(await tabs().count()).toBe(exampleOperations().length);
  });

  it('asked nobody but this machine, and broke nowhere', () => {
    expect(browser.faults).toEqual([]);
  });
});
