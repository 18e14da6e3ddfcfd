/** Python's standard library: imaplib syncs and changes a mailbox, poplib reads and deletes from it, smtplib delivers to it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import path from 'node:path';
import { z } from 'zod';
import { ImapProbe } from '../harness/probe/imap-probe.ts';
import { sharedServers } from '../harness/servers.ts';
import { type TestWorker, closeStores, startWorker } from '../harness/worker.ts';
import { type FilledMailbox, comparable, contentsOf, fillMailbox } from './filled-mailbox.ts';
import { missingTool, mustRun } from './tool.ts';

const skip = missingTool({ name: 'python3', debianPackage: 'python3-minimal' }) ?? false;
const script = (name: string): string => path.join(import.meta.dirname, name);
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const syncSchema = z.record(
  z.string(),
  z.array(z.object({ uid: z.int(), flags: z.array(z.string()), sha256: z.string(), size: z.int() })),
);
const maildropSchema = z.array(z.object({ uidl: z.string(), sha256: z.string(), size: z.int(), octets: z.int() }));

describe('Python', { skip }, () => {
  let worker: TestWorker;
  let filled: FilledMailbox;
  before(async () => {
    worker = await startWorker({ ...(await sharedServers()), services: ['imap', 'lmtp', 'pop3'] });
    // poplib takes LF for a line's end, so a dot between two of them ends the message for it.
    filled = await fillMailbox(worker, (raw) => !raw.includes('\n.\n'));
  });
  after(async () => {
    await worker.stop();
    await closeStores();
  });
  const python = async (name: string, service: 'imap' | 'pop3' | 'lmtp', ...args: string[]): Promise<unknown> => {
    const { username, password } = filled.user;
    const out = await mustRun('python3', [script(name), String(worker.port(service)), username, password, ...args]);
    return JSON.parse(out.toString());
  };

  it('imaplib syncs every mailbox completely', async () => {
    const synced = syncSchema.parse(await python('imaplib-sync.py', 'imap'));
    for (const [mailbox, expected] of filled.mailboxes) {
      assert.deepEqual(
        synced[mailbox]?.map((one) => ({ ...one, flags: comparable(one.flags) })),
        expected.map(({ uid, flags, raw }) => ({ uid, flags: [...flags], sha256: digest(raw), size: raw.length })),
        mailbox,
      );
    }
  });

  it('imaplib appends, stores, searches, copies and expunges', async () => {
    assert.deepEqual(await python('imaplib-change.py', 'imap'), { copied: 1, left: 0, found: '1', exact: true });
  });

  it('poplib reads the whole INBOX byte for byte, with stable UIDLs, and deletes', async () => {
    const drop = maildropSchema.parse(await python('poplib-read.py', 'pop3'));
    const expected = filled.mailboxes.get('INBOX') ?? [];
    assert.equal(drop.length, expected.length);
    assert.equal(new Set(drop.map(({ uidl }) => uidl)).size, expected.length);
    for (const [at, { raw }] of expected.entries()) {
      // poplib gives lines: what ends them is not for it to tell.
      const { sha256, size, octets } = drop[at]!;
      assert.equal(sha256, digest(linesOf(raw)), `message ${at + 1}`);
      assert.equal(size, raw.length, `LIST of message ${at + 1}`);
      // RETR sends just that, and ends a last line that had no end.
      assert.equal(octets, raw.toString('latin1').endsWith('\r\n') ? size : size + 2, `RETR of message ${at + 1}`);
    }
    assert.deepEqual(maildropSchema.parse(await python('poplib-read.py', 'pop3', 'delete')), drop);
    const imap = await ImapProbe.login(worker.port('imap'), filled.user.username, filled.user.password);
    assert.equal((await contentsOf(imap, 'INBOX')).length, 0);
    await imap.logout();
  });

  it('smtplib delivers by LMTP', async () => {
    assert.deepEqual(await python('smtplib-lmtp.py', 'lmtp'), {});
    const imap = await ImapProbe.login(worker.port('imap'), filled.user.username, filled.user.password);
    const [message] = await contentsOf(imap, 'INBOX');
    assert.match(message?.raw.toString() ?? '', /Subject: from smtplib\r\n/);
    await imap.logout();
  });
});

/** As poplib hands a message over: lines ended by LF, and a last line that had no CRLF has got one. */
function linesOf(raw: Buffer): Buffer {
  const text = raw.toString('latin1');
  return Buffer.from((text.endsWith('\r\n') ? text : `${text}\r\n`).replaceAll('\r\n', '\n'), 'latin1');
}
