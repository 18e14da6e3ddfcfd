/** Another mail server, with mail in it: a second worker on databases of its own. */
import type { PartialConfig } from '../../server/config/schema.ts';
import { UidSet } from '../../server/mail/uid-set.ts';
import type { MailboxId, UserId } from '../../server/mail/ids.ts';
import type { OpenedStore } from '../../server/operations/create.ts';
import { selfSigned } from './self-signed.ts';
import { sharedServers } from './servers.ts';
import { createUser, startWorker, storeOf, type TestUser, type TestWorker } from './worker.ts';

export type RemoteMail = {
  readonly worker: TestWorker;
  readonly store: OpenedStore;
  readonly addUser: (username: string) => Promise<TestUser>;
  /** Into INBOX, in order. */
  readonly put: (user: TestUser, messages: readonly string[], internalDate?: Date) => Promise<void>;
  /** How many messages INBOX has. */
  readonly count: (user: TestUser) => Promise<number>;
};

export async function startRemoteMail(config: PartialConfig = {}): Promise<RemoteMail> {
  const { mongodbUri, redisUri } = await sharedServers();
  const tls = await selfSigned('localhost');
  const worker = await startWorker({
    mongodbUri,
    redisUri,
    services: ['imap', 'imaps', 'pop3', 'pop3s'],
    config: {
      hostname: 'remote.test',
      tls,
      auth: { allowPlaintext: 'always', failureDelayMs: 1 },
      pop3: { onDelete: 'expunge' },
      ...config,
    },
  });
  const store = await storeOf(worker);
  const inboxOf = (user: TestUser): Promise<MailboxId> => store.operations.mailboxes.inboxOf(user.id as UserId);
  return {
    worker,
    store,
    addUser: (username) => createUser(worker, username),
    put: async (user, messages, internalDate = new Date()) => {
      const inbox = await inboxOf(user);
      for (const text of messages) {
        const stored = await store.operations.contents.store(Buffer.from(text));
        await store.operations.messages.append(user.id as UserId, inbox, [
          { stored, flags: [], internalDateMs: internalDate.getTime() },
        ]);
      }
    },
    count: async (user) => {
      const inbox = await store.operations.mailboxes.get(user.id as UserId, await inboxOf(user));
      return inbox?.counts.messages ?? 0;
    },
  };
}

/** The raw messages of a mailbox, oldest first. */
export async function textsOf({ operations }: OpenedStore, user: string, path = 'INBOX'): Promise<string[]> {
  const mailbox = await operations.mailboxes.findByPath(user as UserId, path);
  if (mailbox === undefined) return [];
  const texts: string[] = [];
  for await (const batch of operations.reads.metadata(user as UserId, mailbox.id, UidSet.range(1, mailbox.uidNext))) {
    for (const { content } of batch) {
      const open = await operations.contents.open(content);
      texts.push((await open.readAll(0, open.sizeBytes)).toString());
    }
  }
  return texts;
}
