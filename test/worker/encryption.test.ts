/** Mail that is stored encrypted, from every way in: LMTP, IMAP, submission, the API. GnuPG and OpenSSL say what is inside of what IMAP gives out. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ImapFlow } from 'imapflow';
import { MongoClient } from 'mongodb';
import { createTransport } from 'nodemailer';
import { generateKey } from 'openpgp';
import type { UserId } from '../../server/mail/ids.ts';
import { contentOf, isEncrypted } from '../../server/mime/encryption/envelope-fields.ts';
import { type Gpg, gpgWith, missing, opensslIdentity } from '../harness/judges.ts';
import { sharedServers } from '../harness/servers.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type TestUser, type TestWorker, closeStores, createUser, startWorker, storeOf } from '../harness/worker.ts';

const TOKEN = 'encryption-test-root-token';
const skip = missing('gpg') || missing('openssl');
let worker: TestWorker;
let gpg: Gpg;
let publicKey: string;
const clients: ImapFlow[] = [];

before(async () => {
  if (skip !== false) return;
  worker = await startWorker({
    ...(await sharedServers()),
    services: ['imap', 'lmtp', 'submission', 'api'],
    config: { auth: { allowPlaintext: 'always' }, api: { rootToken: TOKEN } },
  });
  const keys = await generateKey({
    type: 'ecc',
    userIDs: [{ name: 'Anna Ducks', email: 'anna@example.test' }],
    format: 'armored',
  });
  publicKey = keys.publicKey;
  gpg = gpgWith(keys.privateKey);
});
after(async () => {
  for (const client of clients) client.close();
  gpg?.close();
  await closeStores();
  await worker?.stop();
});

// oxlint-disable-next-line typescript/no-explicit-any -- JSON of any shape: the assertions say which
async function api(method: string, path: string, body?: object): Promise<{ status: number; body: any }> {
  const answer = await fetch(`http://127.0.0.1:${worker.port('api')}${path}`, {
    method,
    headers: { 'x-access-token': TOKEN, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}

async function userWith(settings: object): Promise<TestUser> {
  const user = await createUser(worker);
  const { status, body } = await api('PUT', `/users/${user.id}`, settings);
  assert.equal(status, 200, JSON.stringify(body));
  return user;
}

async function imap({ username, password }: TestUser): Promise<ImapFlow> {
  const auth = { user: username, pass: password };
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: worker.port('imap'),
    secure: false,
    doSTARTTLS: false,
    auth,
    logger: false,
  });
  clients.push(client);
  await client.connect();
  return client;
}

async function sourcesIn(client: ImapFlow, mailbox: string): Promise<Buffer[]> {
  await client.mailboxOpen(mailbox);
  const sources: Buffer[] = [];
  for await (const { source, size } of client.fetch('1:*', { source: true, size: true })) {
    assert.equal(size, source!.length);
    sources.push(source!);
  }
  return sources;
}

function transport(service: 'lmtp' | 'submission', user?: TestUser) {
  const auth = user === undefined ? {} : { auth: { user: user.username, pass: user.password } };
  return createTransport({ host: '127.0.0.1', port: worker.port(service), lmtp: service === 'lmtp', ignoreTLS: true, ...auth });
}

const armorOf = (message: Buffer): Buffer => message.subarray(message.indexOf('-----BEGIN PGP MESSAGE-----'));
const letter = (marker: string): Buffer =>
  Buffer.from(
    `From: Bob <bob@example.net>\r\nTo: anna\r\nSubject: Hello ${marker}subject\r\nMessage-ID: <${marker}@example.net>\r\nMIME-Version: 1.0\r\n` +
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${marker}text\r\n--b\r\nContent-Type: text/csv\r\n` +
      `Content-Disposition: attachment; filename=${marker}.csv\r\n\r\n${`${marker}file\r\n`.repeat(2_000)}--b--\r\n`,
  );

/** Whether a text is anywhere in the database, in whatever collection. */
async function isInDatabase(text: string): Promise<boolean> {
  const client = await new MongoClient(worker.mongodbUri).connect();
  try {
    const main = client.db();
    for (const db of [main, client.db(`${main.databaseName}-blobs`)])
      for (const { name } of await db.listCollections().toArray())
        for await (const bytes of db.collection(name).find({}, { raw: true }))
          if ((bytes as unknown as Buffer).toString('latin1').includes(text)) return true;
    return false;
  } finally {
    await client.close();
  }
}

test('what LMTP delivers is stored encrypted for its user and plain for others; its forward too where wanted', {
  skip,
}, async () => {
  const bob = await createUser(worker);
  const carol = await createUser(worker);
  const anna = await userWith({ pubKey: publicKey, encryptMessages: true, encryptForwarded: true, targets: [carol.username] });
  const raw = letter('quince');
  await transport('lmtp').sendMail({ envelope: { from: 'bob@example.net', to: [anna.username, bob.username] }, raw });

  const [plain] = await sourcesIn(await imap(bob), 'INBOX');
  assert.ok(plain!.subarray(-raw.length).equals(raw));
  const client = await imap(anna);
  const [encrypted] = await sourcesIn(client, 'INBOX');
  assert.ok(isEncrypted(encrypted!));
  assert.ok(gpg.decrypt(armorOf(encrypted!)).equals(contentOf(plain!)));
  const message = await client.fetchOne('1', { bodyStructure: true, envelope: true });
  assert.ok(message !== false);
  assert.deepEqual([message.bodyStructure?.type, message.envelope?.subject], ['multipart/encrypted', 'Hello quincesubject']);
  assert.deepEqual(await client.search({ body: 'quincetext' }), []);
  assert.deepEqual(await client.search({ subject: 'quincesubject' }), [1]);

  const forwarded = await waitFor(async () => (await sourcesIn(await imap(carol), 'INBOX'))[0]);
  assert.ok(gpg.decrypt(armorOf(forwarded)).equals(contentOf(raw)));
});

test('nothing of it is stored as it came', { skip }, async () => {
  const anna = await userWith({ pubKey: publicKey, encryptMessages: true });
  await transport('lmtp').sendMail({ envelope: { from: 'bob@example.net', to: [anna.username] }, raw: letter('medlar') });
  assert.equal((await sourcesIn(await imap(anna), 'INBOX')).length, 1);
  assert.equal(await isInDatabase('medlarsubject'), true);
  for (const text of ['medlartext', 'medlarfile', 'medlar.csv']) assert.equal(await isInDatabase(text), false, text);
});

test('APPEND encrypts, but not what is encrypted already; for one mailbox where only that is', { skip }, async () => {
  const anna = await userWith({ pubKey: publicKey });
  const { body } = await api('POST', `/users/${anna.id}/mailboxes`, { path: 'Vault', encryptMessages: true });
  assert.equal(body.success, true);
  const client = await imap(anna);
  const raw = letter('sloe');
  for (const mailbox of ['Vault', 'INBOX']) await client.append(mailbox, raw, ['\\Seen']);
  const [encrypted] = await sourcesIn(client, 'Vault');
  assert.ok(gpg.decrypt(armorOf(encrypted!)).equals(contentOf(raw)));
  assert.deepEqual(await sourcesIn(client, 'INBOX'), [raw]);
  await client.append('Vault', encrypted!);
  assert.ok((await sourcesIn(client, 'Vault'))[1]!.equals(encrypted!));
});

test('S/MIME by a certificate', { skip }, async () => {
  const { certificate, decrypt } = opensslIdentity('rsa');
  const anna = await userWith({ pubKey: certificate, encryptMessages: true });
  const raw = letter('bullace');
  await transport('lmtp').sendMail({ envelope: { from: 'bob@example.net', to: [anna.username] }, raw });
  const [encrypted] = await sourcesIn(await imap(anna), 'INBOX');
  assert.ok(decrypt(encrypted!).equals(contentOf(raw)));
  const { body } = await api('GET', `/users/${anna.id}`);
  assert.deepEqual([body.keyInfo.name, body.keyInfo.fingerprint.length], ['Anna Ducks', 64]);
  const boxes = (await api('GET', `/users/${anna.id}/mailboxes`)).body.results as { id: string; path: string }[];
  const inbox = boxes.find(({ path }) => path === 'INBOX')!.id;
  assert.equal((await api('GET', `/users/${anna.id}/mailboxes/${inbox}/messages`)).body.results[0].encrypted, true);
});

test('the copy of what is sent is encrypted, what is sent is not: by submission and by the API, composed and as a draft', {
  skip,
}, async () => {
  const bob = await createUser(worker);
  const anna = await userWith({ pubKey: publicKey, encryptMessages: true });
  const inSent = async (count: number): Promise<Buffer> => {
    const client = await imap(anna);
    const sources = await waitFor(async () => {
      const found = await sourcesIn(client, 'Sent');
      return found.length === count ? found : undefined;
    });
    return gpg.decrypt(armorOf(sources.at(-1)!));
  };
  const atBob = async (count: number): Promise<string> => {
    const client = await imap(bob);
    const sources = await waitFor(async () => {
      const found = await sourcesIn(client, 'INBOX');
      return found.length === count ? found : undefined;
    });
    return sources.at(-1)!.toString();
  };
  await transport('submission', anna).sendMail({ from: anna.username, to: bob.username, subject: 's', text: 'by submission' });
  assert.match(await atBob(1), /by submission/);
  assert.match((await inSent(1)).toString(), /by submission/);

  const composed = { to: [{ address: bob.username }], subject: 'a', text: 'by the API' };
  assert.equal((await api('POST', `/users/${anna.id}/submit`, composed)).status, 200);
  assert.match(await atBob(2), /by the API/);
  assert.match((await inSent(2)).toString(), /by the API/);

  const drafts = await (await storeOf(worker)).operations.mailboxes.findBySpecialUse(anna.id as UserId, '\\Drafts');
  const draft = await api('POST', `/users/${anna.id}/mailboxes/${drafts!.id}/messages`, {
    ...composed,
    text: 'as a draft',
    draft: true,
  });
  const { id } = draft.body.message as { id: number };
  const sent = await api('POST', `/users/${anna.id}/mailboxes/${drafts!.id}/messages/${id}/submit`, {});
  assert.equal(sent.status, 200, JSON.stringify(sent.body));
  assert.match(await atBob(3), /as a draft/);
  assert.match((await inSent(3)).toString(), /as a draft/);
  assert.equal((await sourcesIn(await imap(anna), 'Drafts')).length, 0);
});

test('a key that can’t encrypt is refused by its field', { skip }, async () => {
  const user = await createUser(worker);
  for (const pubKey of [
    '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----',
    '-----BEGIN CERTIFICATE-----\nx',
  ]) {
    const { status, body } = await api('PUT', `/users/${user.id}`, { pubKey });
    assert.equal(status, 400);
    assert.equal(body.code, 'InputValidationError');
    assert.ok(body.details.pubKey, JSON.stringify(body));
  }
  assert.equal((await api('PUT', `/users/${user.id}`, { pubKey: publicKey })).status, 200);
  const { body } = await api('GET', `/users/${user.id}`);
  assert.deepEqual([body.keyInfo.name, body.keyInfo.address], ['Anna Ducks', 'anna@example.test']);
  assert.match(body.keyInfo.fingerprint, /^[0-9a-f]{40}$/);
});
