import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import {
  answerLeaving,
  cardOf,
  describeFrontDesk,
  dialogOf,
  focusedText,
  noticeOf,
  partOf,
  press,
} from './front-desk.ts';

describeFrontDesk('the front desk when something fails', (desk) => {
  const phone = { width: 390, height: 844 };

  /** Lets the page ask again for all that it shows, as when somebody comes back to its tab a minute later. */
  const comeBack = (page: Page) =>
    page.evaluate(() => {
      const { now } = Date;
      Date.now = () => now() + 60_000;
      dispatchEvent(new Event('visibilitychange'));
    });

  /** Types into the dialog of an appointment, and leaves it open. */
  async function halfDone(page: Page) {
    await press(cardOf(page, 'Appointments'), /^Join ASAP list/);
    await dialogOf(page).getByLabel('E-mail').fill('half.done@example.com');
  }
  const typedIn = (page: Page) => dialogOf(page).getByLabel('E-mail').inputValue();

  it('leads back to the search from a link to nobody, on a phone, too', async () => {
    const known = new URL((await desk.openPatient('Ana Silva')).url()).searchParams.get('patient');
    const unknown = [...(known ?? '')].reverse().join('');
    for (const id of ['nobody', unknown]) {
      const page = await desk.open({ ...phone, path: `/?patient=${encodeURIComponent(id)}` });
      await page.getByRole('heading', { level: 1, name: 'There is no such patient' }).waitFor();
      const search = page.getByLabel('Find a patient');
      expect(await search.isVisible()).toBe(false);
      await press(page, 'Find another patient');
      await expect
        .poll(() => search.evaluate((field) => field === document.activeElement))
        .toBe(true);
    }
  });

  it('closes an empty dialog that “back” has led away from, so that the patient can be worked on', async () => {
    const page = await desk.openPatient('David Rossi');
    await page.setViewportSize(phone);
    await press(page, 'Find another patient');
    await press(page, 'Onboard a new patient');
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'David Rossi' }).waitFor();
    await press(cardOf(page, 'Visits'), 'Start a walk-in');
    expect(await dialogOf(page).count()).toBe(1);
  });

  it('leaves the focus where it is when a record is found corrected', async () => {
    const page = await desk.openPatient('Emi Tanaka');
    const search = page.getByLabel('Find a patient');
    await search.focus();
    await page.route('**/graphql', async (route, request) => {
      const answer = await route.fetch();
      const text = await answer.text();
      const corrected = request.postData()?.includes('query PatientRecord(')
        ? text.replaceAll('Tanaka', 'Tanaka-Berg')
        : text;
      await route.fulfill({ response: answer, body: corrected });
    });
    await comeBack(page);
    await page.getByRole('heading', { level: 1, name: 'Emi Tanaka-Berg' }).waitFor();
    expect(await page.title()).toBe('Emi Tanaka-Berg · Front desk');
    expect(await search.evaluate((field) => field === document.activeElement)).toBe(true);
  });

  it('keeps a dialog, and what was typed, when a vendor fails meanwhile', async () => {
    const page = await desk.openPatient('Ana Silva');
    const part = partOf(cardOf(page, 'Appointments'), 'MY_PATIENT_PORTAL');
    await halfDone(page);
    await desk.control('MY_PATIENT_PORTAL', 'POST faults', { kind: 'status', status: 503 });
    onTestFinished(() => desk.control('MY_PATIENT_PORTAL', 'DELETE calls').then(() => undefined));
    await comeBack(page);
    await part.getByText('MyPatientPortal cannot be reached').first().waitFor();
    expect(await typedIn(page)).toBe('half.done@example.com');
  });

  it('keeps the record, and a dialog in it, when Portico fails; and asks again', async () => {
    const page = await desk.openPatient('Ben Okafor');
    await page.locator('.loading').first().waitFor({ state: 'detached' });
    await expect.poll(() => page.locator('.loading').count(), { timeout: 10_000 }).toBe(0);
    await halfDone(page);
    await page.route('**/graphql', (route) => route.fulfill({ status: 200, body: 'no answer' }));
    await comeBack(page);
    const stale = page.getByText('What is shown may be out of date.');
    // The record, the ways into portals, and six parts of vendors.
    await stale.nth(7).waitFor();
    expect(await typedIn(page)).toBe('half.done@example.com');
    await page.keyboard.press('Escape');
    await answerLeaving(page, 'Leave without sending?', 'Leave');
    await page.unroute('**/graphql');
    await page.getByRole('button', { name: 'Try again' }).nth(1).click();
    await expect.poll(() => page.getByRole('alert').count(), { timeout: 10_000 }).toBe(0);
    await cardOf(page, 'Appointments').getByText('Booked').first().waitFor();
  });

  it('keeps a dialog open until the answer is there, which may be a link that is shown once', async () => {
    const page = await desk.openPatient('David Rossi');
    await press(cardOf(page, 'Visits'), 'Start a walk-in');
    await dialogOf(page).getByText('open for walk-ins').waitFor();
    await desk.control('VSEE', 'PUT latency', { milliseconds: 2_000 });
    onTestFinished(() => desk.control('VSEE', 'DELETE calls').then(() => undefined));
    await press(dialogOf(page), 'Start now');
    await dialogOf(page).getByText('Being sent: wait for the answer.').waitFor();
    for (const leave of ['Not now', 'Close']) {
      await dialogOf(page).getByRole('button', { name: leave }).click({ force: true });
    }
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    const link = dialogOf(page).getByRole('link', { name: 'Open the visit' });
    await link.waitFor();
    // Nor is that lost by a key: it is never shown again.
    await page.keyboard.press('Escape');
    await answerLeaving(page, 'Leave without the link?', 'Stay');
    const [opened] = await Promise.all([page.waitForEvent('popup'), link.click()]);
    await opened.close();
    await press(dialogOf(page), 'Close');
    expect(await dialogOf(page).count()).toBe(0);
  });

  it('asks before what was entered is lost, however often Escape is pressed', async () => {
    const page = await desk.open();
    const opener = 'Onboard a new patient';
    await press(page, opener);
    await page.keyboard.press('Escape');
    await expect.poll(() => dialogOf(page).count()).toBe(0);
    await press(page, opener);
    const firstName = page.getByLabel('First name');
    await firstName.fill('Frida');
    const question = page.getByRole('dialog', { name: 'Leave without sending?' });
    for (let times = 0; times < 4; times += 1) {
      await page.keyboard.press('Escape');
      await question.waitFor();
      await page.keyboard.press('Escape');
      // Not only closed: until the page has noticed that, the next key is still the question's.
      await expect.poll(() => page.locator('dialog dialog').count()).toBe(0);
    }
    expect(await firstName.inputValue()).toBe('Frida');
    expect(await firstName.evaluate((field) => field === document.activeElement)).toBe(true);
    // As a browser closes a dialog that does not know how it may be closed, or reloads the page.
    await dialogOf(page).evaluate((dialog: HTMLDialogElement) => dialog.requestClose());
    const asked = page.waitForEvent('dialog');
    const reloaded = page.reload({ timeout: 5_000 }).catch(() => 'stayed');
    await (await asked).dismiss();
    expect(await reloaded).toBe('stayed');
    for (const word of ['Not now', 'Close']) {
      await press(dialogOf(page), word);
      await answerLeaving(page, 'Leave without sending?', 'Stay');
      expect(await firstName.inputValue()).toBe('Frida');
    }
    // Nothing is lost with an empty form.
    await firstName.fill('');
    await page.keyboard.press('Escape');
    await expect.poll(() => dialogOf(page).count()).toBe(0);
    expect(await focusedText(page)).toBe(opener);
    await press(page, opener);
    await firstName.fill('Frida');
    await press(dialogOf(page), 'Close');
    await answerLeaving(page, 'Leave without sending?', 'Leave');
    await expect.poll(() => dialogOf(page).count()).toBe(0);
    expect(await focusedText(page)).toBe(opener);
    await press(page, opener);
    expect(await firstName.inputValue()).toBe('');
  });

  it('asks before a lost answer is left that nobody has looked up', async () => {
    const page = await desk.openPatient('Chloe Meyer');
    await press(cardOf(page, 'Portal access'), 'New sign-in link');
    await page.route('**/graphql', (route) => route.fulfill({ status: 500, body: 'lost' }));
    await press(dialogOf(page), 'Make the link');
    await dialogOf(page).getByText('This may have been done all the same.').waitFor();
    await page.unroute('**/graphql');
    await page.keyboard.press('Escape');
    await answerLeaving(page, 'Leave without knowing?', 'Stay');
    await press(dialogOf(page), 'Try again');
    await dialogOf(page).getByText('Portal access is enabled.').waitFor();
  });

  it('asks as well where the browser’s “back” would lose it, and then leads there', async () => {
    const page = await desk.openPatient('Chloe Meyer');
    const address = page.url();
    await press(cardOf(page, 'Portal access'), 'New sign-in link');
    await page.route('**/graphql', (route) => route.fulfill({ status: 500, body: 'lost' }));
    await press(dialogOf(page), 'Make the link');
    const unknown = dialogOf(page).getByText('This may have been done all the same.');
    await unknown.waitFor();
    await page.unroute('**/graphql');
    for (let times = 0; times < 2; times += 1) {
      await page.goBack();
      await answerLeaving(page, 'Leave without knowing?', 'Stay');
      await unknown.waitFor();
      expect(page.url()).toBe(address);
    }
    await page.goBack();
    await answerLeaving(page, 'Leave without knowing?', 'Leave');
    await page.getByLabel('Find a patient').waitFor();
    await expect.poll(() => new URL(page.url()).search).toBe('');
    expect(await dialogOf(page).count()).toBe(0);
    // Nothing is held any more.
    await page.goForward();
    await page.getByRole('heading', { level: 1, name: 'Chloe Meyer' }).waitFor();
    await page.goBack();
    await expect.poll(() => new URL(page.url()).search).toBe('');
  });

  it('signs in again where a session has ended, and loses nothing of what was typed', async () => {
    const page = await desk.openPatient('Ben Okafor');
    await halfDone(page);
    let tokens = 0;
    await page.route('**/sandbox/token/*', (route) => {
      tokens += 1;
      return route.continue();
    });
    const errors = [{ message: 'Sign in.', extensions: { code: 'UNAUTHENTICATED' } }];
    // Of this alone: whatever else the page asks for just then would begin another session.
    await page.route('**/graphql', (route) =>
      tokens === 0 && route.request().postData()?.includes('joinAsapList')
        ? route.fulfill({ status: 401, json: { errors } })
        : route.continue(),
    );
    await press(dialogOf(page), 'Join the list');
    await dialogOf(page).getByText('You are not signed in any more.').waitFor();
    expect(await typedIn(page)).toBe('half.done@example.com');
    await press(dialogOf(page), 'Try again');
    await noticeOf(page, 'The patient is on the ASAP list.').waitFor();
    expect(tokens).toBe(1);
  });

  it('says when to try again: in which zone, and on which day where that is not today', async () => {
    const page = await desk.openPatient('Chloe Meyer');
    await press(cardOf(page, 'Portal access'), 'New sign-in link');
    const error = {
      ...{ __typename: 'VendorUnavailableError', code: 'RATE_LIMITED', message: '', path: null },
      ...{ vendor: 'NIMBUS', retryAt: new Date(Date.now() + 24 * 3_600_000).toISOString() },
    };
    const enablePortalAccess = { portalAccess: null, operation: null, notice: null };
    const json = { data: { enablePortalAccess: { ...enablePortalAccess, userErrors: [error] } } };
    // What the page's other parts ask for meanwhile is answered as ever.
    await page.route('**/graphql', (route, request) =>
      request.postData()?.includes('mutation EnablePortalAccess')
        ? route.fulfill({ json })
        : route.continue(),
    );
    await press(dialogOf(page), 'Make the link');
    await dialogOf(page)
      .getByText(/Best after \w{3}, \w{3} \d+, (\d{4}, )?\d+:\d\d [AP]M, Pacific Time/)
      .waitFor();
  });

  it('says that the network is gone, and tries again with what the form holds then', async () => {
    const page = await desk.openPatient('Chloe Meyer');
    await press(cardOf(page, 'Portal access'), 'New sign-in link');
    const hours = dialogOf(page).getByLabel('Valid for (hours)');
    await desk.browser.context.setOffline(true);
    onTestFinished(() => desk.browser.context.setOffline(false));
    await hours.fill('2');
    await press(dialogOf(page), 'Make the link');
    await dialogOf(page).getByText('Portico could not be reached.').waitFor();
    await desk.browser.context.setOffline(false);
    await hours.fill('3');
    const sent = page.waitForRequest((request) =>
      Boolean(request.postData()?.includes('mutation EnablePortalAccess')),
    );
    await press(dialogOf(page), 'Try again');
    expect((await sent).postDataJSON().variables.input.validForHours).toBe(3);
    await dialogOf(page).getByText('Portal access is enabled.').waitFor();
  });

  it('asked nobody but this machine, and broke nowhere', () => {
    expect(desk.browser.faults).toEqual([]);
  });
});
