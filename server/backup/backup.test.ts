import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { tempDir } from '../../test/harness/temp-dir.ts';
import { silentLogger } from '../base/log.ts';
import { resolveConfig } from '../config/load.ts';
import type { MailboxId, UserId } from '../mail/ids.ts';
import { UidSet } from '../mail/uid-set.ts';
import { type OpenedStore, createOperations } from '../operations/create.ts';
import { ALL_INDEXES } from '../store/all-indexes.ts';
import { type Database, connectDatabase } from '../store/connect.ts';
import { ensureIndexes } from '../store/indexes.ts';
import { type BackupFolder, createFolder, findBackup, listBackups, openFolder } from './folder.ts';
import { type BackupOptions, makeBackup } from './make-backup.ts';
import { pruneBackups } from './prune.ts';
import { restoreAll, STEP_BEYOND } from './restore-all.ts';
import { verifyBackup } from './verify.ts';

const signal = new AbortController().signal;
const quiet = { signal, onProgress: () => {} };
const options: BackupOptions = { mallard: '0.0.0', files: [], ...quiet };

let source: OpenedStore;
let database: Database;
let redisUri = '';
const stores: OpenedStore[] = [];
const databases: Database[] = [];

before(async () => {
  const servers = await sharedServers();
  redisUri = servers.redisUri;
  source = await open(servers.mongodbUri);
  database = await connect(servers.mongodbUri);
});
after(async () => {
  for (const store of stores) await store.close();
  for (const each of databases) await each.close();
});

async function open(uri: string): Promise<OpenedStore> {
  const store = await createOperations(resolveConfig({ mongo: { uri }, redis: { uri: redisUri } }), silentLogger);
  stores.push(store);
  return store;
}

async function connect(uri: string): Promise<Database> {
  const one = await connectDatabase({ uri }, silentLogger);
  databases.push(one);
  return one;
}

async function newFolder(): Promise<BackupFolder> {
  return (await createFolder(path.join(tempDir('backup'), 'backups'), 'correct horse battery')).folder;
}

async function restoreElsewhere(folder: BackupFolder, id?: string): Promise<{ store: OpenedStore; target: Database }> {
  const { mongodbUri } = await sharedServers();
  const target = await connect(mongodbUri);
  const manifest = await findBackup(folder, id);
  await restoreAll(target, folder, manifest, {
    ...quiet,
    replace: false,
    log: silentLogger,
    ensureIndexes: () => ensureIndexes(target, ALL_INDEXES),
  });
  return { store: await open(mongodbUri), target };
}

let count = 0;
const attachment = Buffer.alloc(60_000, 'attached').toString('base64').replace(/.{76}/g, '$&\r\n');

function message(name: string, withAttachment = false): Buffer {
  const body = withAttachment
    ? `Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${attachment}\r\n`
    : `\r\nBody of ${name}\r\n`;
  return Buffer.from(`Message-ID: <${name}@test>\r\nSubject: ${name}\r\n${body}`);
}

async function newUser(): Promise<{ user: UserId; inbox: MailboxId; archive: MailboxId; username: string }> {
  const username = `u${(count += 1)}@example.test`;
  const user = await source.accounts.users.create({ username, address: username, password: 'correct horse battery' });
  const { mailboxes } = source.operations;
  const archive = (await mailboxes.findByPath(user, 'Archive'))?.id;
  assert.ok(archive !== undefined);
  return { user, inbox: await mailboxes.inboxOf(user), archive, username };
}

async function deliver(user: UserId, mailbox: MailboxId, raw: Buffer, flags: string[] = []): Promise<number> {
  const stored = await source.operations.contents.store(raw);
  const { uids } = await source.operations.messages.append(user, mailbox, [{ stored, flags, internalDateMs: 1_700_000_000_000 }]);
  return uids[0] ?? 0;
}

type Seen = { readonly uid: number; readonly flags: readonly string[]; readonly raw: string; readonly date: number };
type SeenMailbox = { readonly uidValidity: number; readonly uidNext: number; readonly messages: readonly Seen[] };

/** Everything of a user as a client sees it. */
async function look({ operations }: OpenedStore, user: UserId): Promise<Map<string, SeenMailbox>> {
  const seen = new Map<string, SeenMailbox>();
  for (const info of await operations.mailboxes.list(user)) {
    const opened = await operations.views.open(user, info.id);
    const messages: Seen[] = [];
    try {
      const { view } = opened;
      for (let index = 0; index < view.count; index += 1) {
        const uid = view.uidAt(index);
        const meta = await operations.reads.metadataOf(user, info.id, uid);
        assert.ok(meta !== undefined);
        const content = await operations.contents.open(meta.content);
        const raw = await content.readAll(0, content.sizeBytes);
        assert.equal(raw.length, meta.sizeBytes);
        messages.push({
          uid,
          flags: [...view.flagsAt(index)].sort(),
          raw: raw.toString('latin1'),
          date: view.internalDateAt(index),
        });
      }
      const bytes = messages.reduce((sum, { raw }) => sum + raw.length, 0);
      assert.deepEqual([info.counts.messages, info.counts.bytes], [messages.length, bytes], `counters of ${info.path}`);
    } finally {
      opened.release();
    }
    seen.set(info.path, { uidValidity: info.uidValidity, uidNext: info.uidNext, messages });
  }
  return seen;
}

describe('a backup', () => {
  it('comes back to an empty server as it was: octets, UIDs, UIDVALIDITY, flags, sign-in, and goes on beyond', async () => {
    const { user, inbox, archive, username } = await newUser();
    await deliver(user, inbox, message('first'), ['\\Seen', 'Important']);
    const second = await deliver(user, inbox, message('second', true));
    await deliver(user, archive, message('third', true), ['\\Flagged']);
    await source.operations.messages.expunge(user, inbox, { uids: UidSet.of(second), onlyDeleted: false });
    await deliver(user, inbox, message('fourth'));
    await source.operations.mailboxes.create(user, 'Projects/Äpfel/2026');
    const folder = await newFolder();
    const manifest = await makeBackup(database, folder, options);
    assert.deepEqual(manifest.warnings, []);

    const { store } = await restoreElsewhere(folder);
    const expected = await look(source, user);
    const found = await look(store, user);
    for (const [name, mailbox] of expected) {
      const beyond = { ...mailbox, uidNext: mailbox.uidNext + STEP_BEYOND };
      assert.deepEqual(found.get(name), beyond, name);
    }
    assert.equal(found.size, expected.size);
    const signedIn = await store.operations.accounts.authenticate(username, 'correct horse battery', 'imap', {
      ip: '127.0.0.1',
      connection: 'c1',
    });
    assert.ok('account' in signedIn && signedIn.account.user === user, JSON.stringify(signedIn));
    // New mail gets numbers that nobody can have seen.
    const stored = await store.operations.contents.store(message('after'));
    const { uids } = await store.operations.messages.append(user, inbox, [{ stored, flags: [], internalDateMs: 0 }]);
    assert.ok((uids[0] ?? 0) > STEP_BEYOND);
  });

  it('writes again only what is new, and old backups stay whole', async () => {
    const { user, inbox } = await newUser();
    for (let number = 0; number < 5; number += 1) await deliver(user, inbox, message(`inc${number}`, true));
    const folder = await newFolder();
    const first = await makeBackup(database, folder, options);
    await deliver(user, inbox, message('incremental', true));
    const second = await makeBackup(database, folder, options);
    assert.notEqual(second.id, first.id);
    assert.equal(second.packs.length, first.packs.length + 1);
    assert.equal(second.counts.messages, first.counts.messages + 1);
    const { store } = await restoreElsewhere(folder, first.id);
    assert.equal((await look(store, user)).get('INBOX')?.messages.length, 5);
    const { store: later } = await restoreElsewhere(folder, second.id);
    assert.equal((await look(later, user)).get('INBOX')?.messages.length, 6);

    // The first goes, with what only it needs.
    await pruneBackups(folder, { daily: 1, weekly: 0, monthly: 0 });
    assert.deepEqual(
      (await listBackups(folder.root)).map(({ id }) => id),
      [second.id],
    );
    await verifyBackup(folder, second, quiet);
  });

  it('is one state although everything changes while it is made, at each of its steps', { timeout: 120_000 }, async () => {
    const people = [await newUser(), await newUser(), await newUser()];
    const settled: string[][] = [];
    for (const [index, { user, inbox }] of people.entries()) {
      const names = Array.from({ length: 30 }, (_, number) => `settled-${index}-${number}`);
      for (const name of names) await deliver(user, inbox, message(name));
      settled.push(names);
    }
    let running = true;
    const delivered = new Map<UserId, number>();
    const traffic = people.map(async ({ user, inbox, archive }, index) => {
      const { messages } = source.operations;
      for (let round = 0; running || round < 5; round += 1) {
        const uid = await deliver(user, inbox, message(`traffic-${index}-${round}`));
        await messages.store(user, inbox, { uids: UidSet.of(uid), operation: 'add', flags: ['\\Seen'] });
        const moved = await messages.move(user, inbox, UidSet.of(uid), archive);
        if (round % 3 === 0) {
          const to = await source.operations.mailboxes.create(user, `New${round}`);
          await messages.move(user, archive, UidSet.of(...moved.to), to.id);
        }
        delivered.set(user, round + 1);
      }
    });
    /** Until each of the writers got further. */
    const further = async (): Promise<void> => {
      const goals = people.map(({ user }) => (delivered.get(user) ?? 0) + 3);
      while (people.some(({ user }, index) => (delivered.get(user) ?? 0) < (goals[index] ?? 0)))
        await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await further();
    const before = new Map(delivered);
    const folder = await newFolder();
    const manifest = await makeBackup(database, folder, { ...options, between: further });
    running = false;
    await Promise.all(traffic);
    assert.deepEqual(manifest.warnings, []);

    const { store } = await restoreElsewhere(folder);
    for (const [index, { user }] of people.entries()) {
      const places = new Map<string, number>();
      for (const { messages } of (await look(store, user)).values()) {
        for (const { raw } of messages) {
          const name = /^Subject: (.*)\r$/m.exec(raw)?.[1] ?? '?';
          assert.equal(raw, message(name).toString('latin1'));
          places.set(name, (places.get(name) ?? 0) + 1);
        }
      }
      // What was acknowledged before the backup began is there; what moved meanwhile is in one place.
      const wanted = [
        ...(settled[index] ?? []),
        ...Array.from({ length: before.get(user) ?? 0 }, (_, round) => `traffic-${index}-${round}`),
      ];
      for (const name of wanted) assert.equal(places.get(name), 1, name);
      for (const [name, number] of places) assert.equal(number, 1, name);
    }
  });

  it('is refused, in words and before anything is touched, when it is damaged, of another version, or the key is wrong', async () => {
    const { user, inbox } = await newUser();
    await deliver(user, inbox, message('victim', true));
    const folder = await newFolder();
    const manifest = await makeBackup(database, folder, options);
    const { mongodbUri } = await sharedServers();
    const target = await connect(mongodbUri);
    await target.main.collection('canary').insertOne({ alive: true });
    const restore = async (): Promise<unknown> =>
      restoreAll(target, folder, await findBackup(folder, manifest.id), {
        ...quiet,
        replace: true,
        log: silentLogger,
        ensureIndexes: () => Promise.resolve(),
      });
    const files = [
      ...manifest.packs.map(({ name }) => path.join(folder.packs, name)),
      ...manifest.files.map(({ name }) => path.join(folder.snapshots, manifest.id, name)),
    ];
    for (const file of files) {
      const good = await readFile(file);
      const bad = Buffer.from(good);
      const at = Math.floor(bad.length / 2);
      bad[at] = (bad[at] ?? 0) ^ 0x10;
      await writeFile(file, bad);
      await assert.rejects(restore(), { code: 'damaged' }, file);
      await writeFile(file, good.subarray(0, good.length - 1));
      await assert.rejects(restore(), { code: 'damaged' }, file);
      await rm(file);
      await assert.rejects(restore(), { code: 'damaged' }, file);
      await writeFile(file, good);
    }
    const manifestFile = path.join(folder.snapshots, manifest.id, 'manifest.json');
    const text = await readFile(manifestFile, 'utf8');
    await writeFile(manifestFile, text.replace('"messages":', '"messages": 1, "was":'));
    await assert.rejects(restore(), { code: 'damaged' });
    await writeFile(manifestFile, text.replace('"version": 1', '"version": 99'));
    await assert.rejects(restore(), { code: 'wrong-version' });
    await writeFile(manifestFile, '{');
    await assert.rejects(restore(), { code: 'damaged' });
    await writeFile(manifestFile, text);
    await assert.rejects(openFolder(folder.root, { secret: 'something else' }), { code: 'wrong-key' });
    await assert.rejects(openFolder(tempDir('empty'), { secret: 'something else' }), { code: 'not-a-backup' });
    assert.equal(await target.main.collection('canary').countDocuments(), 1);
  });

  it('is not restored over what is there, and a restore that was broken off is begun anew', async () => {
    const { user } = await newUser();
    const folder = await newFolder();
    const manifest = await makeBackup(database, folder, options);
    const { mongodbUri } = await sharedServers();
    const store = await open(mongodbUri);
    await store.accounts.users.create({ username: 'here', address: 'here@example.test', password: 'correct horse battery' });
    const target = await connect(mongodbUri);
    const cancelled = new AbortController();
    const restore = (replace: boolean, stop?: AbortSignal): Promise<unknown> =>
      restoreAll(target, folder, manifest, {
        signal: stop ?? signal,
        // Cancels as soon as documents come in.
        onProgress: ({ phase }) => (phase === 'restore' && stop !== undefined ? cancelled.abort() : undefined),
        replace,
        log: silentLogger,
        ensureIndexes: () => ensureIndexes(target, ALL_INDEXES),
      });
    await assert.rejects(restore(false), { code: 'not-empty' });
    assert.ok(await store.accounts.users.resolve('here'));
    await assert.rejects(restore(true, cancelled.signal), { code: 'cancelled' });
    await assert.rejects(open(mongodbUri), /broken off/);
    await restore(false);
    const restored = await open(mongodbUri);
    assert.ok(await restored.accounts.users.get(user));
    assert.equal(await restored.accounts.users.resolve('here'), undefined);
  });

  it('that is cancelled leaves earlier ones good, and the next one removes what it left', async () => {
    const { user, inbox } = await newUser();
    await deliver(user, inbox, message('cancelled', true));
    const folder = await newFolder();
    const first = await makeBackup(database, folder, options);
    const controller = new AbortController();
    await assert.rejects(
      makeBackup(database, folder, {
        ...options,
        signal: controller.signal,
        between: () => Promise.resolve(controller.abort()),
      }),
      { code: 'cancelled' },
    );
    assert.deepEqual(
      (await listBackups(folder.root)).map(({ id, state }) => [id, state]),
      [[first.id, 'complete']],
    );
    await verifyBackup(folder, first, quiet);
    assert.deepEqual(
      (await readdir(folder.packs)).filter((name) => name.endsWith('.part')),
      [],
    );
  });

  it('holds the sweeper off while it reads', async () => {
    const { user, inbox } = await newUser();
    const uid = await deliver(user, inbox, message('swept'));
    const folder = await newFolder();
    let swept = -1;
    const manifest = await makeBackup(database, folder, {
      ...options,
      between: async (step) => {
        if (step !== 'placements') return;
        await source.operations.messages.expunge(user, inbox, { uids: UidSet.of(uid), onlyDeleted: false });
        swept = (await source.housekeeping.sweep(new Date(Date.now() + 3_600_000))).messages;
      },
    });
    assert.equal(swept, 0);
    assert.deepEqual(manifest.warnings, []);
    assert.ok((await source.housekeeping.sweep(new Date(Date.now() + 3_600_000))).messages > 0);
  });
});
