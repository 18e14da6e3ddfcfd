/** The edges of a connection: TLS, limits, timeouts, slow readers, pipelines, goodbyes. */
import assert from 'node:assert/strict';
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { TlsContexts } from '../../server/base/tls-contexts.ts';
import type { UserId } from '../../server/mail/ids.ts';
import { RawImapClient } from '../harness/imap-client.ts';
import { type ImapTestService, PASSWORD, startImap } from '../harness/imap.ts';
import { selfSigned } from '../harness/self-signed.ts';
import { waitFor } from '../harness/wait-for.ts';

const MESSAGE = `Subject: big\r\n\r\n${'0123456789abcdef'.repeat(64)}\r\n`;

describe('TLS', () => {
  let service: ImapTestService;
  let name: string;
  before(async () => {
    const tlsProvider = new TlsContexts();
    tlsProvider.setDefault(await selfSigned('localhost'));
    service = await startImap({ tlsProvider, settings: { allowPlaintext: 'never', failureDelayMs: 1 } });
    ({ name } = await service.createUser());
  });
  after(() => service.close());

  test('a password waits for STARTTLS; capabilities say so and change', async () => {
    const client = await RawImapClient.open(service.port);
    const [plain = ''] = await client.ok('CAPABILITY');
    assert.match(plain, / LOGINDISABLED/);
    assert.match(plain, / STARTTLS/);
    assert.doesNotMatch(plain, /AUTH=/);
    assert.match(await client.status(`LOGIN ${name} ${PASSWORD}`), /^NO \[PRIVACYREQUIRED\]/);
    assert.match(await client.status('AUTHENTICATE PLAIN'), /^NO \[PRIVACYREQUIRED\]/);
    await client.ok('STARTTLS');
    await client.upgrade();
    const [secure = ''] = await client.ok('CAPABILITY');
    assert.doesNotMatch(secure, /LOGINDISABLED|STARTTLS/);
    assert.match(secure, / AUTH=PLAIN/);
    assert.match(secure, / AUTH=SCRAM-SHA-256-PLUS/);
    assert.match(await client.status('STARTTLS'), /^BAD/);
    await client.ok(`LOGIN ${name} ${PASSWORD}`);
    await client.ok('SELECT INBOX');
    await client.close();
  });

  test('commands sent in the clear behind STARTTLS are never carried out', async () => {
    const client = await RawImapClient.open(service.port);
    client.write(`a STARTTLS\r\nb CAPABILITY\r\n`);
    const seen: string[] = [];
    for (;;) {
      const response = await client.next();
      if (response === undefined) break;
      seen.push(response);
    }
    assert.equal(seen.length, 1);
    assert.match(seen[0]!, /^a OK/);
  });
});

describe('limits', () => {
  const ownLimits = new Map<UserId, number>();
  let service: ImapTestService;
  let name: string;
  before(async () => {
    service = await startImap({
      settings: {
        maxMessageBytes: 1_000_000,
        maxCommandsBeforeLogin: 10,
        maxBadCommands: 5,
        maxConnectionsPerUser: 3,
        failureDelayMs: 1,
        maxFailuresPerConnection: 3,
        maxLiteralBytes: 1_000,
        maxArguments: 50,
        maxNesting: 10,
        maxSetMembers: 100,
      },
      connectionLimitOf: (user) => Promise.resolve(ownLimits.get(user) ?? 0),
    });
    ({ name } = await service.createUser());
  });
  after(() => service.close());

  test('a literal of 10 GB is refused before it is read, and the session goes on', async () => {
    const client = await RawImapClient.login(service.port, name);
    assert.match(await client.status('APPEND INBOX {10000000000}\r\n'), /^NO \[TOOBIG\]/);
    await client.ok('NOOP');
    // A literal that is sent without asking, and is not far too big, is skipped.
    assert.match(await client.status(`APPEND INBOX {1000001+}\r\n${'x'.repeat(1_000_001)}`), /^NO \[TOOBIG\]|^BAD/);
    await client.close();
  });

  test('a literal that can not be skipped ends the connection', async () => {
    const client = await RawImapClient.login(service.port, name);
    client.write('a APPEND INBOX {10000000000+}\r\n');
    assert.match((await client.next()) ?? '', /^a NO \[TOOBIG\]/);
    assert.match((await client.next()) ?? '', /^\* BYE/);
    assert.equal(await client.next(), undefined);
  });

  test('literals before login are small', async () => {
    const client = await RawImapClient.open(service.port);
    assert.match(await client.status('LOGIN {5000}\r\n'), /^BAD/);
    assert.match(await client.status('APPEND INBOX {10}\r\n'), /^NO|^BAD/);
    await client.close();
  });

  test('a line without end', async () => {
    const client = await RawImapClient.login(service.port, name);
    assert.match(await client.status(`NOOP ${'x'.repeat(100_000)}`), /^BAD/);
    await client.ok('NOOP');
    await client.close();
  });

  test('commands before login', async () => {
    const client = await RawImapClient.open(service.port);
    for (let i = 0; i < 10; i += 1) await client.ok('NOOP');
    client.write('x NOOP\r\n');
    assert.match((await client.next()) ?? '', /^\* BYE/);
    assert.equal(await client.next(), undefined);
  });

  test('nonsense in a row', async () => {
    const client = await RawImapClient.login(service.port, name);
    for (let i = 0; i < 5; i += 1) assert.match(await client.status('NONSENSE'), /^BAD/);
    assert.match(await client.status('NONSENSE'), /^BAD/);
    assert.match((await client.next()) ?? '', /^\* BYE/);
  });

  test('connections of one user', async () => {
    const { name: other } = await service.createUser();
    const clients = await Promise.all([1, 2, 3].map(() => RawImapClient.login(service.port, other)));
    const fourth = await RawImapClient.open(service.port);
    assert.match(await fourth.status(`LOGIN ${other} ${PASSWORD}`), /^NO \[LIMIT\]/);
    await clients[0]!.ok('LOGOUT');
    await waitFor(async () => (await fourth.status(`LOGIN ${other} ${PASSWORD}`)).startsWith('OK'));
    for (const client of [...clients, fourth]) await client.close();
  });

  test('wrong passwords end the connection', async () => {
    const client = await RawImapClient.open(service.port);
    for (let i = 0; i < 2; i += 1) assert.match(await client.status(`LOGIN ${name} wrong`), /^NO \[AUTHENTICATIONFAILED\]/);
    client.write(`x LOGIN ${name} wrong\r\n`);
    assert.match((await client.next()) ?? '', /^\* BYE/);
    assert.match((await client.next()) ?? '', /^x NO/);
    assert.equal(await client.next(), undefined);
  });

  test("a user's own limit on connections", async () => {
    const { user, name: other } = await service.createUser();
    ownLimits.set(user, 1);
    const first = await RawImapClient.login(service.port, other);
    const second = await RawImapClient.open(service.port);
    assert.match(await second.status(`LOGIN ${other} ${PASSWORD}`), /^NO \[LIMIT\]/);
    ownLimits.set(user, 5);
    await second.ok(`LOGIN ${other} ${PASSWORD}`);
    for (const client of [first, second]) await client.close();
  });

  test('literals that are no message, nesting, arguments and sequence sets: one over the limit is BAD, and the session goes on', async () => {
    const client = await RawImapClient.login(service.port, name);
    await client.ok('SELECT INBOX');
    const set = (members: number): string => Array.from({ length: members }, (_, i) => i * 2 + 1).join(',');
    const nested = (levels: number): string => `${'('.repeat(levels)}SEEN${')'.repeat(levels)}`;
    const words = (count: number): string => Array.from({ length: count }, () => 'SEEN').join(' ');
    const table: readonly (readonly [string, string])[] = [
      [`UID FETCH ${set(100)} FLAGS`, `UID FETCH ${set(101)} FLAGS`],
      [`SEARCH ${nested(10)}`, `SEARCH ${nested(11)}`],
      [`SEARCH ${words(50)}`, `SEARCH ${words(51)}`],
      [`SEARCH SUBJECT {1000+}\r\n${'x'.repeat(1000)}`, `SEARCH SUBJECT {1001+}\r\n${'x'.repeat(1001)}`],
    ];
    for (const [within, beyond] of table) {
      assert.match(await client.status(within), /^OK/, within.slice(0, 30));
      assert.match(await client.status(beyond), /^BAD/, beyond.slice(0, 30));
    }
    await client.close();
  });
});

describe('time', () => {
  test('who does not log in is told goodbye', async () => {
    const service = await startImap({ settings: { preAuthTimeoutMs: 60 } });
    const silent = await RawImapClient.open(service.port);
    assert.match((await silent.next()) ?? '', /^\* BYE/);
    assert.equal(await silent.next(), undefined);
    await waitFor(() => service.workers[0]!.server.connectionCount === 0);
    await service.close();
  });

  test('who is idle for too long is told goodbye, also in IDLE', async () => {
    const service = await startImap({ settings: { idleTimeoutMs: 1_000 } });
    const { name } = await service.createUser();
    const idle = await RawImapClient.login(service.port, name);
    await idle.ok('SELECT INBOX');
    idle.write('a IDLE\r\n');
    assert.equal(await idle.next(), '+ idling');
    assert.match((await idle.next()) ?? '', /^\* BYE/);
    assert.equal(await idle.next(), undefined);
    await waitFor(() => service.workers[0]!.server.connectionCount === 0);
    await service.close();
  });

  test('a client that takes nothing is dropped, and costs little until then', async () => {
    const service = await startImap({ settings: { stallTimeoutMs: 1_000 } });
    const { user, name } = await service.createUser();
    const inbox = await service.ops.mailboxes.inboxOf(user);
    const stored = await service.ops.contents.store(
      Buffer.from(`Subject: x\r\n\r\n${'y'.repeat(70)}\r\n`.padEnd(2_000_000, 'z')),
    );
    for (let i = 0; i < 20; i += 1) {
      await service.ops.messages.append(user, inbox, [{ stored, flags: [], internalDateMs: 0 }]);
    }
    const client = await RawImapClient.login(service.port, name);
    await client.ok('SELECT INBOX');
    client.socket.pause();
    const before = process.memoryUsage().arrayBuffers;
    client.write('a FETCH 1:* BODY.PEEK[]\r\n');
    let most = 0;
    await waitFor(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      return service.workers[0]!.server.connectionCount === 0;
    });
    assert.ok(most < 30_000_000, `${most} octets were buffered`);
    await client.close();
    await service.close();
  });
});

describe('pipelines', () => {
  let service: ImapTestService;
  let name: string;
  before(async () => {
    service = await startImap({ settings: { failureDelayMs: 1 } });
    ({ name } = await service.createUser());
  });
  after(() => service.close());

  test('are answered in order, whatever the chunks', async () => {
    const client = await RawImapClient.login(service.port, name);
    const append = `APPEND INBOX {${MESSAGE.length}+}\r\n${MESSAGE}`;
    const commands = [
      'SELECT INBOX',
      append,
      'FETCH 1 (BODY.PEEK[])',
      append,
      'STORE 1:2 +FLAGS.SILENT (\\Deleted)',
      'EXPUNGE',
      'NOOP',
    ];
    const bytes = Array.from({ length: 40 }, (_, round) => commands.map((text, i) => `p${round}x${i} ${text}\r\n`).join('')).join(
      '',
    );
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + ((at * 7919) % 4000);
      client.write(bytes.slice(at, at + size));
      at += size;
    }
    for (let round = 0; round < 40; round += 1) {
      for (let i = 0; i < commands.length; i += 1) {
        const responses = await client.collect(`p${round}x${i}`);
        assert.match(responses.at(-1)!, / OK/);
        if (i === 2) assert.ok(responses[0]!.includes(MESSAGE));
      }
    }
    await client.close();
  });

  test('a thousand commands in one write', async () => {
    const client = await RawImapClient.login(service.port, name);
    client.write(Array.from({ length: 1000 }, (_, i) => `n${i} NOOP\r\n`).join(''));
    for (let i = 0; i < 1000; i += 1) assert.match((await client.next())!, new RegExp(`^n${i} OK`));
    await client.close();
  });

  test('IDLE, DONE and what follows in one write', async () => {
    const client = await RawImapClient.login(service.port, name);
    client.write('a SELECT INBOX\r\nb IDLE\r\nDONE\r\nc NOOP\r\n');
    await client.collect('a');
    assert.equal(await client.next(), '+ idling');
    assert.match((await client.next())!, /^b OK/);
    assert.match((await client.next())!, /^c OK/);
    await client.close();
  });

  test('AUTHENTICATE with its answer in one write', async () => {
    const client = await RawImapClient.open(service.port);
    const answer = Buffer.from(`\u0000${name}\u0000${PASSWORD}`).toString('base64');
    client.write(`a AUTHENTICATE PLAIN\r\n${answer}\r\nb NOOP\r\n`);
    assert.match((await client.next())!, /^\+/);
    assert.match((await client.next())!, /^a OK/);
    assert.match((await client.next())!, /^b OK/);
    await client.close();
  });

  test('SCRAM-SHA-256, and a wrong proof', async () => {
    for (const [password, verdict] of [
      [PASSWORD, /^a OK/],
      ['wrong', /^a NO \[AUTHENTICATIONFAILED\]/],
    ] as const) {
      const client = await RawImapClient.open(service.port);
      const bare = `n=${name},r=clientnonce`;
      client.write(`a AUTHENTICATE SCRAM-SHA-256 ${Buffer.from(`n,,${bare}`).toString('base64')}\r\n`);
      const challenge = Buffer.from((await client.next())!.slice(2), 'base64').toString();
      const [, nonce = '', salt = '', iterations = ''] = /^r=(.*),s=(.*),i=(\d+)$/.exec(challenge) ?? [];
      const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
      const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
      const clientKey = hmac(salted, 'Client Key');
      const message = `${bare},${challenge},c=biws,r=${nonce}`;
      const signature = hmac(createHash('sha256').update(clientKey).digest(), message);
      const proof = Buffer.from(clientKey.map((byte, i) => byte ^ signature[i]!)).toString('base64');
      client.write(`${Buffer.from(`c=biws,r=${nonce},p=${proof}`).toString('base64')}\r\n`);
      if (password === PASSWORD) {
        const server = Buffer.from((await client.next())!.slice(2), 'base64').toString();
        assert.equal(server, `v=${hmac(hmac(salted, 'Server Key'), message).toString('base64')}`);
        client.write('\r\n');
      }
      assert.match((await client.next())!, verdict);
      await client.close();
    }
  });

  test('COMPRESS: commands, literals and pushes go through DEFLATE', async () => {
    const [client, other] = [await RawImapClient.login(service.port, name), await RawImapClient.login(service.port, name)];
    await client.ok('COMPRESS DEFLATE');
    client.compress();
    assert.match(await client.status('COMPRESS DEFLATE'), /^NO \[COMPRESSIONACTIVE\]/);
    await client.ok('CREATE squeezed');
    const big = `Subject: big\r\n\r\n${'0123456789abcdef\r\n'.repeat(20_000)}`;
    assert.match(await client.append('squeezed', big), /^OK/);
    await client.ok('SELECT squeezed');
    const [response = ''] = await client.ok('FETCH 1 BODY.PEEK[]');
    assert.ok(response.includes(big));
    client.write('i IDLE\r\n');
    assert.equal(await client.next(), '+ idling');
    await other.append('squeezed', MESSAGE);
    assert.equal(await client.next(), '* 2 EXISTS');
    await client.close();
    await other.close();
  });

  test('UNAUTHENTICATE ends compression; another user signs in over the same connection, and compresses again', async () => {
    const other = await service.createUser();
    for (const withLastBlock of [true, false]) {
      const client = await RawImapClient.login(service.port, name);
      await client.ok('COMPRESS DEFLATE');
      client.compress();
      await client.ok('SELECT INBOX');
      await client.ok('UNAUTHENTICATE');
      await client.endCompression(withLastBlock);
      assert.match(await client.status('SELECT INBOX'), /^BAD/);
      await client.ok(`LOGIN ${other.name} ${PASSWORD}`);
      const [capability = ''] = await client.ok('CAPABILITY');
      assert.match(capability, / COMPRESS=DEFLATE/);
      await client.ok('COMPRESS DEFLATE');
      client.compress();
      await client.ok('SELECT INBOX');
      await client.close();
    }
  });

  test('a stop says BYE to who is idle and lets a command finish', async () => {
    const other = await startImap();
    const user = await other.createUser();
    const client = await RawImapClient.login(other.port, user.name);
    await client.ok('SELECT INBOX');
    client.write('a IDLE\r\n');
    assert.equal(await client.next(), '+ idling');
    const closing = other.close();
    assert.match((await client.next())!, /^\* BYE/);
    assert.equal(await client.next(), undefined);
    await closing;
  });
});
