import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import tls from 'node:tls';
import { selfSigned } from '../../../test/harness/self-signed.ts';
import { listen, type Listener } from '../../base/listener.ts';
import { silentLogger } from '../../base/log.ts';
import { TlsContexts } from '../../base/tls-contexts.ts';
import { resolveConfig } from '../../config/load.ts';
import type { PartialConfig } from '../../config/schema.ts';
import { FakeMailStore, LineClient } from '../../delivery/delivery-test-kit.ts';
import type { UserId } from '../../mail/ids.ts';
import { createPop3Handler } from './dispatcher.ts';
import type { Pop3Services } from './session.ts';

const listeners: Listener[] = [];
const clients: LineClient[] = [];
after(async () => {
  for (const client of clients) client.destroy();
  await Promise.all(listeners.map((listener) => listener.close(0)));
});

type Bed = {
  store: FakeMailStore;
  user: UserId;
  listener: Listener;
  client: () => Promise<LineClient>;
  loggedIn: () => Promise<LineClient>;
};

async function bed(settings: PartialConfig = {}, contexts?: TlsContexts, limited: Partial<Pop3Services> = {}): Promise<Bed> {
  const store = new FakeMailStore();
  const user = store.addUser('user@mail.test', { password: 'pass word' });
  const config = resolveConfig({ hostname: 'mail.test', ...settings, auth: { failureDelayMs: 1, ...settings.auth } });
  const listener = await listen({
    service: 'pop3',
    host: '127.0.0.1',
    port: 0,
    tls: 'starttls',
    tlsProvider: contexts,
    allowHalfOpen: true,
    limits: { maxConnections: 100, maxConnectionsPerAddress: 100 },
    log: silentLogger,
    handler: createPop3Handler({ config, operations: store.operations, ...limited }, silentLogger),
  });
  listeners.push(listener);
  const client = async (): Promise<LineClient> => {
    const opened = new LineClient(listener.port);
    clients.push(opened);
    assert.equal(await opened.line(), '+OK mail.test POP3 Mallard');
    return opened;
  };
  const loggedIn = async (): Promise<LineClient> => {
    const opened = await client();
    opened.send('USER user@mail.test\r\nPASS pass word\r\n');
    assert.equal(await opened.line(), '+OK Send PASS');
    assert.match(await opened.line(), /^\+OK \d+ messages/);
    return opened;
  };
  return { store, user, listener, client, loggedIn };
}

async function ask(client: LineClient, line: string): Promise<string> {
  client.send(`${line}\r\n`);
  return client.line();
}

/** A multi-line reply: its first line and its raw lines up to the terminator. */
async function multi(client: LineClient, line: string): Promise<string[]> {
  const lines = [await ask(client, line)];
  if (!lines[0]?.startsWith('+OK')) return lines;
  for (;;) {
    const next = await client.line();
    if (next === '.') return lines;
    lines.push(next);
  }
}

const one = 'Subject: one\r\n\r\nfirst\r\n.dot\r\nthird\r\n';
const two = 'Subject: two\r\n\r\n';

test('capabilities in both states', async () => {
  const { client } = await bed();
  const pop = await client();
  const before = await multi(pop, 'CAPA');
  assert.deepEqual(before.slice(1), [
    'RESP-CODES',
    'AUTH-RESP-CODE',
    'PIPELINING',
    'EXPIRE NEVER',
    'IMPLEMENTATION Mallard',
    'USER',
    'SASL SCRAM-SHA-256 SCRAM-SHA-1 PLAIN OAUTHBEARER XOAUTH2',
    'UTF8 USER',
    'UIDL',
    'TOP',
    'LANG',
  ]);
  assert.deepEqual((await multi(pop, 'LANG')).slice(1), ['en English']);
  assert.equal(await ask(pop, 'LANG en-GB'), '+OK en Texts are in English');
  assert.equal(await ask(pop, 'LANG xx'), '-ERR This language is not known');
  assert.equal(await ask(pop, 'STAT'), '-ERR Log in first');
  assert.equal(await ask(pop, 'STLS'), '-ERR TLS is not offered here');
  assert.equal(await ask(pop, 'QUIT'), '+OK Goodbye');
  assert.equal(await pop.rest(), '');
});

test('the maildrop: counts, sizes that agree with RETR, unique ids, tops', async () => {
  const { store, user, loggedIn } = await bed();
  const messages = [one, two, 'no line end', 'bare\nlf\n.\n'].map((raw) => store.put(user, 'INBOX', raw));
  const pop = await loggedIn();
  assert.equal(await ask(pop, 'STAT'), `+OK 4 ${one.length + two.length + 11 + 10}`);
  assert.deepEqual((await multi(pop, 'LIST')).slice(1), [`1 ${one.length}`, `2 ${two.length}`, '3 11', '4 10']);
  assert.deepEqual(
    (await multi(pop, 'UIDL')).slice(1),
    messages.map(({ id }, index) => `${index + 1} ${id}`),
  );
  assert.equal(await ask(pop, 'UIDL 2'), `+OK 2 ${messages[1]?.id}`);
  assert.deepEqual(await multi(pop, 'RETR 1'), [`+OK ${one.length} octets`, 'Subject: one', '', 'first', '..dot', 'third']);
  assert.deepEqual(await multi(pop, 'RETR 2'), [`+OK ${two.length} octets`, 'Subject: two', '']);
  assert.deepEqual(await multi(pop, 'RETR 3'), ['+OK 11 octets', 'no line end']);
  assert.deepEqual(await multi(pop, 'RETR 4'), ['+OK 10 octets', 'bare\nlf\n..\n']);
  assert.deepEqual((await multi(pop, 'TOP 1 0')).slice(1), ['Subject: one', '']);
  assert.deepEqual((await multi(pop, 'TOP 1 2')).slice(1), ['Subject: one', '', 'first', '..dot']);
  assert.deepEqual((await multi(pop, 'TOP 1 99')).slice(1), ['Subject: one', '', 'first', '..dot', 'third']);
  for (const wrong of [
    'RETR',
    'RETR 0',
    'RETR 5',
    'RETR x',
    'RETR -1',
    'TOP 1',
    'TOP 1 x',
    'LIST 9',
    'UIDL 9',
    'DELE 9',
    'FROB',
    'USER x',
  ]) {
    assert.match(await ask(pop, wrong), /^-ERR /, wrong);
  }
});

test('pipelined commands are answered in order', async () => {
  const { store, user, client } = await bed();
  for (let index = 0; index < 200; index += 1) store.put(user, 'INBOX', `Subject: ${index}\r\n\r\n${'x'.repeat(index * 20)}\r\n`);
  const pop = await client();
  const retrs = Array.from({ length: 200 }, (_, index) => `RETR ${index + 1}\r\n`).join('');
  pop.socket.end(`USER user@mail.test\r\nPASS pass word\r\n${retrs}QUIT\r\n`);
  const text = await pop.rest();
  const subjects = [...text.matchAll(/Subject: (\d+)/g)].map((match) => Number(match[1]));
  assert.deepEqual(
    subjects,
    Array.from({ length: 200 }, (_, index) => index),
  );
  assert.ok(text.endsWith('+OK Goodbye\r\n'));
  assert.ok(store.mailbox(user, 'INBOX').messages.every(({ flags }) => flags.includes('\\Seen')));
});

test('nothing changes before QUIT, and QUIT moves to Trash', async () => {
  const { store, user, listener, loggedIn } = await bed();
  store.put(user, 'INBOX', one);
  store.put(user, 'INBOX', two);
  const lost = await loggedIn();
  await multi(lost, 'RETR 1');
  assert.equal(await ask(lost, 'DELE 1'), '+OK Message 1 deleted');
  lost.destroy();
  while (listener.connections() > 0) await new Promise(setImmediate);
  assert.deepEqual(
    store.mailbox(user, 'INBOX').messages.map(({ flags }) => flags),
    [[], []],
  );
  const pop = await loggedIn();
  await ask(pop, 'DELE 1');
  assert.equal(await ask(pop, 'STAT'), `+OK 1 ${two.length}`);
  assert.match(await ask(pop, 'RETR 1'), /^-ERR No such message/);
  assert.deepEqual((await multi(pop, 'LIST')).slice(1), [`2 ${two.length}`]);
  assert.match(await ask(pop, 'RSET'), /^\+OK 2 messages/);
  await ask(pop, 'DELE 2');
  assert.equal(await ask(pop, 'QUIT'), '+OK Goodbye');
  assert.deepEqual([store.texts(user), store.texts(user, 'Trash')], [[one], [two]]);
});

test('DELE may also remove for good; maxMessages shows the newest', async () => {
  const { store, user, loggedIn } = await bed({ pop3: { onDelete: 'expunge', maxMessages: 1 } });
  store.put(user, 'INBOX', one);
  store.put(user, 'INBOX', two);
  const pop = await loggedIn();
  assert.equal(await ask(pop, 'STAT'), `+OK 1 ${two.length}`);
  await ask(pop, 'DELE 1');
  await ask(pop, 'QUIT');
  assert.deepEqual([store.texts(user), store.texts(user, 'Trash')], [[one], []]);
});

test('logins: USER/PASS, AUTH PLAIN in both forms, wrong ones', async () => {
  const { client } = await bed({ auth: { maxFailuresPerConnection: 3 } });
  const plain = (text: string): string => Buffer.from(text).toString('base64');
  const good = plain('\0user@mail.test\0pass word');
  const first = await client();
  assert.match(await ask(first, `AUTH PLAIN ${good}`), /^\+OK 0 messages/);
  assert.match(await ask(first, 'AUTH PLAIN'), /^-ERR Not after login/);
  const second = await client();
  assert.deepEqual(await multi(second, 'AUTH'), [
    '+OK Mechanisms follow',
    'SCRAM-SHA-256',
    'SCRAM-SHA-1',
    'PLAIN',
    'OAUTHBEARER',
    'XOAUTH2',
  ]);
  assert.equal(await ask(second, 'AUTH PLAIN'), '+ ');
  assert.match(await ask(second, '*'), /^-ERR Cancelled/);
  assert.equal(await ask(second, 'AUTH PLAIN'), '+ ');
  assert.match(await ask(second, good), /^\+OK/);
  const third = await client();
  assert.match(await ask(third, 'PASS x'), /^-ERR USER comes first/);
  assert.match(await ask(third, 'AUTH CRAM-MD5'), /^-ERR This mechanism/);
  assert.match(await ask(third, 'AUTH PLAIN !!'), /^-ERR The response/);
  assert.match(await ask(third, `AUTH PLAIN ${plain('other\0user@mail.test\0pass word')}`), /^-ERR \[AUTH\]/);
  for (let index = 0; index < 3; index += 1)
    assert.match(await ask(third, `AUTH PLAIN ${plain('\0user@mail.test\0no')}`), /^-ERR \[AUTH\]/);
  assert.equal(await third.rest(), '');
});

test('with the database away: [SYS/TEMP], and the session goes on', async () => {
  const { store, user, client, loggedIn } = await bed();
  store.put(user, 'INBOX', one);
  const pop = await loggedIn();
  store.away = true;
  assert.match(await ask(pop, 'RETR 1'), /^-ERR \[SYS\/TEMP\]/);
  assert.match(await ask(pop, 'UIDL'), /^-ERR \[SYS\/TEMP\]/);
  const other = await client();
  await ask(other, 'USER user@mail.test');
  assert.match(await ask(other, 'PASS pass word'), /^-ERR \[SYS\/TEMP\]/);
  store.away = false;
  assert.equal((await multi(pop, 'RETR 1')).length, 6);
  await ask(pop, 'DELE 1');
  store.away = true;
  assert.match(await ask(pop, 'QUIT'), /^-ERR \[SYS\/TEMP\] Some deleted messages/);
  store.away = false;
  assert.deepEqual(store.texts(user), [one]);
});

test('STLS, and passwords in the clear only where they may', async () => {
  const contexts = new TlsContexts();
  const certificate = await selfSigned('mail.test');
  contexts.setDefault(certificate);
  const { client } = await bed({ auth: { allowPlaintext: false } }, contexts);
  const pop = await client();
  const capabilities = await multi(pop, 'CAPA');
  assert.ok(
    capabilities.includes('STLS') && !capabilities.includes('USER') && !capabilities.some((line) => line.startsWith('SASL')),
  );
  assert.match(await ask(pop, 'USER user@mail.test'), /^-ERR \[SYS\/PERM\]/);
  pop.send('STLS\r\nUSER injected\r\n');
  assert.equal(await pop.line(), '+OK Begin TLS');
  pop.socket.removeAllListeners('data');
  const socket = tls.connect({ socket: pop.socket, servername: 'mail.test', ca: certificate.cert });
  await once(socket, 'secureConnect');
  const secure = new LineClient(0, socket);
  assert.match(await ask(secure, 'PASS x'), /^-ERR USER comes first/);
  assert.equal(await ask(secure, 'USER user@mail.test'), '+OK Send PASS');
  assert.match(await ask(secure, 'PASS pass word'), /^\+OK/);
  secure.destroy();
});

test('a stop tells idle clients; a silent one is left without a word and without an update', async () => {
  const { store, user, listener, loggedIn } = await bed();
  store.put(user, 'INBOX', one);
  const pop = await loggedIn();
  await ask(pop, 'DELE 1');
  const closed = listener.close(5_000);
  assert.match(await pop.rest(), /^-ERR \[SYS\/TEMP\]/);
  await closed;
  const impatient = await bed({ pop3: { idleTimeoutMs: 30 } });
  assert.equal(await (await impatient.client()).rest(), '');
  assert.deepEqual(store.texts(user), [one]);
});

test('a session whose access has changed ends, without an update', async () => {
  const { store, user, listener, loggedIn } = await bed();
  store.put(user, 'INBOX', one);
  const pop = await loggedIn();
  await ask(pop, 'DELE 1');
  store.revoke(user);
  assert.match(await pop.rest(), /^-ERR \[AUTH\] Access has changed/);
  while (listener.connections() > 0) await new Promise(setImmediate);
  assert.deepEqual(store.texts(user), [one]);
  assert.equal(store.listeners.get(user)?.size, 0);
});

test('no more is fetched in a day than the user may; what was not fetched is not counted', async () => {
  let used = 0;
  const limits = {
    recipientsPerDay: 0,
    receivedPerHour: 0,
    receivedIsOwn: false,
    pop3MaxMessages: 0,
    imapMaxConnections: 0,
    imapUpload: 0,
    imapDownload: 0,
    alsoFrom: [],
  };
  const { store, user, loggedIn } = await bed({}, undefined, {
    limitsOf: async () => ({ ...limits, pop3DownloadBytes: 100 }),
    usage: {
      take: async (_who, _what, amount, limit) => {
        if (used + amount > limit) return false;
        used += amount;
        return true;
      },
      add: async () => {},
      used: async () => used,
    },
  });
  store.put(user, 'INBOX', one);
  const client = await loggedIn();
  for (let fetched = 0; fetched < Math.floor(100 / one.length); fetched += 1)
    assert.match((await multi(client, 'RETR 1'))[0] ?? '', /^\+OK/);
  assert.match(await ask(client, 'RETR 1'), /^-ERR \[SYS\/TEMP\]/);
  assert.equal(await ask(client, 'QUIT'), '+OK Goodbye');
  await client.rest();
  assert.equal(used, Math.floor(100 / one.length) * one.length);
});
