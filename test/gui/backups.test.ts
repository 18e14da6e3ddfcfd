/** Backups over the real appliance: choose a folder, back up, lose a mailbox, bring one person's mail back. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { ImapFlow } from 'imapflow';
import type { Browser } from 'playwright-core';
import { tempDir } from '../harness/temp-dir.ts';
import { waitFor } from '../harness/wait-for.ts';
import { noBrowser, openBrowser, Visit } from './browser.ts';
import { RealAppliance } from './real-appliance.ts';

let appliance: RealAppliance;
let browser: Browser;
let visit: Visit;
const password = 'ducks on a quiet pond';
const user = 'anna@example.test';

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

async function withImap<T>(use: (client: ImapFlow) => Promise<T>): Promise<T> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: await appliance.port('imap'),
    secure: false,
    tls: { rejectUnauthorized: false },
    auth: { user, pass: password },
    logger: false,
  });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.logout();
  }
}

function messagesIn(name: string): Promise<number> {
  return withImap(async (client) => {
    const names = (await client.list()).map((each) => each.path);
    if (!names.includes(name)) return -1;
    const status = await client.status(name, { messages: true });
    return status === false ? -1 : (status.messages ?? 0);
  });
}

test('a lost mailbox comes back from a backup', { skip: noBrowser, timeout: 180_000 }, async () => {
  await appliance.control('POST', '/api/users', { username: 'anna', address: user, password });
  await withImap(async (client) => {
    await client.mailboxCreate('Projects');
    for (const name of ['one', 'two', 'three'])
      await client.append('Projects', Buffer.from(`Message-ID: <${name}@test>\r\nSubject: ${name}\r\n\r\n${name}\r\n`), [
        '\\Seen',
      ]);
  });
  visit = await Visit.open(browser, await appliance.signInUrl());
  const { page } = visit;
  await page.getByRole('navigation').getByRole('link', { name: 'Storage & backups' }).click();
  await page.getByRole('button', { name: 'Choose a folder' }).click();
  await page.getByLabel('Folder on this server').fill(path.join(tempDir('gui-backups'), 'mallard'));
  await page.getByLabel('Passphrase').first().fill('correct horse battery');
  await page.getByRole('button', { name: 'Use this folder' }).click();
  await page.getByText('Print this recovery key').waitFor();
  await page.getByLabel('I have kept the recovery key').check();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: 'Back up now' }).click();
  await page.getByText('Complete', { exact: true }).waitFor({ timeout: 60_000 });

  await withImap((client) => client.mailboxDelete('Projects'));
  assert.equal(await messagesIn('Projects'), -1);

  await page.getByRole('button', { name: /^Restore from the backup of/ }).click();
  await page.getByRole('button', { name: 'See who is in it' }).click();
  await page.getByLabel('Person', { exact: true }).first().click();
  await page.getByRole('option', { name: /anna/ }).click();
  await page.getByRole('button', { name: 'Show what would come' }).click();
  await page.getByRole('table', { name: 'What would come' }).getByRole('cell', { name: 'Projects' }).waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Bring back 3 messages' }).click();
  await waitFor(async () => (await messagesIn('Projects')) === 3, { timeoutMs: 30_000, what: 'the mailbox to be back' });
});
