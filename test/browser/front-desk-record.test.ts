import { setTimeout } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import {
  cardOf,
  describeFrontDesk,
  dialogOf,
  focusedText,
  noticeOf,
  partOf,
  press,
} from './front-desk.ts';

describeFrontDesk('the front desk’s view of a patient', (desk) => {
  it('finds patients by name, says how many, and says so where there is none', async () => {
    const page = await desk.open();
    await noticeOf(page, '5 patients').waitFor();
    const search = page.getByLabel('Find a patient');
    await search.fill('sil');
    await noticeOf(page, '1 patient found for “sil”').waitFor();
    expect(await page.locator('.found-patients li').allTextContents()).toEqual([
      'Ana Silvaborn Feb 11, 1988',
    ]);
    await search.fill('Silva, Ana');
    await noticeOf(page, '1 patient found for “Silva, Ana”').waitFor();
    await search.fill('s');
    await noticeOf(page, 'Enter at least two letters of a name.').waitFor();
    await search.fill('Nobody');
    await noticeOf(page, 'Nobody is called “Nobody”').waitFor();
    expect(await page.locator('.found-patients li').count()).toBe(0);
  });

  it('calls nobody missing before the answer is there', async () => {
    const page = await desk.open();
    const search = page.getByLabel('Find a patient');
    await search.fill('Nobody');
    await noticeOf(page, 'Nobody is called “Nobody”').waitFor();
    await page.route('**/graphql', async (route) => {
      await setTimeout(1_000);
      await route.continue();
    });
    await search.fill('Ana');
    await noticeOf(page, 'Looking…').waitFor();
    await noticeOf(page, '1 patient found for “Ana”').waitFor();
  });

  it('goes on at the first patient that “Show more” brought, and says how many came', async () => {
    const page = await desk.open({ path: '/?patient=nobody' });
    await page.route('**/graphql', (route, request) =>
      route.continue({ postData: (request.postData() ?? '').replace('"first":20', '"first":2') }),
    );
    await page.reload();
    const rows = page.locator('.found-patients li');
    for (const [before, said] of [
      [2, '2 more are shown.'],
      [4, '1 more is shown.'],
    ] as const) {
      await expect.poll(() => rows.count()).toBe(before);
      await page.getByRole('button', { name: 'Show more' }).focus();
      await page.keyboard.press('Enter');
      await noticeOf(page, said).waitFor();
      const first = rows.nth(before).getByRole('button');
      expect(await first.evaluate((button) => button === document.activeElement)).toBe(true);
    }
    expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0);
  });

  it('goes on in a list of a card in the same way', async () => {
    const page = await desk.open();
    await page.route('**/graphql', (route, request) =>
      route.continue({ postData: (request.postData() ?? '').replace('"first":10', '"first":4') }),
    );
    await page.getByRole('button', { name: /^Ana Silva/ }).click();
    const cerbo = partOf(cardOf(page, 'Open portal requests'), 'CERBO');
    await expect.poll(() => cerbo.locator('li').count()).toBe(4);
    await cerbo.getByRole('button', { name: 'Show more' }).focus();
    await page.keyboard.press('Enter');
    await cerbo.getByText('3 more are shown.').waitFor();
    const first = cerbo.locator('li').nth(4);
    expect(await first.evaluate((row) => row === document.activeElement)).toBe(true);
  });

  it('shows all that the vendors know of a patient, with times in named zones', async () => {
    const page = await desk.openPatient('Ana Silva');
    expect(await page.title()).toBe('Ana Silva · Front desk');
    const header = page.locator('.patient-heading');
    await header.getByText('ana.silva@example.com').waitFor();

    const access = cardOf(page, 'Portal access');
    await access.getByText('Active').waitFor();
    await access.getByText('Times in Pacific Time (America/Los Angeles)').waitFor();
    await cardOf(page, 'Latest order').getByText('9001').waitFor();
    await cardOf(page, 'Visits').getByText('Question about a prescription').waitFor();

    const appointments = cardOf(page, 'Appointments');
    const booked = partOf(appointments, 'MY_PATIENT_PORTAL');
    await booked.getByText('Video consultation').waitFor();
    // As the practice in Berlin reads its clock, whatever this machine's zone is.
    await booked.getByText(/^\w{3}, \w{3} \d+(, \d{4})?, 3:00 PM$/).waitFor();
    await booked.getByText('Times in Central European Time (Europe/Berlin)').waitFor();
    await partOf(appointments, 'VSEE').getByText('Nothing is booked.').waitFor();
    // Each by a name of its own, also for whoever only hears it.
    expect(await appointments.locator('summary').allTextContents()).toEqual([
      'Past and cancelled at MyPatientPortal',
      'Past and cancelled at VSee',
    ]);
    const past = appointments.getByText('Past and cancelled').first();
    expect(await appointments.getByText('Cancelled', { exact: true }).count()).toBe(0);
    await past.click();
    await appointments.getByText('Cancelled', { exact: true }).waitFor();

    const requests = cardOf(page, 'Open portal requests');
    for (const vendor of ['CERBO', 'MD_HQ']) {
      await partOf(requests, vendor).getByText('Question about my results').waitFor();
    }
  });

  it('keeps the patient in its address: reloading and “back” lead to them again', async () => {
    const page = await desk.openPatient('Ben Okafor');
    expect(page.url()).not.toContain('Okafor');
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Ben Okafor' }).waitFor();
    await page.getByRole('button', { name: /^Chloe Meyer/ }).click();
    await page.getByRole('heading', { level: 1, name: 'Chloe Meyer' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Ben Okafor' }).waitFor();
  });

  it('shows each vendor’s part as it arrives, without waiting for a slow one', async () => {
    await desk.control('CERBO', 'PUT latency', { milliseconds: 4_000 });
    onTestFinished(() => desk.control('CERBO', 'DELETE calls').then(() => undefined));
    const page = await desk.openPatient('Ana Silva', false);
    const requests = cardOf(page, 'Open portal requests');
    await partOf(requests, 'MD_HQ').getByText('Question about my results').waitFor();
    const waiting = partOf(requests, 'CERBO');
    expect(await waiting.getAttribute('aria-busy')).toBe('true');
    await waiting.getByText('Asking Cerbo…').waitFor();
    await waiting.getByText('Question about my results').waitFor();
    expect(await waiting.getAttribute('aria-busy')).toBe('false');
  });

  it('shows a vendor that fails as such, the others all the same, and tries again', async () => {
    for (const vendor of ['NIMBUS', 'VSEE', 'MD_HQ']) {
      await desk.control(vendor, 'POST faults', { kind: 'status', status: 503 });
    }
    const page = await desk.openPatient('Ana Silva');
    const order = partOf(cardOf(page, 'Latest order'), 'NIMBUS');
    const visits = partOf(cardOf(page, 'Visits'), 'VSEE');
    const requests = partOf(cardOf(page, 'Open portal requests'), 'MD_HQ');
    const failed = [
      [order, 'Nimbus cannot be reached at the moment.', '9001'],
      [visits, 'VSee cannot be reached at the moment.', 'Question about a prescription'],
      [requests, 'MD HQ cannot be reached at the moment.', 'Question about my results'],
    ] as const;
    for (const [part, words] of failed) {
      await part.getByRole('alert').getByText(words).waitFor();
    }
    await partOf(cardOf(page, 'Open portal requests'), 'CERBO')
      .getByText('Question about my results')
      .waitFor();
    await cardOf(page, 'Appointments').getByText('Video consultation').waitFor();

    for (const [part, , content] of failed) {
      await desk.control((await part.getAttribute('data-vendor')) ?? '', 'DELETE calls');
      const there = part.getByText(content);
      // The gateway leaves a vendor that failed alone for some seconds.
      for (let tries = 0; tries < 10 && !(await there.isVisible()); tries += 1) {
        await press(part, 'Try again');
        await there.waitFor({ timeout: 2_000 }).catch(() => undefined);
      }
      await there.waitFor();
      expect(await part.getByRole('alert').count()).toBe(0);
    }
  });

  it('calls no list whole while a vendor did not answer for the rest of it', async () => {
    const page = await desk.open();
    await page.route('**/graphql', (route, request) => {
      const body = request.postDataJSON();
      if (body.query.includes('query PortalRequests(')) {
        body.variables.first = 4;
      }
      return route.continue({ postData: JSON.stringify(body) });
    });
    await page.getByRole('button', { name: /^Ana Silva/ }).click();
    const part = partOf(cardOf(page, 'Open portal requests'), 'CERBO');
    const rows = part.locator('.entries li');
    await rows.nth(3).waitFor();
    expect(await rows.count()).toBe(4);
    await desk.control('CERBO', 'POST faults', { kind: 'status', status: 503 });
    onTestFinished(() => desk.control('CERBO', 'DELETE calls').then(() => undefined));
    await press(part, 'Show more');
    await part.getByRole('alert').getByText('Not all is shown. Cerbo cannot be reached').waitFor();
    expect(await rows.count()).toBe(4);
    await desk.control('CERBO', 'DELETE calls');
    for (let tries = 0; tries < 10 && (await part.getByRole('alert').count()) > 0; tries += 1) {
      await press(part, 'Try again');
      await part
        .getByRole('alert')
        .waitFor({ state: 'detached', timeout: 2_000 })
        .catch(() => undefined);
    }
    await rows.nth(4).waitFor();
  });

  it('says what is not there yet: no account, no order, no requests', async () => {
    const page = await desk.openPatient('Emi Tanaka');
    await cardOf(page, 'Portal access').getByText('not onboarded at Nimbus yet').waitFor();
    await cardOf(page, 'Latest order').getByText('not onboarded at Nimbus yet').waitFor();
    await cardOf(page, 'Visits').getByText('No visits yet.').waitFor();
    const requests = cardOf(page, 'Open portal requests');
    await requests.getByText('The patient has no account at Cerbo yet.').waitFor();
    await requests.getByText('The patient has no account at MD HQ yet.').waitFor();
    await page.goto(`${desk.origin}/?patient=nobody`);
    await page.getByRole('heading', { name: 'There is no such patient' }).waitFor();
  });

  it('shows a patient their own record, without what only staff may do', async () => {
    const page = await desk.open();
    await page.getByLabel('Signed in as').selectOption('ana');
    await page.getByRole('heading', { level: 1, name: 'Ana Silva' }).waitFor();
    expect(await page.getByLabel('Find a patient').count()).toBe(0);
    await cardOf(page, 'Portal access').getByText('Active').waitFor();
    await cardOf(page, 'Open portal requests').getByText('When may I call?').first().waitFor();
    for (const word of ['Revoke', 'Invite', /^Dismiss/]) {
      expect(await page.getByRole('button', { name: word }).count(), String(word)).toBe(0);
    }
    await page.getByLabel('Signed in as').selectOption('staff');
    await page.getByLabel('Find a patient').waitFor();
  });

  it('dismisses a portal request', async () => {
    const page = await desk.openPatient('Ana Silva');
    const cerbo = partOf(cardOf(page, 'Open portal requests'), 'CERBO');
    await press(cerbo, 'Dismiss Kiosk checkin');
    await dialogOf(page).getByText('“Kiosk checkin” leaves Cerbo’s queue.').waitFor();
    await press(dialogOf(page), 'Not now');
    await press(cerbo, 'Dismiss Vitamin D 1000 IU');
    await press(dialogOf(page), 'Dismiss it');
    await noticeOf(page, 'The request is dismissed.').waitFor();
    await cerbo.getByText('Vitamin D 1000 IU').waitFor({ state: 'detached' });
    await cerbo.getByText('Question about my results').waitFor();
    await expect.poll(() => focusedText(page)).toBe('Open portal requests');
    // To dismiss is what is done to requests; the notice only closes.
    expect(await page.locator('.notice').getByRole('button').textContent()).toBe('Close');
    // Said of her, and of nobody who is looked at after.
    await page.getByLabel('Find a patient').fill('Ben Okafor');
    await press(page, /^Ben Okafor/);
    await page.getByRole('heading', { level: 1, name: 'Ben Okafor' }).waitFor();
    expect(await page.locator('.notice').count()).toBe(0);
  });

  it('asked nobody but this machine, and broke nowhere', () => {
    expect(desk.browser.faults).toEqual([]);
  });
});
