import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
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

describeFrontDesk('the front desk’s work on portal access and walk-ins', (desk) => {
  /** The link that an action brought, which the page shows only once. */
  async function oneTimeLink(page: Page, name: string): Promise<string> {
    const link = dialogOf(page).getByRole('link', { name });
    const address = (await link.getAttribute('href')) ?? '';
    expect(URL.canParse(address)).toBe(true);
    expect(await link.getAttribute('rel')).toBe('noreferrer');
    // Neither opened nor copied, it is lost with the dialog: that is asked, as it is of the ×.
    await press(dialogOf(page), 'Done');
    await answerLeaving(page, 'Leave without the link?', 'Stay');
    expect(await link.getAttribute('href')).toBe(address);
    await press(dialogOf(page), 'Done');
    await answerLeaving(page, 'Leave without the link?', 'Leave');
    await expect.poll(() => dialogOf(page).count()).toBe(0);
    await expect.poll(async () => (await page.content()).includes(address)).toBe(false);
    return address;
  }

  /** Idempotency keys of one mutation, as the page sends them from now on. */
  function keysOf(page: Page, mutation: string): string[] {
    const keys: string[] = [];
    page.on('request', (request) => {
      const { query = '', variables } = (request.postDataJSON() ?? {}) as {
        query?: string;
        variables?: { input: { idempotencyKey: string } };
      };
      if (query.includes(`mutation ${mutation}(`) && variables) {
        keys.push(variables.input.idempotencyKey);
      }
    });
    return keys;
  }

  async function fillMeasures(page: Page) {
    await dialogOf(page).getByLabel('Height: feet').fill('5');
    await dialogOf(page).getByLabel('Height: inches').fill('6');
    await dialogOf(page).getByLabel('Weight (pounds)').fill('132.5');
    await dialogOf(page).getByLabel('Treatment').getByText('Weight-loss, the usual one').waitFor({
      state: 'attached',
    });
    await dialogOf(page).getByLabel('Treatment').selectOption('Hair-loss');
  }

  async function fillPerson(page: Page, email: string, phone: string) {
    const entries = {
      ...{ 'First name': 'Frida', 'Last name': 'Sandberg', Born: '1999-04-23' },
      ...{ 'E-mail': email, Phone: phone },
      ...{
        Street: '2 Sandbox Street',
        City: 'Los Angeles',
        'State (2 letters)': 'CA',
        'ZIP code': '90012',
      },
    };
    for (const [label, text] of Object.entries(entries)) {
      await dialogOf(page).getByLabel(label, { exact: true }).fill(text);
    }
    await dialogOf(page).getByLabel('Sex').selectOption('Female');
    await fillMeasures(page);
  }

  it('leaves a button where it is when another one comes', async () => {
    const page = await desk.open();
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/graphql', async (route) => {
      if (route.request().postData()?.includes('query PortalAccess(')) {
        await answered;
      }
      await route.continue();
    });
    await page.getByLabel('Find a patient').fill('Ana Silva');
    await page.getByRole('button', { name: /^Ana Silva/ }).click();
    const button = cardOf(page, 'Portal access').getByRole('button', { name: 'New sign-in link' });
    await button.waitFor();
    const revoke = cardOf(page, 'Portal access').getByRole('button', { name: 'Revoke' });
    expect(await revoke.count()).toBe(0);
    const before = await button.boundingBox();
    answer();
    await revoke.waitFor();
    expect((await button.boundingBox())?.x).toBe(before?.x);
  });

  it('onboards a new patient, from the empty form to their record', async () => {
    const page = await desk.open();
    await press(page, 'Onboard a new patient');
    const dialog = dialogOf(page);
    // The browser itself names what is missing.
    await press(dialog, 'Onboard');
    expect(await dialog.locator(':invalid').count()).toBeGreaterThan(10);
    await fillPerson(page, 'frida.sandberg@example.com', 'no number');
    await press(dialog, 'Onboard');
    await dialog.getByRole('alert').getByText('Correct it and send it again.').waitFor();
    const phone = dialog.getByLabel('Phone');
    expect(await phone.evaluate((field) => field === document.activeElement)).toBe(true);
    await dialog
      .locator('.field-problem', { hasText: 'Enter a phone number of 5 to 15 digits' })
      .waitFor();
    await phone.fill('+49 030 123456');
    await press(dialog, 'Onboard');
    await dialog
      .getByText('as it is dialled from abroad, for example +49 30 123456')
      .first()
      .waitFor();
    await phone.fill('+15550104482');
    await press(dialog, 'Onboard');
    await dialog.getByText('The patient is onboarded').waitFor();
    expect(JSON.stringify(await desk.control('NIMBUS', 'GET calls'))).toContain(
      '"treatment_type":"Hair-loss"',
    );
    // From now on it is somebody of the register, who is named.
    await page.getByRole('dialog', { name: 'Frida Sandberg, born Apr 23, 1999' }).waitFor();
    await oneTimeLink(page, 'Open the portal');
    await page.getByRole('heading', { level: 1, name: 'Frida Sandberg' }).waitFor();
    await cardOf(page, 'Portal access').getByText('Active').waitFor();
    await page.getByRole('button', { name: /^Frida Sandberg/ }).waitFor();
  });

  it('leads to the record of a new patient who is in the register already', async () => {
    const page = await desk.openPatient('Ben Okafor');
    await press(page, 'Onboard a new patient');
    await fillPerson(page, 'ANA.silva@example.com', '+15550104482');
    await press(dialogOf(page), 'Onboard');
    await dialogOf(page).getByRole('alert').getByText('in the register already').waitFor();
    await press(dialogOf(page), 'Open the record of Ana Silva');
    await page.getByRole('heading', { level: 1, name: 'Ana Silva' }).waitFor();
    expect(await dialogOf(page).count()).toBe(0);
    await expect.poll(() => focusedText(page)).toBe('Ana Silva');
  });

  it('does not tell a patient that somebody else is in the register', async () => {
    const page = await desk.open();
    const userErrors = [
      {
        ...{ __typename: 'GeneralUserError', code: 'ALREADY_EXISTS', path: ['input'] },
        message: 'This cannot be done here. Ask the practice.',
      },
    ];
    const refused = {
      patient: null,
      portalAccess: null,
      operation: null,
      notice: null,
      userErrors,
    };
    await page.route('**/graphql', async (route, request) => {
      if (request.postData()?.includes('mutation OnboardPatient(')) {
        return route.fulfill({ json: { data: { onboardPatient: refused } } });
      }
      const answer = await route.fetch();
      const body = (await answer.text()).replaceAll('"vendor":"NIMBUS"', '"vendor":"CERBO"');
      return route.fulfill({ response: answer, body });
    });
    await page.getByLabel('Signed in as').selectOption('ben');
    await press(page, 'Onboard at Nimbus');
    await fillMeasures(page);
    await press(dialogOf(page), 'Onboard');
    await dialogOf(page).getByRole('alert').getByText('Ask the practice.').waitFor();
    expect(await dialogOf(page).getByText('in the register').count()).toBe(0);
  });

  it('onboards a patient of the register, asking only for what is missing', async () => {
    const other = await desk.openPatient('Emi Tanaka');
    await press(cardOf(other, 'Portal access'), 'Onboard at Nimbus');
    await fillMeasures(other);
    const page = await desk.openPatient('Emi Tanaka');
    await press(cardOf(page, 'Portal access'), 'Onboard at Nimbus');
    expect(await dialogOf(page).getByLabel('First name').count()).toBe(0);
    await fillMeasures(page);
    // The answer gets lost on the way, and Nimbus cannot be asked: staff finds out, and says so.
    await desk.control('NIMBUS', 'POST faults', {
      ...{ kind: 'reset', match: 'POST .*external-transfer-onboarding', times: 1 },
    });
    const keys = keysOf(page, 'OnboardPatient');
    await press(dialogOf(page), 'Onboard');
    await dialogOf(page).getByText('Nimbus may have done this, or not').waitFor();
    // The button that had the focus is gone: it is where it goes on.
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.textContent))
      .toBe('Look it up at Nimbus');
    await press(dialogOf(page), 'Look it up at Nimbus');
    await dialogOf(page).getByText('Nimbus cannot be asked about this.').waitFor();
    await press(dialogOf(page), 'It was not done');
    await dialogOf(page).getByText('It was not done. You can safely do it again.').waitFor();
    await press(dialogOf(page), 'Try again');
    await dialogOf(page).getByText('The patient is onboarded').waitFor();
    await oneTimeLink(page, 'Open the portal');
    await cardOf(page, 'Portal access').getByText('Active').waitFor();
    await page.locator('.patient-heading').getByText('Nimbus').waitFor();
    // A colleague, who had begun before, is told and sees what there is now.
    await press(dialogOf(other), 'Onboard');
    await dialogOf(other).getByText('The patient is onboarded already.').waitFor();
    expect(await dialogOf(other).getByText('Open the record').count()).toBe(0);
    await cardOf(other, 'Portal access')
      .getByText('New sign-in link', { exact: true })
      .waitFor({ state: 'attached' });
    // The lost one, the same asked what it came to, and a new one.
    expect(new Set(keys).size).toBe(2);
    expect(keys.at(-1)).not.toBe(keys[0]);
  });

  it('enables access after a failure under the same key, and revokes it with a reason', async () => {
    const page = await desk.openPatient('Chloe Meyer');
    const access = cardOf(page, 'Portal access');
    const keys = keysOf(page, 'EnablePortalAccess');
    await desk.control('NIMBUS', 'POST faults', { kind: 'status', status: 503 });
    await press(access, 'New sign-in link');
    await dialogOf(page).getByLabel('Valid for (hours)').fill('2');
    await press(dialogOf(page), 'Make the link');
    const alert = dialogOf(page).getByRole('alert');
    await alert.getByText('Try again: it will not be done twice.').waitFor();
    await desk.control('NIMBUS', 'DELETE calls');
    const done = dialogOf(page).getByText('Portal access is enabled.');
    for (let tries = 0; tries < 10 && !(await done.isVisible()); tries += 1) {
      await press(dialogOf(page), 'Try again');
      await done.waitFor({ timeout: 2_000 }).catch(() => undefined);
    }
    await done.waitFor();
    expect(keys.length).toBeGreaterThan(1);
    expect(new Set(keys).size).toBe(1);
    await oneTimeLink(page, 'Open the portal');

    // The one before: its day is not over.
    await access.getByText('Replaced', { exact: true }).waitFor();

    await press(access, 'Revoke');
    await dialogOf(page).getByLabel('Reason').fill('Moved away');
    await press(dialogOf(page), 'Revoke access');
    await noticeOf(page, 'Portal access is revoked.').waitFor();
    await access.getByText('Revoked: Moved away').first().waitFor();
    // Its button is gone: the focus stays in the card.
    await access.getByRole('button', { name: 'Revoke' }).waitFor({ state: 'detached' });
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.textContent))
      .toBe('Portal access');
  });

  it('invites to a portal', async () => {
    const page = await desk.openPatient('Chloe Meyer');
    const access = cardOf(page, 'Portal access');
    await press(access, 'Invite');
    await dialogOf(page).getByLabel('Portal').selectOption('MD HQ');
    await press(dialogOf(page), 'Send the invitation');
    await noticeOf(page, 'The invitation is on its way.').waitFor();
    await access.getByText('Invited').waitFor();
    await access.getByText('MD HQ').waitFor();
    // The focus goes back to where it was, or into the page.
    const dismiss = page.locator('.notice').getByRole('button');
    await dismiss.click();
    expect(await focusedText(page)).toBe('Invite');
    await press(access, 'Invite');
    await press(dialogOf(page), 'Send the invitation');
    await dismiss.waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await dismiss.click();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
  });

  it('shows and selects a link that the browser does not copy', async () => {
    const page = await desk.openPatient('Chloe Meyer');
    const dialog = dialogOf(page);
    await press(cardOf(page, 'Portal access'), 'New sign-in link');
    await press(dialog, 'Make the link');
    const link = dialog.getByRole('link', { name: 'Open the portal' });
    const address = (await link.getAttribute('href')) ?? '';
    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException('', 'NotAllowedError'));
    });
    for (let times = 0; times < 2; times += 1) {
      await press(dialog, 'Copy link');
      await dialog.getByText('The browser does not allow this page to copy.').waitFor();
      await expect.poll(() => page.evaluate(() => String(getSelection()).trim())).toBe(address);
      // Shown is not taken.
      if (times === 0) {
        await page.keyboard.press('Escape');
        await answerLeaving(page, 'Leave without the link?', 'Stay');
      }
    }
    await page.keyboard.press('Control+C');
    await dialog.getByText('Copied.').waitFor();
    await press(dialog, 'Done');
    await expect.poll(() => dialog.count()).toBe(0);
    await expect.poll(async () => (await page.content()).includes(address)).toBe(false);
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, location.href]),
    );
    expect(kept).not.toContain(address);
  });

  it('starts a walk-in and hands out its link', async () => {
    const page = await desk.openPatient('David Rossi');
    const visits = cardOf(page, 'Visits');
    await press(visits, 'Start a walk-in');
    const dialog = dialogOf(page);
    await dialog.getByText('Main clinic: open for walk-ins.').waitFor();
    await expect
      .poll(() =>
        dialog
          .locator('#rooms option')
          .evaluateAll((all) => all.map((each) => (each as HTMLOptionElement).value)),
      )
      .toEqual(['clinic', 'paid', 'second-opinion']);
    await dialog.getByLabel('Room').fill('night');
    await dialog.getByText('Night clinic: closed now.').waitFor();
    await press(dialog, 'Start now');
    await dialog.getByRole('alert').waitFor();
    expect(await dialog.getByLabel('Consultation').count()).toBe(0);
    await dialog.getByLabel('Room').fill('second-opinion');
    await dialog.getByLabel('Consultation').selectOption('Long visit (30 minutes)');
    await dialog.getByLabel('Provider').selectOption('Dr. Omar Haddad');
    await dialog.getByLabel('Reason for the visit').fill('Sore throat');
    await press(dialog, 'Start now');
    await dialog.getByText('The patient is in the waiting room’s queue.').waitFor();
    expect(JSON.stringify(await desk.control('VSEE', 'GET calls'))).toContain(
      '"consultation":{"id":"6a1d0f52-3f0a-4c55-9a57-0d9f6d8a3007"',
    );
    await oneTimeLink(page, 'Open the visit');
    const part = partOf(visits, 'VSEE');
    await part.getByText('Sore throat').waitFor();
    await part.getByText('Walk-in').waitFor();
    await part.getByText('Dr. Omar Haddad').waitFor();
    // That link is shown once; the way to the visit is not lost with it, whichever way is tried.
    await visits.getByRole('button', { name: 'New VSee link' }).waitFor();
    await press(visits, 'Start a walk-in');
    await press(dialog, 'Start now');
    await dialog.getByRole('alert').getByText('or the patient has one open already').waitFor();
    await press(dialog, 'New VSee link');
    await press(dialog, 'Make the link');
    await dialog.getByText('The link is made.').waitFor();
    await oneTimeLink(page, 'Open the portal');
    await cardOf(page, 'Portal access').getByText('VSee').waitFor();
  });

  it('looks a walk-in up whose answer was lost, and starts no second one', async () => {
    const page = await desk.openPatient('Ben Okafor');
    const visits = cardOf(page, 'Visits');
    await press(visits, 'Start a walk-in');
    await dialogOf(page).getByLabel('Reason for the visit').fill('Dizzy');
    await desk.control('VSEE', 'POST faults', {
      ...{ kind: 'reset', act: true, match: 'POST .*add_walkin', times: 1 },
    });
    await press(dialogOf(page), 'Start now');
    await dialogOf(page).getByText('VSee may have done this, or not').waitFor();
    await page.evaluate(() => {
      new MutationObserver((_changes, observer) => {
        if (document.body.textContent.includes('may still be working on it')) {
          document.body.dataset.said = 'still';
          observer.disconnect();
        }
      }).observe(document.body, { childList: true, subtree: true });
    });
    await press(dialogOf(page), 'Look it up at VSee');
    await dialogOf(page).getByText('The patient is in the waiting room’s queue.').waitFor();
    // Not for a moment is that said of what was found.
    expect(await page.evaluate(() => document.body.dataset.said)).toBe(undefined);
    await oneTimeLink(page, 'Open the visit');
    await visits.getByText('Dizzy').waitFor();
    expect(await visits.getByText('Dizzy').count()).toBe(1);
  });

  it('asked nobody but this machine, and broke nowhere', () => {
    expect(desk.browser.faults).toEqual([]);
  });
});
