/** Backups as a person makes them on a running appliance: made while four clients deliver, restored into an empty appliance; and one user's mail brought back. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ImapFlow } from 'imapflow';
import { Appliance } from '../../app/appliance/appliance.ts';
import { listenerNames, type SettingName } from '../../app/appliance/settings/registry.ts';
import { LmtpProbe } from '../harness/probe/lmtp-probe.ts';
import { tempDir } from '../harness/temp-dir.ts';

const launcher = path.resolve(import.meta.dirname, '../../bin/mallard.mjs');
const passphrase = 'correct horse battery';
const people = ['anna', 'bert', 'carla', 'dora'].map((name) => `${name}@example.test`);
const folder = path.join(tempDir('backups'), 'mallard');
const first = path.join(tempDir('first'), 'data');
const second = path.join(tempDir('second'), 'data');
const appliances = new Map<string, Appliance>();

async function start(dataDir: string): Promise<void> {
  const overrides = new Map<SettingName, unknown>([...listenerNames, 'gui' as const].map((name) => [`${name}.port`, 0]));
  const appliance = new Appliance({ dataDir, overrides });
  appliances.set(dataDir, appliance);
  await appliance.start();
}

type Result = { code: number; out: string; err: string };
function mallard(dataDir: string, ...args: readonly string[]): Promise<Result> {
  const env = { ...process.env, MALLARD_BACKUP_PASSPHRASE: passphrase };
  return new Promise((resolve) => {
    execFile(process.execPath, [launcher, ...args, '--data', dataDir], { env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
    }).stdin?.end();
  });
}
async function json(dataDir: string, ...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await mallard(dataDir, ...args, '--json');
  assert.equal(code, 0, `${args.join(' ')}: ${out}${err}`);
  return JSON.parse(out) as Record<string, unknown>;
}

function portOf(dataDir: string, service: string): number {
  return appliances.get(dataDir)?.status().endpoints[service]?.port ?? 0;
}

/** Signed in by password, as a mail program. */
async function imap(dataDir: string, user: string): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: portOf(dataDir, 'imap'),
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass: passphrase },
    logger: false,
  });
  await client.connect();
  return client;
}

type Seen = Map<string, { uidValidity: bigint; messages: Map<number, { raw: string; flags: string[]; date: string }> }>;

/** By mailbox: UIDVALIDITY, and by UID the octets, flags and date. */
async function look(dataDir: string, user: string): Promise<Seen> {
  const client = await imap(dataDir, user);
  const seen: Seen = new Map();
  try {
    for (const { path: name } of await client.list()) {
      const mailbox = await client.mailboxOpen(name, { readOnly: true });
      const messages = new Map<number, { raw: string; flags: string[]; date: string }>();
      for await (const one of client.fetch('1:*', { uid: true, flags: true, internalDate: true, source: true })) {
        messages.set(one.uid, {
          raw: one.source?.toString('latin1') ?? '',
          flags: [...(one.flags ?? [])].filter((flag) => flag !== '\\Recent').sort(),
          date: new Date(one.internalDate ?? 0).toISOString(),
        });
      }
      seen.set(name, { uidValidity: mailbox.uidValidity, messages });
    }
  } finally {
    await client.logout();
  }
  return seen;
}

function message(id: string): Buffer {
  const attachment = Buffer.alloc(3_000, id.slice(0, 4)).toString('base64').replace(/.{76}/g, '$&\r\n');
  return Buffer.from(
    `From: sender@example.test\r\nMessage-ID: <${id}@example.test>\r\nSubject: ${id}\r\nMIME-Version: 1.0\r\n` +
      `Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${attachment}\r\n`,
  );
}

before(async () => {
  await start(first);
  for (const user of people) await json(first, 'user', 'add', user, '--password', passphrase);
});
after(async () => {
  for (const appliance of appliances.values()) await appliance.stop();
});

describe('backups from the command line', { timeout: 240_000 }, () => {
  let acknowledged = new Map<string, string[]>();
  let source = new Map<string, Seen>();

  it('are refused in words where they make no sense', async () => {
    assert.match((await mallard(first, 'backup', 'now')).err, /No folder for backups is chosen/);
    assert.match((await mallard(first, 'backup', 'folder', path.join(first, 'inside'))).err, /inside the data folder/);
    const full = tempDir('full');
    await writeFile(path.join(full, 'photo.jpg'), 'x');
    assert.match((await mallard(first, 'backup', 'folder', full)).err, /is not empty/);
    assert.match((await mallard(first, 'restore', '--from', full)).err, /no backups of Mallard/);
  });

  it('are made while four clients deliver', async () => {
    const { recoveryKey } = await json(first, 'backup', 'folder', folder);
    assert.match(String(recoveryKey), /^([0-9A-Z]{5}-){6}[0-9A-Z]{2}$/);
    let running = true;
    let count = 0;
    const before = new Map<string, string[]>(people.map((user) => [user, []]));
    const clients = people.map(async (user) => {
      const probe = await LmtpProbe.connect(portOf(first, 'lmtp'));
      const imapClient = await imap(first, user);
      await imapClient.mailboxOpen('INBOX');
      for (let round = 1; running; round += 1) {
        const id = `m${(count += 1)}`;
        const [reply] = await probe.deliver(message(id), [user]);
        assert.equal(reply?.code, 250);
        before.get(user)?.push(id);
        // A person who reads, flags and files away meanwhile. Without NOOP this client does not hear of new mail.
        await imapClient.noop();
        if (round % 3 === 0) await imapClient.messageFlagsAdd('1:*', ['\\Seen', 'Read']);
        if (round % 7 === 0) {
          const [uid = 0] = (await imapClient.search({ all: true }, { uid: true })) || [];
          assert.ok(await imapClient.messageMove(String(uid), 'Archive', { uid: true }), `${user} moves ${uid}`);
        }
      }
      await probe.quit();
      await imapClient.logout();
    });
    const failed = Promise.all(clients);
    failed.catch(() => {}); // met below; until then it must not count as unhandled
    const enough = (async () => {
      while (people.some((user) => (before.get(user)?.length ?? 0) < 15)) await new Promise((resolve) => setTimeout(resolve, 10));
    })();
    await Promise.race([enough, failed]);
    acknowledged = new Map([...before].map(([user, ids]) => [user, [...ids]]));
    const { backup } = (await json(first, 'backup', 'now')) as { backup: { counts: { users: number }; warnings: string[] } };
    running = false;
    await Promise.all(clients);
    assert.equal(backup.counts.users, people.length);
    assert.deepEqual(backup.warnings, []);
    source = new Map(await Promise.all(people.map(async (user) => [user, await look(first, user)] as const)));
    assert.match((await mallard(first, 'backup', 'verify')).out, /is good: 4 users/);
  });

  it('come back into an empty appliance: octets, UIDs, UIDVALIDITY, flags, and people sign in', async () => {
    await start(second);
    await json(second, 'restore', '--from', folder);
    for (const user of people) {
      const restored = await look(second, user);
      const expected = source.get(user);
      const ids = new Map<string, number>();
      for (const [name, mailbox] of restored) {
        const was = expected?.get(name);
        assert.equal(mailbox.uidValidity, was?.uidValidity, name);
        for (const [uid, one] of mailbox.messages) {
          const id = /^Subject: (.*)\r$/m.exec(one.raw)?.[1] ?? '?';
          ids.set(id, (ids.get(id) ?? 0) + 1);
          // What went on after the backup may have moved it; where it still is, it is the same.
          const same = was?.messages.get(uid);
          if (same === undefined) continue;
          assert.equal(one.raw, same.raw);
          assert.equal(one.date, same.date);
          for (const flag of one.flags) assert.ok(same.flags.includes(flag), `${user} ${name} ${uid} ${flag}`);
        }
      }
      for (const id of acknowledged.get(user) ?? []) assert.equal(ids.get(id), 1, `${user} ${id}`);
      for (const [id, number] of ids) assert.equal(number, 1, `${user} ${id}`);
    }
    // And mail goes on.
    const probe = await LmtpProbe.connect(portOf(second, 'lmtp'));
    const [reply] = await probe.deliver(message('after'), [people[0] ?? '']);
    assert.equal(reply?.code, 250);
    await probe.quit();
  });

  it('are not restored over what is there, nor when they are damaged', async () => {
    assert.match((await mallard(second, 'restore', '--from', folder)).err, /There are users or mail here already/);
    const packs = path.join(folder, 'packs');
    const name = (await readdir(packs)).find((each) => each.endsWith('.pack')) ?? '';
    const good = await readFile(path.join(packs, name));
    const bad = Buffer.from(good);
    bad[bad.length >> 1] = (bad[bad.length >> 1] ?? 0) ^ 1;
    await writeFile(path.join(packs, name), bad);
    assert.match((await mallard(second, 'restore', '--from', folder, '--replace')).err, /was altered or is damaged/);
    await writeFile(path.join(packs, name), good);
    assert.ok((await look(second, people[0] ?? '')).size > 0);
  });

  it('bring back what one user has lost, into place and beside, and nothing twice', async () => {
    const [anna = ''] = people;
    await json(first, 'backup', 'now');
    const full = await look(first, anna);
    const archive = full.get('Archive')?.messages.size ?? 0;
    assert.ok(archive > 0, JSON.stringify([...full].map(([name, { messages }]) => [name, messages.size])));
    const client = await imap(first, anna);
    await client.mailboxDelete('Archive');
    await client.logout();
    const plan = (await json(first, 'restore', '--user', anna, '--dry-run')) as { messages: number };
    assert.equal(plan.messages, archive);
    assert.equal((await look(first, anna)).has('Archive'), false);
    await json(first, 'restore', '--user', anna);
    const restored = await look(first, anna);
    const raws = (seen: Seen, name: string): string[] =>
      [...(seen.get(name)?.messages.values() ?? [])].map(({ raw }) => raw).sort();
    assert.deepEqual(raws(restored, 'Archive'), raws(full, 'Archive'));
    assert.deepEqual(raws(restored, 'INBOX'), raws(full, 'INBOX'));
    assert.equal(((await json(first, 'restore', '--user', anna)) as { messages: number }).messages, 0);

    await json(first, 'restore', '--user', anna, '--mailbox', 'Archive', '--beside');
    const beside = await look(first, anna);
    const name = [...beside.keys()].find((each) => /^Restored \d{4}-\d\d-\d\d\/Archive$/.test(each)) ?? '';
    assert.deepEqual(raws(beside, name), raws(full, 'Archive'));
    assert.deepEqual(raws(beside, 'INBOX'), raws(full, 'INBOX'));
  });

  it('bring back a user who was removed', async () => {
    const [, bert = ''] = people;
    const was = await look(first, bert);
    await json(first, 'user', 'remove', bert, '--yes');
    const { accountRestored } = (await json(first, 'restore', '--user', bert)) as { accountRestored: boolean };
    assert.equal(accountRestored, true);
    const now = await look(first, bert);
    for (const [name, { messages }] of was) assert.equal(now.get(name)?.messages.size, messages.size, name);
  });

  it('are scheduled, listed and removed', async () => {
    await json(first, 'backup', 'schedule', 'weekly', '--hour', '4', '--keep-daily', '2');
    const list = (await json(first, 'backup', 'list')) as {
      state: string;
      nextAt: string;
      backups: { id: string; state: string }[];
    };
    assert.equal(list.state, 'ready');
    assert.equal(new Date(list.nextAt).getHours(), 4);
    assert.equal(new Date(list.nextAt).getDay(), 0);
    assert.ok(list.backups.every(({ state }) => state === 'complete'));
    // Of one day the newest stays: the first one went when the second was made.
    assert.equal(list.backups.length, 1);
    await json(first, 'backup', 'remove', list.backups[0]?.id ?? '');
    assert.deepEqual(((await json(first, 'backup', 'list')) as { backups: unknown[] }).backups, []);
    assert.match((await mallard(first, 'backup', 'verify')).err, /There is no complete backup/);
    await mkdir(path.join(folder, 'snapshots', '2020-01-01T00-00-00Z'));
    assert.match((await mallard(first, 'backup', 'list')).out, /^2020-01-01T00-00-00Z +incomplete/m);
  });
});
