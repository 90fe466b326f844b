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

describeFrontDesk('the front desk’s work on appointments', (desk) => {
  const bookedOf = (page: Page) => partOf(cardOf(page, 'Appointments'), 'MY_PATIENT_PORTAL');
  const rowsOf = (page: Page) => bookedOf(page).locator('tbody tr');

  /** Answers one step of the walkthrough, which is asked in its title. */
  async function choose(page: Page, question: string, option: string) {
    const step = dialogOf(page).locator('.step', { hasText: question });
    await step.getByRole('button', { name: option }).click();
  }

  async function walkTo(page: Page, type: string) {
    await press(cardOf(page, 'Appointments'), 'Book an appointment');
    await choose(page, 'Who pays?', 'Techniker Krankenkasse');
    await choose(page, 'Which category?', 'Radiology');
    await choose(page, 'What for?', type);
    await dialogOf(page).getByText('Times in Central European Time (Europe/Berlin)').waitFor();
  }
  const timesIn = (page: Page) => dialogOf(page).locator('.day button');

  it('walks the booking funnel and books', async () => {
    const page = await desk.openPatient('Ana Silva');
    await rowsOf(page).first().waitFor();
    const before = await rowsOf(page).count();
    await walkTo(page, 'Sprechstunde');
    // A step back, and on again.
    await press(dialogOf(page), 'Change Category');
    await choose(page, 'Which category?', 'Radiology');
    await choose(page, 'What for?', 'Sprechstunde');
    const time = timesIn(page).first();
    const label = (await time.getAttribute('aria-label')) ?? '';
    await time.click();
    await dialogOf(page)
      .locator('.chosen', { hasText: `${label}Central European Time` })
      .waitFor();
    await dialogOf(page).getByLabel('Note to the practice').fill('Comes with a walking aid');
    await dialogOf(page).getByLabel('ASAP list').check();
    await desk.control('MY_PATIENT_PORTAL', 'PUT latency', { milliseconds: 1_500 });
    await press(dialogOf(page), 'Book');
    await dialogOf(page).getByText('Being sent: wait for the answer.').waitFor();
    // Nothing leads away from a booking that is under way.
    await dialogOf(page).getByRole('button', { name: 'Change Time' }).click({ force: true });
    expect(await dialogOf(page).getByRole('heading', { name: 'Book it' }).count()).toBe(1);
    await desk.control('MY_PATIENT_PORTAL', 'DELETE calls');
    await noticeOf(page, 'Sprechstunde is booked.').waitFor();
    const row = rowsOf(page).filter({ hasText: label });
    await row.getByText('Booked').waitFor();
    await row.getByRole('button', { name: 'Leave ASAP list' }).waitFor();
    expect(await rowsOf(page).count()).toBe(before + 1);
  });

  it('asks what the practice wants to know, and what is missing of it', async () => {
    const page = await desk.openPatient('Ana Silva');
    await walkTo(page, 'MRT');
    await timesIn(page).nth(3).click();
    const dialog = dialogOf(page);
    const height = dialog.getByLabel('Größe in cm');
    await height.fill('170');
    // No step back takes what was answered with it unasked.
    for (const way of ['Back', 'Change Category']) {
      await press(dialog, way);
      await answerLeaving(page, 'Leave without sending?', 'Stay');
      expect(await height.inputValue()).toBe('170');
    }
    await press(dialog, 'Change Time');
    await answerLeaving(page, 'Leave without sending?', 'Leave');
    await timesIn(page).nth(3).click();
    await height.fill('170');
    await press(dialog, 'Book');
    expect(
      await dialog.getByLabel('Herzschrittmacher').evaluate((field) => field.matches(':invalid')),
    ).toBe(true);
    await dialog.getByLabel('Herzschrittmacher').selectOption('Nein');
    await dialog.getByLabel('Jod').check();
    await dialog.getByLabel('Letzte Untersuchung (optional)').fill('2024-05-06');
    await press(dialog, 'Book');
    await noticeOf(page, 'MRT is booked.').waitFor();
    await rowsOf(page).filter({ hasText: 'MRT' }).waitFor();
  });

  it('says which of several questions is unanswered, or was refused', async () => {
    const page = await desk.openPatient('Ana Silva');
    const refused = {
      ...{ __typename: 'GeneralUserError', code: 'INVALID_INPUT', message: 'Say which.' },
      path: ['input', 'commentAnswers', 'Allergien'],
    };
    const bookAppointment = { appointment: null, operation: null, notice: null };
    await page.route('**/graphql', async (route, request) => {
      if (request.postData()?.includes('mutation BookAppointment(')) {
        const data = { bookAppointment: { ...bookAppointment, userErrors: [refused] } };
        return route.fulfill({ json: { data } });
      }
      const answer = await route.fetch();
      const asked = '"name":"Allergien","kind":"checkbox","required":';
      const body = (await answer.text()).replaceAll(`${asked}false`, `${asked}true`);
      return route.fulfill({ response: answer, body });
    });
    await walkTo(page, 'MRT');
    await timesIn(page).nth(2).click();
    const dialog = dialogOf(page);
    await dialog.getByLabel('Größe in cm').fill('170');
    await dialog.getByLabel('Herzschrittmacher').selectOption('Nein');
    await press(dialog, 'Book');
    expect(await dialog.locator('input:invalid').count()).toBe(2);
    await dialog.getByLabel('Latex').check();
    expect(await dialog.locator('input:invalid').count()).toBe(0);
    await press(dialog, 'Book');
    await dialog.getByRole('alert').waitFor();
    const first = dialog.getByRole('checkbox', { name: 'Jod', description: 'Say which.' });
    await expect.poll(() => first.evaluate((box) => box === document.activeElement)).toBe(true);
  });

  it('does not say that nothing can be booked where that is not known', async () => {
    const page = await desk.openPatient('Ana Silva');
    await page.route('**/graphql', async (route, request) => {
      const answer = await route.fetch();
      if (!request.postData()?.includes('query BookingWalkthrough(')) {
        return route.fulfill({ response: answer });
      }
      const { data } = await answer.json();
      data.patient.insurances[0].appointmentCategories = null;
      const path = ['patient', 'insurances', 0, 'appointmentCategories'];
      const extensions = { code: 'VENDOR_TIMED_OUT', vendor: 'MY_PATIENT_PORTAL' };
      return route.fulfill({ json: { data, errors: [{ message: 'Late.', path, extensions }] } });
    });
    await press(cardOf(page, 'Appointments'), 'Book an appointment');
    await dialogOf(page).getByText('MyPatientPortal did not answer in time.').waitFor();
    await dialogOf(page).locator('.options button').first().click();
    await dialogOf(page).getByText('could not be asked for').waitFor();
    expect(await dialogOf(page).getByText('Nothing can be booked').count()).toBe(0);
  });

  it('offers other times for one that was taken meanwhile', async () => {
    const [page, other] = [
      await desk.openPatient('Ana Silva'),
      await desk.openPatient('Ben Okafor'),
    ];
    for (const each of [page, other]) {
      await each.bringToFront();
      await walkTo(each, 'Video consultation');
      await timesIn(each).nth(4).click();
    }
    await press(dialogOf(other), 'Book');
    await noticeOf(other, 'Video consultation is booked.').waitFor();
    await page.bringToFront();
    await dialogOf(page).getByLabel('Note to the practice').fill('Kept over another time');
    await press(dialogOf(page), 'Book');
    await dialogOf(page).getByText('This time is no longer free.').waitFor();
    await timesIn(page).first().click();
    expect(await dialogOf(page).getByRole('alert').count()).toBe(0);
    expect(await dialogOf(page).getByLabel('Note to the practice').inputValue()).toMatch(/Kept/);
    await press(dialogOf(page), 'Book');
    await noticeOf(page, 'Video consultation is booked.').waitFor();
  });

  it('looks a booking up whose answer was lost, and books no second one', async () => {
    const page = await desk.openPatient('Ben Okafor');
    await rowsOf(page).first().waitFor();
    const before = await rowsOf(page).count();
    await walkTo(page, 'Sprechstunde');
    await timesIn(page).nth(7).click();
    await desk.control('MY_PATIENT_PORTAL', 'POST faults', {
      ...{ kind: 'reset', act: true, match: 'POST .*booking', times: 1 },
    });
    await press(dialogOf(page), 'Book');
    await dialogOf(page).getByText('MyPatientPortal may have done this, or not').waitFor();
    // It is among the others if it was done, and no other time can be booked before that is known.
    await expect.poll(() => rowsOf(page).count(), { timeout: 10_000 }).toBe(before + 1);
    expect(await dialogOf(page).getByRole('button', { name: 'Back' }).count()).toBe(0);
    await dialogOf(page).getByRole('button', { name: 'Change Time' }).click({ force: true });
    expect(await dialogOf(page).getByRole('heading', { name: 'Book it' }).count()).toBe(1);
    // Asked again and again it would not tell until the patient consents.
    const error = { __typename: 'AuthorizationRequiredError', code: 'AUTHORIZATION_REQUIRED' };
    const userErrors = [{ ...error, authorizationUrl: null, message: '', path: null }];
    const reconcileOperation = { operation: null, notice: null, userErrors };
    await page.route('**/graphql', (route, request) =>
      request.postData()?.includes('mutation ReconcileOperation(')
        ? route.fulfill({ json: { data: { reconcileOperation } } })
        : route.continue(),
    );
    await press(dialogOf(page), 'Look it up at MyPatientPortal');
    await dialogOf(page).getByText('asks for the patient’s consent first.').waitFor();
    await page.unroute('**/graphql');
    await press(dialogOf(page), 'Look it up at MyPatientPortal');
    await noticeOf(page, 'Sprechstunde is booked.').waitFor();
    await expect.poll(() => rowsOf(page).count()).toBe(before + 1);
  });

  it('sends a booking again as it was where Portico’s answer was lost, and books no second one', async () => {
    const page = await desk.openPatient('Ben Okafor');
    await rowsOf(page).first().waitFor();
    const before = await rowsOf(page).count();
    await walkTo(page, 'Sprechstunde');
    await timesIn(page).nth(9).click();
    const keys: unknown[] = [];
    await page.route('**/graphql', async (route) => {
      const { documentId, query, variables } = route.request().postDataJSON();
      if (!/BookAppointment/.test(`${documentId} ${query}`)) {
        return route.continue();
      }
      keys.push(variables.input.idempotencyKey);
      await route.fetch();
      await route.fulfill({ status: 500, body: 'lost' });
    });
    await press(dialogOf(page), 'Book');
    await dialogOf(page).getByText('This may have been done all the same.').waitFor();
    for (const way of ['Back', 'Book']) {
      expect(await dialogOf(page).getByRole('button', { name: way, exact: true }).count()).toBe(0);
    }
    await page.unroute('**/graphql');
    await press(dialogOf(page), 'Try again');
    await noticeOf(page, 'Sprechstunde is booked.').waitFor();
    await expect.poll(() => rowsOf(page).count()).toBe(before + 1);
    expect(new Set(keys).size).toBe(1);
  });

  it('says that the free times could not be asked for, and asks again', async () => {
    const page = await desk.openPatient('Ana Silva');
    await press(cardOf(page, 'Appointments'), 'Book an appointment');
    await choose(page, 'Who pays?', 'Techniker Krankenkasse');
    await choose(page, 'Which category?', 'Radiology');
    await desk.control('MY_PATIENT_PORTAL', 'POST faults', { kind: 'garbage', times: 4 });
    await choose(page, 'What for?', 'Sprechstunde');
    await dialogOf(page).getByText('MyPatientPortal gave an answer that makes no sense.').waitFor();
    await desk.control('MY_PATIENT_PORTAL', 'DELETE calls');
    for (let tries = 0; tries < 10 && (await timesIn(page).count()) === 0; tries += 1) {
      await press(dialogOf(page), 'Try again');
      await timesIn(page)
        .first()
        .waitFor({ timeout: 2_000 })
        .catch(() => undefined);
    }
    expect(await timesIn(page).count()).toBeGreaterThan(3);
    const shown = await timesIn(page).count();
    await press(dialogOf(page), 'Later days');
    const added = timesIn(page).nth(shown);
    await expect
      .poll(() => added.evaluate((button) => button === document.activeElement))
      .toBe(true);
    await page.keyboard.press('Escape');
    expect(await dialogOf(page).count()).toBe(0);
  });

  it('reschedules, joins and leaves the ASAP list, and cancels', async () => {
    const page = await desk.openPatient('Ben Okafor');
    const first = rowsOf(page).filter({ hasText: '8:30 AM' }).first();
    const word = (name: string) => first.getByRole('button', { name });
    await word('Join ASAP list').click();
    expect(await dialogOf(page).getByLabel('E-mail').inputValue()).toBe('ben.okafor@example.com');
    await press(dialogOf(page), 'Join the list');
    await noticeOf(page, 'The patient is on the ASAP list.').waitFor();
    await word('Leave ASAP list').click();
    await press(dialogOf(page), 'Leave the list');
    await noticeOf(page, 'The patient is off the ASAP list.').waitFor();
    await word('Join ASAP list').waitFor();

    await word('Reschedule').click();
    const time = dialogOf(page)
      .getByRole('button', { name: /4:30 PM/ })
      .first();
    const label = (await time.getAttribute('aria-label')) ?? '';
    await time.click();
    await dialogOf(page).getByText('New time').waitFor();
    await press(dialogOf(page), 'Move it there');
    await noticeOf(page, 'The appointment is moved.').waitFor();
    const moved = rowsOf(page).filter({ hasText: label });
    await moved.waitFor();

    const before = await rowsOf(page).count();
    await moved.getByRole('button', { name: 'Cancel' }).click();
    await press(dialogOf(page), 'Not now');
    await moved.getByRole('button', { name: 'Cancel' }).click();
    await press(dialogOf(page), 'Cancel the appointment');
    await noticeOf(page, 'The appointment is cancelled.').waitFor();
    await expect.poll(() => rowsOf(page).count()).toBe(before - 1);
    await expect.poll(() => focusedText(page)).toBe('Appointments');
    await cardOf(page, 'Appointments').getByText('Past and cancelled').first().click();
    await cardOf(page, 'Appointments').locator('.past tr', { hasText: label }).waitFor();
  });

  it('offers no time again that was taken meanwhile, and forgets that it was', async () => {
    const [page, other] = [
      await desk.openPatient('Ana Silva'),
      await desk.openPatient('Ana Silva'),
    ];
    let label = '';
    for (const each of [page, other]) {
      await each.bringToFront();
      const row = rowsOf(each).filter({ hasText: 'Sprechstunde' }).last();
      await row.getByRole('button', { name: 'Reschedule' }).click();
      label = (await timesIn(each).nth(6).getAttribute('aria-label')) ?? '';
      await timesIn(each).nth(6).click();
    }
    await press(dialogOf(other), 'Move it there');
    await noticeOf(other, 'The appointment is moved.').waitFor();
    await page.bringToFront();
    await press(dialogOf(page), 'Move it there');
    await dialogOf(page).getByText('This time is no longer free.').waitFor();
    await press(dialogOf(page), 'Back');
    const taken = dialogOf(page).getByRole('button', { name: label, exact: true });
    await taken.waitFor({ state: 'detached' });
    await timesIn(page).first().click();
    await dialogOf(page).getByText('New time').waitFor();
    expect(await dialogOf(page).getByRole('alert').count()).toBe(0);
    await press(dialogOf(page), 'Move it there');
    await noticeOf(page, 'The appointment is moved.').waitFor();
  });

  it('connects MyPatientPortal through its real login, and keeps no token', async () => {
    const page = await desk.openPatient('Chloe Meyer');
    const part = bookedOf(page);
    await part.getByText('The patient has no account at MyPatientPortal yet.').waitFor();
    const appointments = cardOf(page, 'Appointments');
    expect(await appointments.getByRole('button', { name: 'Book an appointment' }).count()).toBe(0);

    // First the patient changes her mind.
    await press(part, 'Connect MyPatientPortal');
    await page.getByLabel('User name').waitFor();
    expect(new URL(page.url()).origin).not.toBe(desk.origin);
    await page.getByRole('button', { name: 'Cancel' }).click();
    const refusal = page.getByText('The patient did not allow the connection.');
    await refusal.waitFor();
    // Said of her, and of nobody who is looked at after.
    await page.getByLabel('Find a patient').fill('Ben Okafor');
    await page.getByRole('button', { name: /^Ben Okafor/ }).click();
    await page.getByRole('heading', { level: 1, name: 'Ben Okafor' }).waitFor();
    expect(await refusal.count()).toBe(0);
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Chloe Meyer' }).waitFor();

    await press(part, 'Connect MyPatientPortal');
    await page.getByLabel('User name').fill('chloe');
    await page.getByLabel('Password').fill('chloe-sandbox');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Allow' }).click();
    await noticeOf(page, 'MyPatientPortal is connected.').waitFor();
    await page.getByRole('heading', { level: 1, name: 'Chloe Meyer' }).waitFor();
    expect(page.url()).not.toContain('portal_');
    await bookedOf(page).getByText('Nothing is booked.').waitFor();
    await walkTo(page, 'Sprechstunde');
    await timesIn(page).nth(9).click();
    await press(dialogOf(page), 'Book');
    await noticeOf(page, 'Sprechstunde is booked.').waitFor();
    // A reload has nothing left to complete.
    await page.reload();
    await rowsOf(page).first().waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('asked nobody but this machine, and broke nowhere', () => {
    expect(desk.browser.faults).toEqual([]);
  });
});
