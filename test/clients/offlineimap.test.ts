/** offlineimap (imaplib2, with its cache and its own header field) keeps a Maildir and an account equal, both ways. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ImapProbe } from '../harness/probe/imap-probe.ts';
import { sharedServers } from '../harness/servers.ts';
import { tempDir } from '../harness/temp-dir.ts';
import { type TestWorker, closeStores, createUser, startWorker } from '../harness/worker.ts';
import { contentsOf } from './filled-mailbox.ts';
import { missingTool, mustRun } from './tool.ts';

const skip = missingTool({ name: 'offlineimap', debianPackage: 'offlineimap3' }) ?? false;

const message = (subject: string): Buffer =>
  Buffer.from(
    `From: a@example.test\r\nTo: b@example.test\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.test>\r\n\r\nBody.\r\n`,
  );

describe('offlineimap', { skip }, () => {
  const folder = tempDir('offlineimap');
  const maildir = path.join(folder, 'mail');
  let worker: TestWorker;
  let imap: ImapProbe;
  before(async () => {
    worker = await startWorker(await sharedServers());
    const user = await createUser(worker);
    imap = await ImapProbe.login(worker.port('imap'), user.username, user.password);
    for (let n = 0; n < 20; n += 1) await imap.append('INBOX', message(`m${n}`), n % 2 === 0 ? '(\\Seen)' : '(\\Flagged)');
    mkdirSync(path.join(folder, 'meta'));
    writeFileSync(path.join(folder, 'config'), configuration(folder, worker.port('imap'), user));
  });
  after(async () => {
    imap.close();
    await worker.stop();
    await closeStores();
  });
  const sync = (): Promise<Buffer> => mustRun('offlineimap', ['-c', path.join(folder, 'config'), '-o', '-u', 'quiet']);
  const inbox = (): { readonly file: string; readonly subject: string; readonly flags: string }[] =>
    ['cur', 'new'].flatMap((part) =>
      readdirSync(path.join(maildir, 'INBOX', part)).map((name) => {
        const file = path.join(maildir, 'INBOX', part, name);
        const subject = /^Subject: (.*)$/m.exec(readFileSync(file, 'latin1'))?.[1] ?? '';
        return { file, subject, flags: /:2,([A-Z]*)/.exec(name)?.[1] ?? '' };
      }),
    );

  it('brings everything down, with its flags', async () => {
    await sync();
    assert.deepEqual(
      inbox()
        .map(({ subject, flags }) => `${subject} ${flags}`)
        .sort(),
      Array.from({ length: 20 }, (_, n) => `m${n} ${n % 2 === 0 ? 'S' : 'F'}`).sort(),
    );
    assert.ok(readdirSync(maildir).includes('Sent'));
  });

  it('carries changes up and down', async () => {
    const [first] = inbox().filter(({ subject }) => subject === 'm1');
    assert.ok(first);
    renameSync(first.file, path.join(maildir, 'INBOX', 'cur', path.basename(first.file).replace(/:2,.*$/, ':2,FRS')));
    writeFileSync(path.join(maildir, 'INBOX', 'new', '1700000000.1.here'), message('offline').toString().replaceAll('\r', ''));
    await imap.ok('SELECT INBOX');
    await imap.ok('UID STORE 1 +FLAGS (\\Deleted)');
    await imap.ok('UID EXPUNGE 1');
    await imap.ok('UID STORE 3 +FLAGS (\\Answered)');
    await sync();
    const there = await contentsOf(imap, 'INBOX');
    const flagsOf = (subject: string): string | undefined =>
      there.find(({ raw }) => raw.includes(`Subject: ${subject}\r\n`))?.flags.join(' ');
    assert.equal(flagsOf('m1'), '\\Answered \\Flagged \\Seen');
    assert.notEqual(flagsOf('offline'), undefined);
    const here = new Map(inbox().map(({ subject, flags }) => [subject, flags]));
    assert.equal(here.has('m0'), false);
    assert.equal(here.get('m2'), 'RS');
    assert.equal(here.size, 20);
    assert.equal(there.length, 20);
  });
});

function configuration(folder: string, port: number, user: { readonly username: string; readonly password: string }): string {
  return `
[general]
accounts = Test
metadata = ${folder}/meta
[Account Test]
localrepository = Local
remoterepository = Remote
[Repository Local]
type = Maildir
localfolders = ${folder}/mail
sep = /
[Repository Remote]
type = IMAP
remotehost = 127.0.0.1
remoteport = ${port}
remoteuser = ${user.username}
remotepass = ${user.password}
ssl = no
starttls = no
auth_mechanisms = PLAIN
`;
}
