/** People at their own account, over the real appliance: signing in, reading, writing, and what they set for themselves. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { ImapFlow } from 'imapflow';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { TOTP } from 'otpauth';
import type { Browser, Page } from 'playwright-core';
import { z } from 'zod';
import { waitFor } from '../harness/wait-for.ts';
import { noBrowser, openBrowser, Visit } from './browser.ts';
import { RealAppliance } from './real-appliance.ts';

let appliance: RealAppliance;
let browser: Browser;
let anna: Visit;
const passwords = { anna: 'anna has a long one', ben: 'ben has a long one too' };

before(async () => {
  if (noBrowser !== false) return;
  [appliance, browser] = await Promise.all([RealAppliance.start(), openBrowser()]);
  for (const [name, title] of [
    ['anna', 'Anna Berg'],
    ['ben', 'Ben Martin'],
  ] as const) {
    await appliance.control('POST', '/api/users', {
      username: `${name}@example.test`,
      address: `${name}@example.test`,
      name: title,
      password: passwords[name],
    });
  }
});
after(async () => {
  await browser?.close();
  await appliance?.stop();
});

afterEach(async (context) => {
  if (noBrowser === false && 'passed' in context && !context.passed) await anna?.keep(context.name);
});

async function signIn(page: Page, name: 'anna' | 'ben', password: string = passwords[name]): Promise<void> {
  await page.getByRole('textbox', { name: 'Address' }).fill(`${name}@example.test`);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** As another server would. */
async function deliver(message: SendMailOptions): Promise<void> {
  const transport = createTransport({
    host: '127.0.0.1',
    port: await appliance.port('lmtp'),
    lmtp: true,
    tls: { rejectUnauthorized: false },
  });
  await transport.sendMail({ from: 'Carla <carla@elsewhere.test>', to: 'anna@example.test', ...message });
  transport.close();
}

const row = (page: Page, text: string | RegExp) => page.getByRole('listitem').filter({ hasText: text });

test('a wrong password is refused, the right one opens the mail; the administration stays closed', {
  skip: noBrowser,
}, async () => {
  anna = await Visit.open(browser, `${appliance.url}/me`);
  const { page } = anna;
  anna.expectTrouble(/401|403/);
  await page.getByRole('heading', { name: 'Sign in to your mail' }).waitFor();
  assert.deepEqual(await anna.axe(), []);
  await anna.shot('user-sign-in');
  await signIn(page, 'anna', 'not it');
  await page.getByText('The address or the password is wrong.').waitFor();
  await signIn(page, 'anna');
  await page.getByText('Nothing here').waitFor();
  const cookies = await anna.context.cookies(`${appliance.url}/me/`);
  assert.deepEqual(
    cookies.map(({ name, httpOnly, sameSite, path }) => [name.replace(/\d+/, 'N'), httpOnly, sameSite, path]),
    [['mallard-me-N', true, 'Strict', '/me']],
  );
  const seen = await page.evaluate(async () => {
    const status = async (path: string): Promise<number> => (await fetch(path)).status;
    return [await status('/control/status'), await status('/api/users'), await status('/me/api/lists')];
  });
  assert.deepEqual(seen, [401, 401, 403]);
});

test('mail appears as it comes; pictures from elsewhere stay out until asked for, scripts for ever', {
  skip: noBrowser,
}, async () => {
  const { page } = anna;
  await deliver({
    subject: 'Offer for the roof',
    html: '<h1>Your offer</h1><p>Dear Anna, <b>this is it</b>.</p><script>document.title="owned"</script><img src="https://tracker.test/x.gif" alt="logo"><a href="https://example.org/">More</a>',
    attachments: [{ filename: 'offer.txt', content: 'twelve thousand' }],
  });
  await row(page, 'Offer for the roof').waitFor();
  await page.getByRole('navigation', { name: 'Mailboxes' }).getByText('1', { exact: true }).waitFor();
  await page.getByRole('button', { name: /Offer for the roof/ }).click();
  const frame = page.frameLocator('iframe[title="Text"]');
  await frame.getByText('this is it').waitFor();
  assert.equal(await frame.locator('script').count(), 0);
  await frame
    .getByText('logo')
    .waitFor({ state: 'attached' })
    .catch(() => undefined);
  assert.equal(await frame.locator('img').getAttribute('src'), null);
  assert.equal(await frame.getByRole('link', { name: 'More' }).getAttribute('target'), '_blank');
  // Read by now, on the server too.
  await page.getByRole('navigation', { name: 'Mailboxes' }).getByText('1', { exact: true }).waitFor({ state: 'detached' });
  assert.deepEqual(await anna.axe(), []);
  await anna.shot('webmail');
  anna.expectTrouble(/tracker\.test|ERR_/);
  await page.getByRole('button', { name: 'Show pictures' }).click();
  await page.frameLocator('iframe[title="Text"]').locator('img[src="https://tracker.test/x.gif"]').waitFor({ state: 'attached' });
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /offer\.txt/ }).click()]);
  assert.equal(file.suggestedFilename(), 'offer.txt');
});

test('a message is written by keyboard alone, with a file, and arrives; the answer is threaded', {
  skip: noBrowser,
}, async () => {
  const { page } = anna;
  await page.keyboard.press('c');
  const dialog = page.getByRole('dialog', { name: 'New message' });
  await dialog.waitFor();
  await page.keyboard.type('ben@example.test,');
  await dialog.getByLabel('Subject').focus();
  await page.keyboard.type('Lunch today?');
  await page.keyboard.press('Tab');
  await page.keyboard.type('At noon?\n\nAnna');
  await dialog
    .locator('input[type=file]')
    .setInputFiles({ name: 'menu.json', mimeType: 'application/json', buffer: Buffer.from('{"soup":1}') });
  await dialog.getByText('menu.json').waitFor();
  await dialog.getByText('Saved in Drafts').waitFor();
  assert.deepEqual(await anna.axe(), []);
  await anna.shot('webmail-write');
  await dialog.getByLabel('Text').focus();
  await page.keyboard.press('Control+Enter');
  await dialog.waitFor({ state: 'detached' });

  const ben = await Visit.open(browser, `${appliance.url}/me`, { colorScheme: 'dark', locale: 'de-DE' });
  ben.expectTrouble(/401/);
  await ben.page.getByRole('textbox', { name: 'Adresse' }).fill('ben@example.test');
  await ben.page.getByLabel('Kennwort', { exact: true }).fill(passwords.ben);
  await ben.page.getByRole('button', { name: 'Anmelden' }).click();
  await row(ben.page, 'Lunch today?').waitFor();
  await ben.page.keyboard.press('j');
  await ben.page.frameLocator('iframe[title="Text"]').getByText('At noon?').waitFor();
  await ben.page.getByRole('link', { name: /menu\.json/ }).waitFor();
  assert.deepEqual(await ben.axe(), []);
  await ben.shot('webmail-dark-de');
  await ben.page.keyboard.press('r');
  const answer = ben.page.getByRole('dialog', { name: 'Antworten' });
  assert.match(await answer.getByLabel('Text').inputValue(), /schrieb Anna Berg:\n> At noon\?\n>\n> Anna/);
  await answer.getByLabel('Text').focus();
  await ben.page.keyboard.press('Control+Home');
  await ben.page.keyboard.type('Gern!');
  await ben.page.keyboard.press('Control+Enter');
  await answer.waitFor({ state: 'detached' });
  assert.deepEqual(ben.troubles, []);
  await ben.close();

  await row(page, 'Re: Lunch today?').waitFor();
  const client = await imap('anna');
  try {
    await client.mailboxOpen('INBOX');
    const found = await client.fetchOne('*', { headers: ['in-reply-to', 'references'], envelope: true });
    assert.ok(found !== false && found.envelope?.subject === 'Re: Lunch today?');
    assert.match(String(found.headers), /In-Reply-To: <.+>\r\nReferences: <.+>/i);
    await client.mailboxOpen('Drafts');
    assert.equal(client.mailbox !== false && client.mailbox.exists, 0, 'the draft went with the message');
  } finally {
    client.close();
  }
});

async function imap(name: 'anna' | 'ben', password: string = passwords[name]): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: await appliance.port('imap'),
    secure: false,
    tls: { rejectUnauthorized: false },
    auth: { user: `${name}@example.test`, pass: password },
    logger: false,
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}

test('delete with undo, star, search', { skip: noBrowser }, async () => {
  const { page } = anna;
  await page.goto(`${appliance.url}/me/mail`);
  await page.getByRole('button', { name: /Offer for the roof/ }).click();
  await page.keyboard.press('s');
  await row(page, 'Offer for the roof')
    .getByRole('button', { name: /With a star/ })
    .waitFor();
  await page.keyboard.press('Delete');
  await row(page, 'Offer for the roof').waitFor({ state: 'detached' });
  await page.getByText('One message moved to Trash.').first().waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await row(page, 'Offer for the roof').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('twelve');
  await page.keyboard.press('Backspace');
  await page.getByRole('searchbox', { name: 'Search all mail' }).fill('from:carla roof');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Found: from:carla roof' }).waitFor();
  await row(page, 'Offer for the roof').waitFor();
  assert.equal(await page.getByRole('listitem').filter({ hasText: 'Lunch' }).count(), 0);
});

test('a filter that a person makes works on the next message', { skip: noBrowser }, async () => {
  const { page } = anna;
  await page.goto(`${appliance.url}/me/mail`);
  await page.getByRole('link', { name: 'My account' }).click();
  await page.getByRole('heading', { level: 1, name: 'Anna Berg' }).waitFor();
  await page.getByRole('tab', { name: 'Filters' }).click();
  await page.getByRole('button', { name: 'Add a filter' }).click();
  const dialog = page.getByRole('dialog', { name: 'New filter' });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('Say at least one thing that must fit.').waitFor();
  await dialog.getByLabel('Subject contains').fill('newsletter');
  await dialog.getByRole('combobox', { name: 'Move to' }).click();
  await page.getByRole('option', { name: 'Junk' }).click();
  await dialog.getByLabel('Mark with a star').check();
  assert.deepEqual(await anna.axe(), []);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('move to Junk · mark with a star').waitFor();
  assert.deepEqual(await anna.axe(), []);
  await anna.shot('user-filters');
  await deliver({ subject: 'Our newsletter', text: 'News' });
  const client = await imap('anna');
  try {
    await waitFor(
      async () => {
        await client.mailboxOpen('Junk');
        return client.mailbox !== false && client.mailbox.exists === 1;
      },
      { timeoutMs: 20_000, what: 'the newsletter in Junk' },
    );
  } finally {
    client.close();
  }
});

test('an automatic reply and a device of one’s own', { skip: noBrowser }, async () => {
  const { page } = anna;
  await page.goto(`${appliance.url}/me/account`);
  await page.getByRole('tab', { name: 'Replies and forwards' }).click();
  await page.getByRole('switch', { name: 'Reply automatically' }).check();
  await page.getByLabel('Subject').fill('Away');
  await page.getByLabel('Text', { exact: true }).fill('Back on Monday.');
  await page.getByLabel('Until').fill('2030-01-31');
  await page.getByRole('button', { name: 'Save' }).first().click();
  await page.getByText('Saved.').first().waitFor();
  assert.deepEqual(await anna.axe(), []);
  const { results } = z
    .object({ results: z.array(z.object({ id: z.string(), username: z.string() })) })
    .parse(await appliance.control('GET', '/api/users?query=anna'));
  const reply = z
    .object({ status: z.boolean(), end: z.string() })
    .parse(await appliance.control('GET', `/api/users/${results[0]?.id}/autoreply`));
  assert.deepEqual([reply.status, reply.end.slice(0, 10)], [true, '2030-01-31']);

  await page.getByRole('link', { name: 'Connect a device' }).click();
  await page.getByRole('radio', { name: /^Apple Mail/ }).click();
  await page.getByRole('button', { name: /Make a password/ }).click();
  const [profile] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Get the profile' }).click(),
  ]);
  assert.equal(profile.suggestedFilename(), 'anna@example.test.mobileconfig');
  assert.deepEqual(await anna.axe(), []);
  await anna.shot('user-connect');
  const given = await page.getByRole('button', { name: 'Copy: Password' }).locator('xpath=preceding-sibling::code').textContent();
  await page.getByText('Waiting for the device to sign in').waitFor();
  (await imap('anna', given ?? '')).close();
  await page.getByText('Anna Berg is connected from Apple Mail').first().waitFor();
});

test('codes from an app: turned on with a first code, asked for at the next sign-in', { skip: noBrowser }, async () => {
  const { page } = anna;
  await page.goto(`${appliance.url}/me/account`);
  await page.getByRole('button', { name: 'Set up' }).click();
  const seed = await page
    .getByRole('button', { name: 'Copy: Secret of the app' })
    .locator('xpath=preceding-sibling::code')
    .textContent();
  const codes = new TOTP({ secret: seed ?? '' });
  await page.getByLabel('Code from the app').fill(codes.generate());
  assert.deepEqual(await anna.axe(), []);
  await anna.shot('user-account');
  await page.getByRole('button', { name: 'Turn on' }).click();
  await page.getByText('Recovery codes').first().waitFor();
  const recovery = (await page.locator('ul code').first().textContent()) ?? '';
  await page.getByRole('button', { name: 'Account', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await signIn(page, 'anna');
  await page.getByRole('heading', { name: 'One more step' }).waitFor();
  assert.deepEqual(await anna.axe(), []);
  await page.getByLabel('Code from the app').fill('000000');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('The code is not right').waitFor();
  await page.getByRole('button', { name: 'I do not have the app' }).click();
  await page.getByLabel('Recovery code').fill(recovery);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'My account' }).click();
  await page.getByRole('tab', { name: 'Sign-ins' }).click();
  await page.getByRole('cell', { name: 'Webmail' }).first().waitFor();
  assert.deepEqual(await anna.axe(), []);
});

test('a narrow window shows one pane at a time', { skip: noBrowser }, async () => {
  const { page } = anna;
  await page.setViewportSize({ width: 390, height: 780 });
  await page.goto(`${appliance.url}/me/mail`);
  await page.getByRole('button', { name: /Offer for the roof/ }).click();
  await page.frameLocator('iframe[title="Text"]').getByText('this is it').waitFor();
  await anna.shot('webmail-phone');
  assert.equal(await row(page, 'Offer for the roof').count(), 0);
  await page.getByRole('button', { name: 'Back to the list' }).click();
  await row(page, 'Offer for the roof').waitFor();
  await page.getByRole('button', { name: 'Mailboxes' }).click();
  await page.getByRole('dialog').getByRole('link', { name: /Junk/ }).click();
  await row(page, 'Our newsletter').waitFor();
  assert.deepEqual(await anna.axe(), []);
});

test('the administrator makes a group and shares a mailbox', { skip: noBrowser }, async () => {
  const admin = await Visit.open(browser, await appliance.signInUrl());
  const { page } = admin;
  await page.getByRole('navigation').getByRole('link', { name: 'Groups', exact: true }).click();
  await page.getByRole('heading', { name: 'There is no group yet' }).waitFor();
  assert.deepEqual(await admin.axe(), []);
  await page.getByRole('button', { name: 'Add a group' }).click();
  const dialog = page.getByRole('dialog', { name: 'New group' });
  await dialog.getByRole('textbox', { name: 'Address' }).fill('team@example.test');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Team');
  await dialog.getByLabel(/^Members \(/).fill('Anna <anna@example.test>\nben@example.test');
  await dialog.getByLabel('Everybody').check();
  await dialog.getByRole('combobox', { name: 'Owners' }).fill('anna@example.test');
  await page.keyboard.press('Enter');
  assert.deepEqual(await admin.axe(), []);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page
    .getByRole('row', { name: /team@example\.test/ })
    .getByText('2 members')
    .waitFor();
  assert.deepEqual(await admin.axe(), []);
  await admin.shot('groups');
  await deliver({ to: 'team@example.test', subject: 'For the team' });
  const client = await imap('ben');
  try {
    await waitFor(
      async () => {
        await client.mailboxOpen('INBOX');
        return ((await client.search({ subject: 'For the team' }, { uid: true })) || []).length === 1;
      },
      { timeoutMs: 30_000, what: 'the message to the team' },
    );
  } finally {
    client.close();
  }

  await page.getByRole('tab', { name: 'Shared mailboxes' }).click();
  await page.getByRole('button', { name: 'Share a mailbox' }).click();
  const share = page.getByRole('dialog', { name: 'Share a mailbox' });
  await share.getByRole('combobox', { name: 'Whose mailbox' }).click();
  await page.getByRole('option', { name: /Anna Berg/ }).click();
  await share.getByRole('combobox', { name: 'Which mailbox' }).click();
  await page.getByRole('option', { name: 'Inbox' }).click();
  await share.getByRole('combobox', { name: 'With whom' }).click();
  await page.getByRole('option', { name: /Ben Martin/ }).click();
  await share.getByRole('button', { name: 'Share', exact: true }).click();
  await page.getByRole('heading', { name: 'Inbox' }).waitFor();
  await page.getByText('Belongs to Anna Berg').waitFor();
  assert.deepEqual(await admin.axe(), []);
  await admin.shot('shared');
  const ben = await imap('ben');
  try {
    const shown = (await ben.list()).map(({ path }) => path);
    assert.ok(
      shown.some((path) => /anna/i.test(path)),
      shown.join(', '),
    );
  } finally {
    ben.close();
  }
  assert.deepEqual(admin.troubles, []);
  await admin.close();
});

test('nothing went wrong on the way', { skip: noBrowser }, () => {
  assert.deepEqual(anna.troubles, []);
});
