/**
 * Whom a user has written to or heard from: found in the newest mail of Sent and INBOX, so that it holds whatever program sent the mail. Remembered for a moment,
 * because it is asked for with every letter that is typed.
 */
import { LruCache } from '../../base/lru.ts';
import type { MailboxId, UserId } from '../../mail/ids.ts';
import { UidSet } from '../../mail/uid-set.ts';
import type { MailAddress } from '../../mime/types.ts';
import type { ApiContext } from '../context.ts';

const NEWEST = 500;
const FRESH_MS = 30_000;

type Known = { readonly people: readonly MailAddress[]; readonly atMs: number };

const caches = new WeakMap<object, LruCache<UserId, Known>>();

/** Those whose name has a word that begins with the query, or whose address has it anywhere, the most frequent first. */
export async function findCorrespondents(
  context: ApiContext,
  user: UserId,
  query: string,
  limit: number,
): Promise<MailAddress[]> {
  const needle = query.toLowerCase();
  const people = await correspondents(context, user);
  const begins = (text: string): boolean =>
    text
      .toLowerCase()
      .split(/[\s@.,"'_<>()-]+/)
      .some((word) => word.startsWith(needle)) || text.toLowerCase().startsWith(needle);
  return people
    .filter(({ name, address }) => begins(name) || begins(address) || address.toLowerCase().includes(needle))
    .slice(0, limit);
}

async function correspondents(context: ApiContext, user: UserId): Promise<readonly MailAddress[]> {
  const cache = caches.get(context.operations) ?? new LruCache<UserId, Known>(1_000);
  caches.set(context.operations, cache);
  const known = cache.get(user);
  if (known !== undefined && Date.now() - known.atMs < FRESH_MS) return known.people;
  const people = await readCorrespondents(context, user);
  cache.set(user, { people, atMs: Date.now() });
  return people;
}

async function readCorrespondents({ operations }: ApiContext, user: UserId): Promise<MailAddress[]> {
  const seen = new Map<string, { person: MailAddress; weight: number }>();
  const add = (person: MailAddress, weight: number): void => {
    if (!person.address.includes('@')) return;
    const key = person.address.toLowerCase();
    const before = seen.get(key);
    const named = before === undefined || (before.person.name === '' && person.name !== '') ? person : before.person;
    seen.set(key, { person: named, weight: (before?.weight ?? 0) + weight });
  };
  const sent = await operations.mailboxes.findBySpecialUse(user, '\\Sent');
  // Who was written to is more likely meant than who only wrote.
  if (sent !== undefined) await eachNewest(sent.id, ({ to, cc, bcc }) => [...to, ...cc, ...bcc].forEach((one) => add(one, 3)));
  await eachNewest(await operations.mailboxes.inboxOf(user), ({ from, replyTo }) =>
    [...from, ...replyTo].forEach((one) => add(one, 1)),
  );
  return [...seen.values()].sort((a, b) => b.weight - a.weight).map(({ person }) => person);

  type Addresses = {
    from: readonly MailAddress[];
    replyTo: readonly MailAddress[];
    to: readonly MailAddress[];
    cc: readonly MailAddress[];
    bcc: readonly MailAddress[];
  };
  async function eachNewest(mailbox: MailboxId, visit: (addresses: Addresses) => void): Promise<void> {
    const { view, release } = await operations.views.open(user, mailbox);
    try {
      const uids: number[] = [];
      for (let index = Math.max(0, view.count - NEWEST); index < view.count; index += 1) uids.push(view.uidAt(index));
      if (uids.length === 0) return;
      for await (const batch of operations.reads.summaries(user, mailbox, UidSet.from(uids))) batch.forEach(visit);
    } finally {
      release();
    }
  }
}
