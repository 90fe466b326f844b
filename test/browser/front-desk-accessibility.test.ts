import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  answerLeaving,
  cardOf,
  describeFrontDesk,
  dialogOf,
  noticeOf,
  overflows,
  partOf,
  press,
} from './front-desk.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** A folder: what is looked at by axe can then be looked at by people, too. */
const screenshots = process.env.SCREENSHOTS;

describeFrontDesk('the front desk for everybody: axe, keyboard, phone', (desk) => {
  /** What axe has against the page as it is; and that nothing is cut off. */
  async function look(page: Page, name: string) {
    await page.evaluate(axe);
    const { violations, passes } = (await page.evaluate('axe.run()')) as AxeResults;
    expect(passes.length).toBeGreaterThan(10);
    const found = violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`),
    }));
    expect(found, name).toEqual([]);
    expect(await overflows(page), `${name} is too wide`).toBe(false);
    if (screenshots !== undefined) {
      mkdirSync(screenshots, { recursive: true });
      const path = join(screenshots, `${name} ${page.viewportSize()?.width}.png`);
      await page.screenshot({ path, fullPage: (await dialogOf(page).count()) === 0 });
    }
  }

  describe.each([
    { width: 1280, height: 900 },
    { width: 390, height: 844 },
  ])('at a width of $width', (size) => {
    let page: Page;
    beforeAll(async () => {
      page = await desk.open(size);
    });
    const dialog = () => dialogOf(page);
    let patient = '';

    /** A dialog may cover all else that says whom it is for. */
    async function lookAtDialog(name: string) {
      await look(page, name);
      const born = patient === 'Ana Silva' ? 'Feb 11, 1988' : 'Mar 17, 2001';
      const named = page.getByRole('dialog', { name: `${patient}, born ${born}` });
      await named.evaluate((element) =>
        element.querySelector('.dialog-content')?.scrollBy(0, 9_999),
      );
      const place = await named.getByText(born).boundingBox();
      expect(place?.y, name).toBeGreaterThan(0);
      expect(place?.y, name).toBeLessThan(size.height / 2);
    }

    async function openPatient(name: string) {
      patient = name;
      if (size.width < 500) {
        const back = page.getByRole('button', { name: 'Find another patient' });
        if (await back.isVisible()) {
          await back.click();
        }
      }
      await page.getByLabel('Find a patient').fill(name);
      await page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
      await page.locator('.loading').first().waitFor({ state: 'detached' });
      await expect.poll(() => page.locator('.loading').count()).toBe(0);
    }

    it('the start', async () => {
      await noticeOf(page, /^\d+ patients$/).waitFor();
      await look(page, 'start');
      await page.getByLabel('Find a patient').fill('Nobody');
      await noticeOf(page, 'Nobody is called').waitFor();
      await look(page, 'nobody found');
    });

    it('a patient, and one of whom little is known', async () => {
      await openPatient('Ana Silva');
      await cardOf(page, 'Appointments').getByText('Past and cancelled').first().click();
      await cardOf(page, 'Appointments').getByText('Cancelled', { exact: true }).waitFor();
      await look(page, 'patient');
      await openPatient('Emi Tanaka');
      await look(page, 'little known');
    });

    it('the dialogs of portal access', async () => {
      await openPatient('Emi Tanaka');
      await press(cardOf(page, 'Portal access'), 'Onboard at Nimbus');
      await lookAtDialog('onboard');
      await page.keyboard.press('Escape');
      await openPatient('Ana Silva');
      await press(cardOf(page, 'Portal access'), 'Invite');
      await lookAtDialog('invite');
      await page.keyboard.press('Escape');
      await press(cardOf(page, 'Portal access'), 'New sign-in link');
      await lookAtDialog('enable');
      await press(dialog(), 'Make the link');
      await dialog().getByText('Portal access is enabled.').waitFor();
      await lookAtDialog('one-time link');
      await press(dialog(), 'Done');
      await answerLeaving(page, 'Leave without the link?', 'Leave');
      await press(cardOf(page, 'Portal access'), 'Revoke');
      await lookAtDialog('revoke');
      await page.keyboard.press('Escape');
    });

    it('the dialog of a new patient, with an answer refused', async () => {
      if (size.width < 500) {
        await press(page, 'Find another patient');
      }
      await press(page, 'Onboard a new patient');
      for (const field of await dialog().locator('input[required]').all()) {
        const type = await field.getAttribute('type');
        await field.fill(type === 'date' ? '1999-01-01' : type === 'number' ? '5' : 'Ab');
      }
      await dialog().getByLabel('E-mail').fill('gina@example.com');
      await dialog().getByLabel('Phone').fill('+15550104499');
      await dialog().getByLabel('Sex').selectOption('Female');
      await press(dialog(), 'Onboard');
      await dialog().getByRole('alert').first().waitFor();
      await look(page, 'refused');
      await page.keyboard.press('Escape');
      await look(page, 'leave');
      await answerLeaving(page, 'Leave without sending?', 'Leave');
    });

    it('the steps of a booking', async () => {
      await openPatient('Ana Silva');
      await press(cardOf(page, 'Appointments'), 'Book an appointment');
      await dialog().getByText('Who pays?').waitFor();
      await lookAtDialog('insurance');
      await dialog().getByRole('button', { name: 'Techniker' }).click();
      await dialog().getByRole('button', { name: 'Radiology' }).click();
      await lookAtDialog('type');
      await dialog().getByRole('button', { name: 'MRT' }).click();
      await dialog().locator('.day').first().waitFor();
      await lookAtDialog('time');
      await dialog().locator('.day button').nth(2).click();
      await lookAtDialog('booking');
      await page.keyboard.press('Escape');
    });

    it('the dialogs of appointments, visits and requests', async () => {
      const appointments = partOf(cardOf(page, 'Appointments'), 'MY_PATIENT_PORTAL').first();
      for (const [word, name] of [
        ['Reschedule', 'reschedule'],
        ['Join ASAP list', 'join ASAP list'],
        ['Cancel', 'cancel'],
      ] as const) {
        await appointments.getByRole('button', { name: word }).first().click();
        if (name === 'reschedule') {
          await dialog().locator('.day').first().waitFor();
        }
        await lookAtDialog(name);
        await page.keyboard.press('Escape');
      }
      await press(cardOf(page, 'Visits'), 'New VSee link');
      await lookAtDialog('VSee link');
      await page.keyboard.press('Escape');
      await press(cardOf(page, 'Visits'), 'Start a walk-in');
      await dialog().getByText('open for walk-ins').waitFor();
      await lookAtDialog('walk-in');
      await desk.control('VSEE', 'POST faults', {
        ...{ kind: 'reset', match: 'POST .*add_walkin', times: 1 },
      });
      await press(dialog(), 'Start now');
      await dialog().getByText('may have done this, or not').waitFor();
      await lookAtDialog('outcome unknown');
      await page.keyboard.press('Escape');
      await answerLeaving(page, 'Leave without knowing?', 'Leave');
      await cardOf(page, 'Open portal requests').getByText('Dismiss').first().click();
      await lookAtDialog('dismiss');
      await page.keyboard.press('Escape');
    });

    it('a patient some of whose vendors fail, and one who is on their way', async () => {
      await desk.control('CERBO', 'PUT latency', { milliseconds: 5_000 });
      await desk.control('NIMBUS', 'POST faults', { kind: 'status', status: 503 });
      await page.reload();
      await cardOf(page, 'Latest order').getByRole('alert').waitFor();
      await look(page, 'failures');
      await desk.control('CERBO', 'DELETE calls');
      await desk.control('NIMBUS', 'DELETE calls');
    });
  });

  it('needs no pointer: a patient is found and a visit started with keys alone', async () => {
    const page = await desk.open();
    await page.getByLabel('Find a patient').waitFor();
    const focused = () =>
      page.evaluate(() => {
        const { activeElement: element } = document;
        return element?.getAttribute('aria-label') ?? element?.textContent ?? '';
      });
    /** Tabs on until something of that name has the focus. */
    async function tabTo(name: RegExp) {
      for (let steps = 0; steps < 60; steps += 1) {
        await page.keyboard.press('Tab');
        if (name.test(await focused())) {
          return;
        }
      }
      throw new Error(`No Tab leads to ${name}.`);
    }
    await page.keyboard.press('Tab');
    expect(await focused()).toMatch(/Skip to the content/);
    await tabTo(/^David Rossi/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'David Rossi' }).waitFor();
    await expect.poll(focused).toBe('David Rossi');
    await tabTo(/^Start a walk-in/);
    await page.keyboard.press('Enter');
    await dialogOf(page).waitFor();
    // In the dialog, on its first field; and nowhere else while it is open.
    await page.keyboard.type('Tired');
    await page.keyboard.press('Enter');
    await dialogOf(page).getByText('The patient is in the waiting room’s queue.').waitFor();
    await tabTo(/^Done/);
    await page.keyboard.press('Enter');
    await dialogOf(page).getByText('It was neither opened nor copied').waitFor();
    await tabTo(/^Leave/);
    await page.keyboard.press('Enter');
    await expect.poll(focused).toBe('Start a walk-in');
    await cardOf(page, 'Visits').getByText('Tired').waitFor();
  });

  it('stays readable where a phone is narrow, or its text large', async () => {
    const page = await desk.open({ width: 320, height: 640 });
    await page.getByRole('button', { name: /^Ana Silva/ }).click();
    await cardOf(page, 'Appointments').getByText('Sprechstunde').first().waitFor();
    expect(await overflows(page)).toBe(false);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.evaluate(() => {
      document.documentElement.style.fontSize = '32px';
    });
    expect(await overflows(page)).toBe(false);
    // What was chosen stands in words, and not in one letter above the other.
    await press(cardOf(page, 'Appointments'), 'Book an appointment');
    await press(dialogOf(page), /^Techniker/);
    const chosen = await dialogOf(page).getByText('Techniker Krankenkasse').boundingBox();
    expect(chosen?.width).toBeGreaterThan(200);
  });

  it('breaks no word of its tables, and lets none out of its card, at any width', async () => {
    const page = await desk.openPatient('Ana Silva');
    await cardOf(page, 'Appointments').getByText('Past and cancelled').first().click();
    await cardOf(page, 'Appointments').getByText('Cancelled', { exact: true }).waitFor();
    for (const width of [780, 900, 1030, 1100, 1200, 1280, 1600]) {
      await page.setViewportSize({ width, height: 900 });
      const broken = await page.locator('table.rows').evaluateAll((tables) =>
        tables.flatMap((table) => {
          const card = table.parentElement?.getBoundingClientRect().right ?? 0;
          const words = [...table.querySelectorAll('th:not(:has(*)), strong')].filter((word) => {
            const range = document.createRange();
            range.selectNodeContents(word);
            const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
            return lines.size > (word.textContent.match(/\S+/g)?.length ?? 0);
          });
          const isOut = table.getBoundingClientRect().right > card + 1;
          return [...words.map((word) => word.textContent), ...(isOut ? ['too wide'] : [])];
        }),
      );
      expect(broken, `at ${width}`).toEqual([]);
    }
  });

  it('asked nobody but this machine, and broke nowhere', () => {
    expect(desk.browser.faults).toEqual([]);
  });
});
