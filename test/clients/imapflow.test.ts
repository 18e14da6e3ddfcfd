/** imapflow, the client library of webmails and bridges, syncs everything, changes things, and hears of news. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ImapFlow } from 'imapflow';
import { LmtpProbe } from '../harness/probe/lmtp-probe.ts';
import { sharedServers } from '../harness/servers.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type TestWorker, closeStores, startWorker } from '../harness/worker.ts';
import { type FilledMailbox, comparable, fillMailbox } from './filled-mailbox.ts';

describe('imapflow', () => {
  let worker: TestWorker;
  let filled: FilledMailbox;
  let client: ImapFlow;
  before(async () => {
    worker = await startWorker(await sharedServers());
    filled = await fillMailbox(worker);
    client = new ImapFlow({
      host: '127.0.0.1',
      port: worker.port('imap'),
      secure: false,
      doSTARTTLS: false,
      auth: { user: filled.user.username, pass: filled.user.password },
      logger: false,
    });
    client.on('error', () => {}); // a failed command tells
    await client.connect();
  });
  after(async () => {
    client.close();
    await worker.stop();
    await closeStores();
  });

  it('lists the mailboxes with their special uses', async () => {
    const list = await client.list({ statusQuery: { messages: true, unseen: true } });
    const uses = new Map(list.map((one) => [one.path, one.specialUse]));
    assert.deepEqual(
      ['INBOX', 'Drafts', 'Sent', 'Junk', 'Trash', 'Archive', 'Projects', 'Projects/Ducks'].filter((path) => !uses.has(path)),
      [],
    );
    assert.deepEqual(
      ['Drafts', 'Sent', 'Junk', 'Trash', 'Archive'].map((path) => uses.get(path)),
      ['\\Drafts', '\\Sent', '\\Junk', '\\Trash', '\\Archive'],
    );
    const inbox = list.find((one) => one.path === 'INBOX');
    assert.equal(inbox?.status?.messages, filled.mailboxes.get('INBOX')?.length);
  });

  it('syncs every mailbox completely', async () => {
    for (const [path, expected] of filled.mailboxes) {
      const lock = await client.getMailboxLock(path);
      try {
        const found: { uid: number; flags: string[]; raw: Buffer }[] = [];
        if (expected.length > 0) {
          for await (const message of client.fetch('1:*', {
            uid: true,
            flags: true,
            envelope: true,
            bodyStructure: true,
            internalDate: true,
            size: true,
            source: true,
          })) {
            assert.equal(message.size, message.source?.length);
            assert.ok(message.envelope !== undefined && message.bodyStructure !== undefined);
            found.push({ uid: message.uid, flags: comparable(message.flags ?? []), raw: message.source ?? Buffer.alloc(0) });
          }
        }
        assert.deepEqual(
          found.map(({ uid, flags }) => ({ uid, flags })),
          expected.map(({ uid, flags }) => ({ uid, flags: [...flags] })),
          path,
        );
        for (const [at, { raw }] of found.entries()) assert.ok(raw.equals(expected[at]!.raw), `${path} UID ${expected[at]!.uid}`);
      } finally {
        lock.release();
      }
    }
  });

  it('appends, flags, searches, downloads a part, copies, moves and deletes', async () => {
    const lock = await client.getMailboxLock('Archive');
    try {
      const body = 'grüße '.repeat(3000);
      const raw = `Subject: from imapflow\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(body).toString('base64').replace(/.{76}/g, '$&\r\n')}`;
      const appended = await client.append('Archive', Buffer.from(raw), ['\\Seen'], new Date('2026-02-03T04:05:06Z'));
      assert.ok(appended !== false && appended.uid !== undefined);
      const { uid } = appended;
      await client.messageFlagsAdd(String(uid), ['\\Flagged', '$Forwarded'], { uid: true });
      assert.deepEqual(await client.search({ subject: 'imapflow', keyword: '$Forwarded', flagged: true }, { uid: true }), [uid]);
      const message = await client.fetchOne(String(uid), { flags: true, internalDate: true }, { uid: true });
      assert.ok(message !== false);
      assert.deepEqual(comparable(message.flags ?? []), ['$Forwarded', '\\Flagged', '\\Seen']);
      assert.equal(new Date(message.internalDate ?? 0).toISOString(), '2026-02-03T04:05:06.000Z');
      const { content } = await client.download(String(uid), '1', { uid: true });
      assert.ok(content !== undefined);
      const pieces: Buffer[] = [];
      for await (const piece of content) pieces.push(piece as Buffer);
      assert.equal(Buffer.concat(pieces).toString(), body);
      const copied = await client.messageCopy(String(uid), 'Sent', { uid: true });
      assert.ok(copied !== false && copied.uidMap?.size === 1);
      const moved = await client.messageMove(String(uid), 'Trash', { uid: true });
      assert.ok(moved !== false && moved.uidMap?.size === 1);
      assert.deepEqual(await client.search({ all: true }, { uid: true }), []);
    } finally {
      lock.release();
    }
    const trash = await client.getMailboxLock('Trash');
    try {
      assert.equal(await client.messageDelete('1:*'), true);
      assert.deepEqual(await client.search({ all: true }), []);
    } finally {
      trash.release();
    }
    const quota = await client.getQuota('INBOX');
    assert.ok(quota !== undefined);
  });

  it('hears of new mail while it does nothing', async () => {
    const lock = await client.getMailboxLock('INBOX');
    try {
      let heard = 0;
      client.on('exists', ({ count }: { count: number }) => (heard = count));
      const idling = client.idle();
      const before = filled.mailboxes.get('INBOX')!.length;
      const lmtp = await LmtpProbe.connect(worker.port('lmtp'));
      await lmtp.deliver(Buffer.from('Subject: news\r\n\r\nnews\r\n'), [filled.user.username]);
      lmtp.close();
      await waitFor(() => heard === before + 1, { what: 'EXISTS while idle' });
      await client.noop();
      await idling;
    } finally {
      lock.release();
    }
  });

  it('creates, renames with inferiors, and deletes mailboxes', async () => {
    await client.mailboxCreate(['Ünïcode & more', 'Löwer']);
    await client.mailboxRename('Ünïcode & more', 'Plain');
    const paths = (await client.list()).map((one) => one.path);
    assert.ok(paths.includes('Plain/Löwer') && !paths.includes('Ünïcode & more'), paths.join(', '));
    await client.mailboxDelete('Plain/Löwer');
    await client.mailboxDelete('Plain');
    assert.ok(!(await client.list()).some((one) => one.path.startsWith('Plain')));
  });
});
