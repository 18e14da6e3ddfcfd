/** On the real store: the one copy in Sent, whoever saves it and whenever. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { waitFor } from '../../test/harness/wait-for.ts';
import { silentLogger } from '../base/log.ts';
import { resolveConfig } from '../config/load.ts';
import type { MailboxId, UserId } from '../mail/ids.ts';
import { createOperations, type OpenedStore } from '../operations/create.ts';
import { createSentCopies, type SentCopies } from './sent-copy.ts';

let first: OpenedStore;
let second: OpenedStore;
let copies: SentCopies;
let users = 0;

before(async () => {
  const { mongodbUri, redisUri } = await sharedServers();
  const config = resolveConfig({ mongo: { uri: mongodbUri }, redis: { uri: redisUri } });
  first = await createOperations(config, silentLogger);
  second = await createOperations(config, silentLogger);
  copies = createSentCopies({ operations: first.operations, log: silentLogger });
});
after(async () => {
  copies.close();
  await first.close();
  await second.close();
});

async function newUser(): Promise<{ user: UserId; sent: MailboxId }> {
  const address = `sender${(users += 1)}@example.test`;
  const user = await first.accounts.users.create({ username: address, address, password: 'secret words' });
  const sent = await first.operations.mailboxes.findBySpecialUse(user, '\\Sent');
  assert.ok(sent !== undefined);
  return { user, sent: sent.id };
}

async function save(into: SentCopies, user: UserId, messageId: string, message: Buffer): Promise<void> {
  await into.save(user, messageId, () => first.operations.contents.store(message));
}

const raw = (id: string, body = 'x'): Buffer => Buffer.from(`Message-ID: ${id}\r\nSubject: s\r\n\r\n${body}\r\n`);

/** What a mail client does, on another worker. */
async function append(user: UserId, mailbox: MailboxId, message: Buffer): Promise<void> {
  const stored = await second.operations.contents.store(message);
  await second.operations.messages.append(user, mailbox, [{ stored, flags: ['\\Seen'], internalDateMs: Date.now() }]);
}

async function bodies(user: UserId, mailbox: MailboxId): Promise<string[]> {
  const { view, release } = await second.operations.views.open(user, mailbox);
  try {
    await second.operations.views.refresh(view);
    const texts: string[] = [];
    for (let index = 0; index < view.count; index += 1) {
      const meta = await second.operations.reads.metadataOf(user, mailbox, view.uidAt(index));
      if (meta === undefined) continue;
      const content = await second.operations.contents.open(meta.content);
      texts.push((await content.readAll(0, content.sizeBytes)).toString().split('\r\n\r\n')[1] ?? '');
    }
    return texts;
  } finally {
    release();
  }
}

test('a submission that is repeated makes one copy', async () => {
  const { user, sent } = await newUser();
  for (let count = 0; count < 3; count += 1) await save(copies, user, '<1@x>', raw('<1@x>'));
  await save(copies, user, '<2@x>', raw('<2@x>', 'y'));
  assert.deepEqual(await bodies(user, sent), ['x\r\n', 'y\r\n']);
});

test('a client that saved its own before: no second one', async () => {
  const { user, sent } = await newUser();
  await append(user, sent, raw('<1@x>', 'theirs'));
  await save(copies, user, '<1@x>', raw('<1@x>', 'ours'));
  assert.deepEqual(await bodies(user, sent), ['theirs\r\n']);
});

test('a client that saves its own afterwards, on another worker: its copy stays, ours goes', async () => {
  const { user, sent } = await newUser();
  await save(copies, user, '<1@x>', raw('<1@x>', 'ours'));
  await append(user, sent, raw('<other@x>', 'another'));
  await append(user, sent, raw('<1@x>', 'theirs'));
  await waitFor(async () => (await bodies(user, sent)).length === 2, { what: 'our copy to go' });
  assert.deepEqual(await bodies(user, sent), ['another\r\n', 'theirs\r\n']);
});

test('messages without Message-ID are all kept; a user without Sent has none', async () => {
  const { user, sent } = await newUser();
  await save(copies, user, '', Buffer.from('Subject: a\r\n\r\na\r\n'));
  await save(copies, user, '', Buffer.from('Subject: a\r\n\r\nb\r\n'));
  assert.deepEqual(await bodies(user, sent), ['a\r\n', 'b\r\n']);
  await first.operations.mailboxes.delete(user, 'Sent');
  await save(copies, user, '<1@x>', raw('<1@x>'));
});

test('a burst costs one append a message, whatever is repeated at the same time', async () => {
  const { user, sent } = await newUser();
  const ids = Array.from({ length: 40 }, (_, index) => `<burst${index}@x>`);
  await Promise.all([...ids, ...ids, ...ids].map((id) => save(copies, user, id, raw(id, id))));
  const saved = await bodies(user, sent);
  assert.deepEqual([...saved].sort(), ids.map((id) => `${id}\r\n`).sort());
});

test('a watch ends after its time, and a later submission still finds what is there', async () => {
  const { user, sent } = await newUser();
  const brief = createSentCopies({ operations: first.operations, log: silentLogger, watchMs: 1 });
  await save(brief, user, '<1@x>', raw('<1@x>'));
  await waitFor(async () => {
    await save(brief, user, '<1@x>', raw('<1@x>'));
    return true;
  });
  assert.deepEqual(await bodies(user, sent), ['x\r\n']);
  brief.close();
});
