/**
 * mbsync keeps a Maildir and an account equal, both ways: everything comes down, local changes go up, changes on the server come down, deletions go both ways, and a second run finds nothing to do.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ImapProbe } from '../harness/probe/imap-probe.ts';
import { sharedServers } from '../harness/servers.ts';
import { tempDir } from '../harness/temp-dir.ts';
import { type TestWorker, closeStores, startWorker } from '../harness/worker.ts';
import { type FilledMailbox, contentsOf, fillMailbox } from './filled-mailbox.ts';
import { missingTool, mustRun } from './tool.ts';

const skip = missingTool({ name: 'mbsync', debianPackage: 'isync' }) ?? false;

type MaildirMessage = { readonly file: string; readonly flags: string; readonly raw: Buffer };

describe('mbsync', { skip }, () => {
  const folder = tempDir('mbsync');
  const maildir = path.join(folder, 'mail');
  let worker: TestWorker;
  let filled: FilledMailbox;
  let imap: ImapProbe;
  before(async () => {
    worker = await startWorker(await sharedServers());
    // A message whose header does not end, or has other line ends than its body, is none for mbsync.
    filled = await fillMailbox(worker, (raw) => /^(?:[^\r\n]+\r\n)+\r\n|^(?:[^\r\n]+\n)+\n/.test(raw.toString('latin1')));
    imap = await ImapProbe.login(worker.port('imap'), filled.user.username, filled.user.password);
    mkdirSync(maildir);
    writeFileSync(path.join(folder, 'config'), configuration(maildir, worker.port('imap'), filled));
  });
  after(async () => {
    imap.close();
    await worker.stop();
    await closeStores();
  });
  const sync = (): Promise<Buffer> => mustRun('mbsync', ['-c', path.join(folder, 'config'), '-a']);
  const local = (mailbox: string): MaildirMessage[] => readMaildir(path.join(maildir, mailbox));

  it('brings down every mailbox completely', async () => {
    await sync();
    for (const [mailbox, expected] of filled.mailboxes) {
      // UIDs of the Maildir are its own, so messages are compared as a set, line ends apart: a Maildir has its own.
      const seen = local(mailbox).map(({ flags, raw }) => `${flags} ${asLines(raw)}`);
      const wanted = expected.map(({ flags, raw }) => `${maildirFlags(flags)} ${asLines(raw)}`);
      assert.deepEqual(seen.sort(), wanted.sort(), mailbox);
    }
  });

  it('finds nothing to do the second time', async () => {
    const before = [...filled.mailboxes.keys()].map((mailbox) => local(mailbox).map(({ file }) => file));
    await sync();
    assert.deepEqual(
      [...filled.mailboxes.keys()].map((mailbox) => local(mailbox).map(({ file }) => file)),
      before,
    );
  });

  it('carries local changes up', async () => {
    const added = 'From: a@example.test\nSubject: written offline\n\nHello.\n';
    writeFileSync(path.join(maildir, 'Archive', 'cur', '1700000000.1.here:2,FS'), added);
    const [flagged, deleted] = local('INBOX') as [MaildirMessage, MaildirMessage];
    renameSync(flagged.file, flagged.file.replace(/:2,.*$/, ':2,FRS'));
    rmSync(deleted.file);
    await sync();
    const archive = await contentsOf(imap, 'Archive');
    assert.equal(archive.length, 1);
    assert.equal(asLines(archive[0]!.raw), added);
    assert.deepEqual(archive[0]!.flags, ['\\Flagged', '\\Seen']);
    const inbox = await contentsOf(imap, 'INBOX');
    assert.equal(inbox.length, filled.mailboxes.get('INBOX')!.length - 1);
    const up = inbox.find(({ raw }) => asLines(raw) === asLines(flagged.raw));
    assert.deepEqual(
      up?.flags.filter((flag) => flag.startsWith('\\')),
      ['\\Answered', '\\Flagged', '\\Seen'],
    );
  });

  it('carries changes on the server down', async () => {
    await imap.ok('SELECT INBOX');
    await imap.ok('STORE 1:* +FLAGS (\\Flagged)');
    await imap.ok('UID STORE 3 +FLAGS (\\Deleted)');
    await imap.ok('EXPUNGE');
    await imap.append('INBOX', Buffer.from('Subject: fresh\r\n\r\nfresh\r\n'), '(\\Draft)');
    await sync();
    const remote = await contentsOf(imap, 'INBOX');
    assert.deepEqual(
      local('INBOX')
        .map(({ flags, raw }) => `${flags} ${asLines(raw)}`)
        .sort(),
      remote.map(({ flags, raw }) => `${maildirFlags(flags)} ${asLines(raw)}`).sort(),
    );
  });

  it('creates mailboxes on either side', async () => {
    await imap.ok('CREATE Remote/New');
    for (const name of ['cur', 'new', 'tmp']) mkdirSync(path.join(maildir, 'Local', name), { recursive: true });
    await sync();
    assert.ok(readdirSync(path.join(maildir, 'Remote', 'New')).includes('cur'));
    assert.ok((await imap.ok('LIST "" Local')).untagged.some(({ text }) => /^\* LIST .* "?Local"?$/.test(text)));
  });
});

function configuration(maildir: string, port: number, { user }: FilledMailbox): string {
  return `
IMAPAccount server
Host 127.0.0.1
Port ${port}
User ${user.username}
Pass "${user.password}"
SSLType None
AuthMechs LOGIN
PipelineDepth 50

IMAPStore remote
Account server

MaildirStore local
Path ${maildir}/
Inbox ${maildir}/INBOX
SubFolders Verbatim

Channel all
Far :remote:
Near :local:
Patterns *
Create Both
Expunge Both
Remove Both
SyncState *
CopyArrivalDate yes
`;
}

function readMaildir(folder: string): MaildirMessage[] {
  return ['cur', 'new'].flatMap((part) =>
    readdirSync(path.join(folder, part))
      .sort()
      .map((name) => {
        const file = path.join(folder, part, name);
        return { file, flags: /:2,([A-Z]*)/.exec(name)?.[1] ?? '', raw: readFileSync(file) };
      }),
  );
}

/** System flags as letters in Maildir's order; keywords stay on the server. */
function maildirFlags(flags: readonly string[]): string {
  const letters: Record<string, string> = {
    '\\Draft': 'D',
    '\\Flagged': 'F',
    '\\Answered': 'R',
    '\\Seen': 'S',
    '\\Deleted': 'T',
  };
  return flags
    .map((flag) => letters[flag] ?? '')
    .sort()
    .join('');
}

/** mbsync marks what it copies with a header field of its own, and drops the CRs of lines. */
const asLines = (raw: Buffer): string =>
  raw
    .toString('latin1')
    .replaceAll('\r', '')
    .replace(/^X-TUID: .*\n/m, '');
