/** A user with mail in several mailboxes, as foreign clients find it; and what they must find. */
import assert from 'node:assert/strict';
import { ImapProbe } from '../harness/probe/imap-probe.ts';
import { octets, parseFetch } from '../harness/probe/imap-values.ts';
import { LmtpProbe } from '../harness/probe/lmtp-probe.ts';
import { type TestUser, type TestWorker, createUser } from '../harness/worker.ts';
import { hardMessages } from '../corpus/hard-messages.ts';

export type Expected = { readonly uid: number; readonly flags: readonly string[]; readonly raw: Buffer };

export type FilledMailbox = {
  readonly user: TestUser;
  /** By mailbox path, in UID order. */
  readonly mailboxes: ReadonlyMap<string, readonly Expected[]>;
};

const FLAGS = ['\\Seen', '\\Flagged', '\\Answered', '\\Draft', 'Work'];

/** The hard fixtures that suit the client, delivered and appended, with flags, into three mailboxes. */
export async function fillMailbox(worker: TestWorker, suits: (raw: Buffer) => boolean = () => true): Promise<FilledMailbox> {
  const user = await createUser(worker);
  const messages = hardMessages().filter(({ raw }) => suits(raw));
  const lmtp = await LmtpProbe.connect(worker.port('lmtp'));
  for (const { name, raw } of messages.slice(0, 25)) {
    const [reply] = await lmtp.deliver(raw, [user.username], { bdat: true });
    assert.equal(reply?.code, 250, `${name}: ${reply?.text}`);
  }
  await lmtp.quit();
  const imap = await ImapProbe.login(worker.port('imap'), user.username, user.password);
  await imap.ok('CREATE Projects/Ducks');
  for (const [n, { name, raw }] of messages.entries()) {
    const flags = FLAGS.filter((_, at) => (n >> at) % 2 === 1).join(' ');
    const reply = await imap.append(n % 3 === 0 ? 'INBOX' : 'Projects/Ducks', raw, `(${flags}) "17-Jul-1996 02:44:25 -0700"`);
    assert.equal(reply.status, 'OK', `${name}: ${reply.text}`);
  }
  await imap.ok('SELECT INBOX');
  await imap.ok('STORE 1:10 +FLAGS (\\Seen)');
  const mailboxes = new Map<string, readonly Expected[]>();
  for (const path of ['INBOX', 'Projects/Ducks', 'Archive']) mailboxes.set(path, await contentsOf(imap, path));
  await imap.logout();
  assert.ok((mailboxes.get('INBOX')?.length ?? 0) > 40 && (mailboxes.get('Projects/Ducks')?.length ?? 0) > 40);
  return { user, mailboxes };
}

/** What our own client finds, in UID order. */
export async function contentsOf(imap: ImapProbe, path: string): Promise<Expected[]> {
  await imap.ok(`EXAMINE "${path}"`);
  const { untagged } = await imap.ok('UID FETCH 1:* (FLAGS BODY.PEEK[])');
  return untagged.flatMap((response) => {
    const items = parseFetch(response)?.items;
    const raw = items?.get('BODY[]');
    if (items === undefined || raw === undefined) return [];
    const flags = items.get('FLAGS');
    assert.ok(Array.isArray(flags));
    return [{ uid: Number(items.get('UID')), flags: comparable(flags.map(String)), raw: octets(raw) }];
  });
}

/** Sorted, without \Recent, which belongs to a session. */
export function comparable(flags: Iterable<string>): string[] {
  return [...flags].filter((flag) => flag.toLowerCase() !== '\\recent').sort();
}
