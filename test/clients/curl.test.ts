/** curl lists, reads, searches and appends by IMAP, and reads by POP3. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sharedServers } from '../harness/servers.ts';
import { tempDir } from '../harness/temp-dir.ts';
import { type TestWorker, closeStores, startWorker } from '../harness/worker.ts';
import { type FilledMailbox, fillMailbox } from './filled-mailbox.ts';
import { missingTool, mustRun } from './tool.ts';

const skip = missingTool({ name: 'curl', debianPackage: 'curl' }) ?? false;

describe('curl', { skip }, () => {
  let worker: TestWorker;
  let filled: FilledMailbox;
  before(async () => {
    worker = await startWorker({ ...(await sharedServers()), services: ['imap', 'lmtp', 'pop3', 'submission', 'api'] });
    filled = await fillMailbox(worker);
  });
  after(async () => {
    await worker.stop();
    await closeStores();
  });
  const curl = (...args: string[]): Promise<Buffer> =>
    mustRun('curl', ['-sS', '--max-time', '50', '--user', `${filled.user.username}:${filled.user.password}`, ...args]);
  const imap = (rest: string): string => `imap://127.0.0.1:${worker.port('imap')}/${rest}`;

  it('lists mailboxes', async () => {
    const list = (await curl(imap(''))).toString();
    for (const name of ['INBOX', 'Projects/Ducks', 'Trash'])
      assert.match(list, new RegExp(`^\\* LIST \\(.*\\) "/" "?${name}"?\r$`, 'm'));
  });

  it('reads every message of every mailbox, byte for byte', async () => {
    for (const [mailbox, expected] of filled.mailboxes) {
      for (const { uid, raw } of expected) {
        const got = await curl(imap(`${encodeURIComponent(mailbox)};UID=${uid}`));
        assert.ok(got.equals(raw), `${mailbox} UID ${uid}: ${got.length} octets instead of ${raw.length}`);
      }
    }
  });

  it('reads a section and searches', async () => {
    const [first] = filled.mailboxes.get('INBOX') ?? [];
    const header = await curl(imap(`INBOX;UID=${first?.uid ?? 0};SECTION=HEADER.FIELDS%20(RETURN-PATH)`));
    assert.match(header.toString(), /^Return-Path: <sender@example\.test>\r\n/);
    assert.match((await curl(imap('INBOX?SUBJECT%20hard'))).toString(), /^\* SEARCH( \d+)+\r\n$/);
  });

  it('appends a file', async () => {
    const raw = Buffer.from('Subject: from curl\r\n\r\nHello.\r\n');
    const file = path.join(tempDir('curl'), 'message.eml');
    writeFileSync(file, raw);
    await curl('-T', file, imap('Sent'));
    assert.ok((await curl(imap('Sent;MAILINDEX=1'))).equals(raw));
  });

  it('reads the maildrop by POP3', async () => {
    const expected = filled.mailboxes.get('INBOX') ?? [];
    const pop3 = `pop3://127.0.0.1:${worker.port('pop3')}/`;
    assert.equal((await curl(pop3)).toString().trim().split('\r\n').length, expected.length);
    for (const at of [1, 2, Math.floor(expected.length / 2), expected.length]) {
      const got = await curl(`${pop3}${at}`);
      const { raw } = expected[at - 1]!;
      // RFC 1939: a message is lines, so one without its last line end gets it.
      const whole = raw.toString('latin1').endsWith('\r\n') ? raw : Buffer.concat([raw, Buffer.from('\r\n')]);
      assert.ok(got.equals(whole), `message ${at}`);
    }
  });

  it('signs in to IMAP, POP3 and submission with an access token', async () => {
    const api = `http://127.0.0.1:${worker.port('api')}`;
    const signIn = await fetch(`${api}/authenticate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: filled.user.username, password: filled.user.password, token: true }),
    });
    const { token } = (await signIn.json()) as { token: string };
    const withToken = (bearer: string, mechanism: string, ...args: string[]): Promise<Buffer> =>
      mustRun('curl', [
        '-sS',
        '--max-time',
        '50',
        '--user',
        filled.user.username,
        '--oauth2-bearer',
        bearer,
        '--login-options',
        `AUTH=${mechanism}`,
        ...args,
      ]);
    const pop3 = `pop3://127.0.0.1:${worker.port('pop3')}/`;
    const submission = `smtp://127.0.0.1:${worker.port('submission')}/client.test`;
    const file = path.join(tempDir('curl'), 'sent.eml');
    writeFileSync(file, 'Subject: by token\r\n\r\nHello.\r\n');
    const send = ['-T', file, '--mail-from', filled.user.username, '--mail-rcpt', filled.user.username];
    for (const mechanism of ['OAUTHBEARER', 'XOAUTH2']) {
      assert.match((await withToken(token, mechanism, imap(''))).toString(), /"?INBOX"?\r$/m);
      assert.match((await withToken(token, mechanism, pop3)).toString(), /^1 \d+\r$/m);
      await withToken(token, mechanism, submission, ...send);
    }
    await assert.rejects(withToken('f'.repeat(40), 'OAUTHBEARER', imap('')), /Login denied|Access denied|67/i);
  });
});
