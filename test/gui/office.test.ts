/** The GUI over the real appliance: what the admin of a small office does on the first day. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { ImapFlow } from 'imapflow';
import type { Browser } from 'playwright-core';
import { waitFor } from '../harness/wait-for.ts';
import { noBrowser, openBrowser, Visit } from './browser.ts';
import { LogsScreen } from './pages/logs.ts';
import { PeopleScreen } from './pages/people.ts';
import { ServicesScreen } from './pages/services.ts';
import { RealAppliance } from './real-appliance.ts';

let appliance: RealAppliance;
let browser: Browser;
let visit: Visit;
let password = '';
const adminPassword = 'ducks on a quiet pond';

before(async () => {
  if (noBrowser !== false) return;
  [appliance, browser] = await Promise.all([RealAppliance.start(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await appliance?.stop();
});

afterEach(async (context) => {
  // Without a browser nothing was opened.
  if (noBrowser === false && 'passed' in context && !context.passed) await visit?.keep(context.name);
});

/** Resolves when an IMAP client has signed in; rejects with what the server or the system says. */
async function signInByImap(given: string): Promise<void> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: await appliance.port('imap'),
    secure: false,
    tls: { rejectUnauthorized: false },
    auth: { user: 'anna@example.test', pass: given },
    logger: false,
  });
  client.on('error', () => {});
  try {
    await client.connect();
  } finally {
    client.close();
  }
}

test('a link signs in once; without one the page says how to get it', { skip: noBrowser }, async () => {
  const link = await appliance.signInUrl();
  visit = await Visit.open(browser, link);
  const app = new PeopleScreen(visit.page);
  await app.heading('Everything is working').waitFor();
  assert.ok(!visit.page.url().includes('signin'), 'the secret is gone from the address bar');

  const second = await Visit.open(browser, link);
  second.expectTrouble(/401/);
  await second.page.getByRole('heading', { level: 1, name: 'Sign in to Mallard' }).waitFor();
  await second.page.getByText('This link does not work any more').waitFor();
  assert.deepEqual(await second.axe(), []);
  await second.page.getByLabel('Or paste the link here').fill(await appliance.signInUrl());
  await second.page.getByRole('button', { name: 'Open with the link' }).click();
  await second.page.getByRole('heading', { level: 1, name: 'Everything is working' }).waitFor();
  assert.deepEqual(second.troubles, []);
  await second.close();
});

test('the first steps: seven, nothing written before the last, then a message of its own arrives', {
  skip: noBrowser,
}, async () => {
  const app = new PeopleScreen(visit.page);
  const { page } = app;
  await page.getByRole('link', { name: 'Set up in seven steps' }).click();
  await page.getByRole('heading', { name: 'Welcome to Mallard' }).waitFor();
  const next = page.getByRole('button', { name: 'Next' });
  await next.click();
  await page.getByRole('radio', { name: /Just testing/ }).click();
  await next.click();
  await page.getByText('processor').first().waitFor();
  await next.click();
  await page.getByText(appliance.dataDir).waitFor();
  await next.click();
  await page.getByLabel('Name of the server').fill('mail.example.test');
  await next.click();
  await next.click();
  await page.getByText('Enter an address such as anna@example.org').waitFor();
  await page.getByLabel('Password of the administrator').fill(adminPassword);
  await page.getByLabel('Name', { exact: true }).fill('Anna Berg');
  await page.getByRole('textbox', { name: 'Address' }).fill('anna@example.test');
  password = await page.getByRole('textbox', { name: /^Password(?! of)/ }).inputValue();
  await next.click();
  await page.getByRole('heading', { name: 'Ready?' }).waitFor();
  const mode = async (): Promise<{ origin: string; value: unknown }> =>
    (await appliance.control('GET', '/control/settings/outbound.mode')) as { origin: string; value: unknown };
  assert.equal((await mode()).origin, 'default', 'nothing is written yet');
  assert.deepEqual(await visit.axe(), []);
  await page.getByRole('button', { name: 'Set it up' }).click();
  await page.getByRole('heading', { name: 'It is set up' }).waitFor({ timeout: 60_000 });
  assert.equal((await mode()).value, 'catch');
  assert.match((await page.getByText(/^([a-z2-9]{5}-){5}[a-z2-9]{5}$/).textContent()) ?? '', /-/);
  await page.getByRole('button', { name: 'Send me a test message' }).click();
  await page.getByText('It has arrived in the inbox').waitFor({ timeout: 30_000 });
  await signInByImap(password);
});

test('the password opens where no link was given; a wrong one does not', { skip: noBrowser }, async () => {
  const other = await Visit.open(browser, appliance.url);
  other.expectTrouble(/403/);
  const { page } = other;
  await page.getByRole('textbox', { name: /^Password/ }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('The password is not right').waitFor();
  assert.deepEqual(await other.axe(), []);
  await page.getByRole('textbox', { name: /^Password/ }).fill(adminPassword);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Everything is working' }).waitFor();
  await page.goto(`${appliance.url}/security?tab=access`);
  await page.getByRole('button', { name: 'Sign out all others' }).waitFor();
  assert.deepEqual(other.troubles, []);
  await other.close();
});

test('a service is tested like a mail program would', { skip: noBrowser }, async () => {
  const services = new ServicesScreen(visit.page);
  await services.goTo('Services');
  await services.page.getByRole('button', { name: 'Test IMAP', exact: true }).click();
  await services.page.getByText('IMAP works.').first().waitFor();
  await services.page
    .getByText(/^Sign-in \d/)
    .first()
    .waitFor();
  assert.deepEqual(await visit.axe(), []);
  await services.page.keyboard.press('Escape');
});

test('where is my mail: the message of the first steps and its way', { skip: noBrowser }, async () => {
  const app = new PeopleScreen(visit.page);
  await app.goTo('Mail flow');
  await app.page.getByRole('searchbox', { name: 'Find a message' }).fill('anna@example.test');
  await app.page
    .getByRole('button', { name: /anna@example\.test/ })
    .first()
    .click();
  await app.page.getByText('Delivered into the mailbox').first().waitFor();
  await app.page.getByRole('tab', { name: 'Waiting to be sent' }).click();
  await app.page.getByRole('heading', { name: 'Nothing waits' }).waitFor();
  assert.deepEqual(await visit.axe(), []);
});

test('a further person is added and found', { skip: noBrowser }, async () => {
  const people = new PeopleScreen(visit.page);
  await people.goTo('People');
  await people.add('Ben Martin', 'ben@example.test');
  await people.row('ben@example.test').waitFor();
  await people.search('nobody-like-this');
  await people.page.getByText('Nobody fits').waitFor();
  await people.search('berg');
  await people.open('Anna Berg');
});

test('the quota is changed on the page of the person', { skip: noBrowser }, async () => {
  const people = new PeopleScreen(visit.page);
  await people.page.getByText('Limited', { exact: true }).click();
  await people.page.getByLabel('Size of the mailbox').fill('2 GB');
  await people.page.getByRole('button', { name: 'Save' }).click();
  await people.notice('Saved.').waitFor();
  await people.page.getByText('of 2 GB').waitFor();
});

test('IMAP is turned off and on: a client is refused, then served', { skip: noBrowser }, async () => {
  const services = new ServicesScreen(visit.page);
  const port = await appliance.port('imap');
  await services.goTo('Services');
  await services.waitForState('IMAP', 'Running');
  await services.toggle('IMAP').press('Space');
  await services.waitForState('IMAP', 'Off');
  await assert.rejects(
    fetch(`http://127.0.0.1:${port}`).catch((error: Error) => {
      throw error.cause;
    }),
    { code: 'ECONNREFUSED' },
  );
  await services.toggle('IMAP').press('Space');
  await services.waitForState('IMAP', 'Running');
  await waitFor(() => signInByImap(password).then(() => true), { timeoutMs: 20_000, what: 'IMAP to serve again' });
});

test('the log shows a failed sign-in as it happens', { skip: noBrowser }, async () => {
  const logs = new LogsScreen(visit.page);
  await logs.goTo('Logs');
  await logs.list().waitFor();
  await assert.rejects(signInByImap('not the password'));
  await logs.line('login failed').last().waitFor();
});

test('a device is connected: the page notices the first sign-in', { skip: noBrowser }, async () => {
  const app = new PeopleScreen(visit.page);
  await app.goTo('Connect a device');
  await app.page.getByRole('combobox', { name: 'Person' }).click();
  await app.page.getByRole('option', { name: /Anna Berg/ }).click();
  await app.page.getByRole('radio', { name: /^Thunderbird/ }).click();
  await app.page.getByRole('button', { name: /Make a password|Show the values/ }).click();
  await app.page.getByRole('heading', { name: 'The values to enter' }).waitFor();
  const own = app.page.getByRole('button', { name: 'Copy: Password' });
  const given = (await own.count()) > 0 ? await own.locator('xpath=preceding-sibling::code').textContent() : password;
  await app.page.getByText('Waiting for the device to sign in').waitFor();
  await signInByImap(given ?? '');
  await app.page.getByText('Anna Berg is connected from Thunderbird').first().waitFor();
});

test('the palette goes everywhere by keyboard', { skip: noBrowser }, async () => {
  const app = new PeopleScreen(visit.page);
  const field = await app.openPalette();
  await field.fill('ports');
  await app.page.keyboard.press('Enter');
  await app.heading('Services').waitFor();
  await (await app.openPalette()).fill('berg');
  await app.page.getByRole('option', { name: /Anna Berg/ }).waitFor();
  await app.page.keyboard.press('Enter');
  await app.heading('Anna Berg').waitFor();
});

test('nothing went wrong on the way', { skip: noBrowser }, () => {
  assert.deepEqual(visit.troubles, []);
});
