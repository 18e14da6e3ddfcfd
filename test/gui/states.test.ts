/** The GUI over a played appliance: states that a real one reaches rarely, both colours, both languages, and axe on every screen. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { waitFor } from '../harness/wait-for.ts';
import { ensureBuilt } from '../../ui/build.ts';
import { noBrowser, openBrowser, Visit, type VisitOptions } from './browser.ts';
import { LogsScreen } from './pages/logs.ts';
import { PeopleScreen } from './pages/people.ts';
import { ServicesScreen } from './pages/services.ts';
import { playLog } from './play-log.ts';
import { raiseStage, type Stage } from './stage.ts';

let stage: Stage;
let browser: Browser;

before(async () => {
  if (noBrowser !== false) return;
  await ensureBuilt();
  [stage, browser] = await Promise.all([raiseStage({ people: 10_000 }), openBrowser()]);
  playLog(stage.logs);
});
after(async () => {
  await browser?.close();
  await stage?.close();
});

/** The part of an element that scrolls; the tests know no DOM. */
interface Scroller {
  readonly scrollHeight: number;
  scrollTo(x: number, y: number): void;
}

/** One window each for all tests: loading the page anew costs more than it shows. */
const windows = new Map<string, Visit>();

async function visit(path: string, name = 'light', options: VisitOptions = {}): Promise<Visit> {
  let opened = windows.get(name);
  if (opened === undefined) {
    opened = await Visit.open(browser, stage.signInUrl(), options);
    await opened.page.getByRole('navigation').waitFor();
    windows.set(name, opened);
  }
  opened.forget();
  await opened.page.goto(`${stage.url}${path}`);
  return opened;
}

test('a database that gave up: one thing needs you, with its last words, and a start that helps', {
  skip: noBrowser,
}, async () => {
  const { page, axe, troubles } = await opened('/');
  stage.play({ state: 'degraded' });
  stage.playService('mongod', {
    state: 'failed',
    failure: {
      kind: 'exit',
      message: 'mongod ended with code 100',
      remedy: 'Free some space on the disk, then start it again.',
      lastLines: ['No space left on device', 'Fatal assertion 28595'],
      at: new Date().toISOString(),
    },
  });
  const services = new ServicesScreen(page);
  await services.heading('One thing needs you').waitFor();
  await page.getByTestId('polite').getByText('One thing needs you').waitFor({ state: 'attached' });
  assert.deepEqual(await axe(), []);
  await services.goTo('Services');
  const card = services.card('Database');
  await card.getByText('Gave up', { exact: true }).waitFor();
  await card.getByText('No space left on device').waitFor();
  await card.getByText('Free some space on the disk').waitFor();
  assert.deepEqual(await axe(), []);
  await card.getByRole('button', { name: 'Start: Database' }).click();
  await services.waitForState('Database', 'Running');
  assert.equal(stage.asked.at(-1), 'start mongod');
  stage.play({ state: 'running' });
  assert.deepEqual(troubles(), []);
});

test('ten thousand people scroll, are searched by the server, and only what is in sight is drawn', {
  skip: noBrowser,
}, async () => {
  const { page, troubles } = await opened('/people');
  const people = new PeopleScreen(page);
  await people.page.getByText('10,000 people').waitFor();
  const rows = page.getByRole('row');
  await people.row('anna.berg@example.org').waitFor();
  assert.ok((await rows.count()) < 60, 'rows in the page');
  await page
    .locator('[role=rowgroup]')
    .nth(1)
    .evaluate((element: Scroller) => element.scrollTo(0, element.scrollHeight));
  await page
    .getByRole('row')
    .filter({ has: page.getByRole('cell') })
    .last()
    .waitFor();
  await waitFor(async () => Number(await rows.last().getAttribute('aria-rowindex')) > 60, { what: 'rows further down' });
  assert.ok((await rows.count()) < 60, 'rows in the page after scrolling');
  const begun = performance.now();
  await people.search('otto.tamm');
  await page
    .locator('#main')
    .getByText(/people found/)
    .waitFor();
  await people.row('otto.tamm').first().waitFor();
  assert.ok(performance.now() - begun < 3000);
  assert.deepEqual(troubles(), []);
});

test('several people at once: quota, disable, remove after typing how many', { skip: noBrowser }, async () => {
  const { page, troubles } = await opened('/people');
  const people = new PeopleScreen(page);
  await people.search('greta');
  await page
    .locator('#main')
    .getByText(/people found/)
    .waitFor();
  for (const index of [1, 2]) await page.getByRole('row').nth(index).getByRole('checkbox').check();
  const bar = page.getByRole('region', { name: 'With the chosen people' });
  await bar.getByText('2 chosen').waitFor();
  await bar.getByRole('button', { name: 'Disable' }).click();
  await people.dialog().getByRole('button', { name: 'Disable' }).click();
  await people.notice('2 people are disabled.').waitFor();
  await page.getByRole('row').nth(1).getByText('Disabled').waitFor();
  await bar.getByRole('button', { name: 'Remove' }).click();
  const remove = people.dialog().getByRole('button', { name: 'Remove' });
  assert.ok(await remove.isDisabled());
  await people.dialog().getByRole('textbox').fill('2');
  await remove.click();
  await people.notice('2 people were removed.').waitFor();
  assert.equal(stage.api.users.length, 9998);
  assert.deepEqual(troubles(), []);
});

test('a file of people: faults are seen before, the result is saved after', { skip: noBrowser }, async () => {
  const { page, troubles } = await opened('/people');
  const before = stage.api.users.length;
  const lines = Array.from({ length: 500 }, (_, index) => `person${index}@import.example;Person ${index};2 GB`);
  const file = [
    'E-Mail;Name;Quota',
    ...lines,
    'nonsense;No address;',
    'person1@import.example;Twice;',
    'x@import.example;Bad;much',
  ].join('\r\n');
  await page.getByRole('button', { name: 'Import' }).click();
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose a file' }).click();
  await (await chooser).setFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(file) });
  await page.getByText('500 can be added, 3 have a fault and are left out.').waitFor();
  for (const fault of ['No address', 'Twice in the file', 'No size'])
    await page.getByText(fault, { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'Add 500 people' }).click();
  await page.getByText('500 people were added').waitFor({ timeout: 60_000 });
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the result' }).click();
  assert.equal((await download).suggestedFilename(), 'people-added.csv');
  assert.equal(stage.api.users.length, before + 500);
  assert.deepEqual(troubles(), []);
});

test('the log follows, stands still when somebody scrolls back, and opens a line by keyboard', { skip: noBrowser }, async () => {
  const { page, axe, troubles } = await opened('/logs');
  const logs = new LogsScreen(page);
  await logs.list().waitFor();
  stage.logs.append({
    at: Date.now(),
    level: 'error',
    service: 'imap',
    message: 'the first sign of trouble',
    user: 'anna@example.org',
    connection: 'c77',
  });
  await logs.line('the first sign of trouble').waitFor();
  await logs.list().evaluate((element: Scroller) => element.scrollTo(0, element.scrollHeight / 2));
  await page.getByText('Paused', { exact: true }).first().waitFor();
  stage.logs.append({ at: Date.now(), level: 'warn', service: 'imap', message: 'the second sign of trouble' });
  await page.getByRole('button', { name: /new line/ }).click();
  await logs.line('the second sign of trouble').waitFor();
  await logs.list().focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  const drawer = logs.dialog();
  await drawer.getByText('Details of the line').waitFor();
  assert.deepEqual(await axe(), []);
  await page.keyboard.press('Escape');
  await logs.filter('Contains').fill('first sign');
  await logs.line('the second sign of trouble').waitFor({ state: 'detached' });
  await logs.line('the first sign of trouble').waitFor();
  assert.match(page.url(), /text=first/);
  assert.deepEqual(troubles(), []);
});

test('a setting is changed, marked, refused when wrong, and goes back to its default', { skip: noBrowser }, async () => {
  const { page, axe, troubles, expectTrouble } = await opened('/settings?q=workers');
  expectTrouble(/400/);
  const people = new PeopleScreen(page);
  const field = page.getByRole('textbox', { name: 'Worker processes' });
  await field.fill('900');
  await page.getByText('One change is not saved').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Nothing was saved.').waitFor();
  assert.deepEqual(await axe(), []);
  await field.fill('2');
  await page.getByRole('button', { name: 'Save' }).click();
  await people.notice('Saved. The mail server restarts for it.').waitFor();
  assert.equal(stage.settings.get('workers'), 2);
  await page.getByText('Changed', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Back to the default: Worker processes' }).click();
  // Leaving with something unsaved asks first.
  await people.goTo('Services');
  await people.dialog().getByText('Leave without saving?').waitFor();
  await people.dialog().getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('One change is not saved').waitFor({ state: 'detached' });
  assert.equal(stage.settings.get('workers'), 1);
  assert.deepEqual(troubles(), []);
});

test('an API that fails is told in words, with a way to try again', { skip: noBrowser }, async () => {
  const { page, axe, expectTrouble } = await opened('/people');
  expectTrouble(/500/);
  stage.api.failWith = 500;
  await page.reload();
  await page.getByText('The list of people could not be loaded.').waitFor();
  assert.deepEqual(await axe(), []);
  stage.api.failWith = undefined;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('row').nth(1).waitFor();
});

test('at 200 % zoom of a small window the navigation folds away and nothing is cut', { skip: noBrowser }, async () => {
  const narrow = await visit('/', 'narrow', { viewport: { width: 512, height: 350 } });
  const { page } = narrow;
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.equal(await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'), false);
  await page.getByRole('button', { name: 'Navigation' }).click();
  await page.getByRole('link', { name: 'Services', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Services' }).waitFor();
  assert.equal(await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'), false);
  assert.deepEqual(narrow.troubles, []);
});

test('keyboard only: skip link first, and a dialog gives the focus back', { skip: noBrowser }, async () => {
  const { page, troubles } = await opened('/services');
  await page.getByRole('article', { name: 'IMAP', exact: true }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.activeElement.id'), 'main');
  const edit = page.getByRole('button', { name: 'Port and reach of IMAP', exact: true });
  await edit.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('textbox', { name: 'Port' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await waitFor(
    async () => (await page.evaluate('document.activeElement.getAttribute("aria-label")')) === 'Port and reach of IMAP',
  );
  assert.deepEqual(troubles(), []);
});

async function opened(path: string) {
  const one = await visit(path);
  return {
    page: one.page,
    axe: () => one.axe(),
    troubles: () => one.troubles,
    expectTrouble: (pattern: RegExp) => one.expectTrouble(pattern),
  };
}
