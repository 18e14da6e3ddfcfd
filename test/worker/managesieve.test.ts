/** ManageSieve (RFC 5804) with a real worker: sign-in, scripts, errors with lines, and that what was put works for mail. */
import assert from 'node:assert/strict';
import { connect as connectTcp, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { selfSigned } from '../harness/self-signed.ts';
import { sharedServers, waitFor } from '../harness/servers.ts';
import { closeStores, createUser, startWorker, storeOf, type TestUser, type TestWorker } from '../harness/worker.ts';

let worker: TestWorker;
let user: TestUser;
before(async () => {
  const { mongodbUri, redisUri } = await sharedServers();
  worker = await startWorker({
    mongodbUri,
    redisUri,
    services: ['managesieve'],
    config: {
      tls: await selfSigned('localhost'),
      auth: { allowPlaintext: 'never', failureDelayMs: 1, maxFailuresPerConnection: 2 },
    },
  });
  user = await createUser(worker);
});
after(async () => {
  await worker.stop();
  await closeStores();
});

/** Says lines and reads up to the reply that ends an answer. */
class Client {
  #socket: Socket;
  #text = '';
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  static async open(): Promise<{ client: Client; greeting: string }> {
    const client = new Client(connectTcp({ host: '127.0.0.1', port: worker.port('managesieve') }));
    return { client, greeting: await client.answer() };
  }

  async ask(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`);
    return this.answer();
  }

  async answer(): Promise<string> {
    const end = await waitFor(() => /^(?:OK|NO|BYE)\b.*\r\n/m.exec(this.#text));
    const to = end.index + end[0].length;
    const answer = this.#text.slice(0, to);
    this.#text = this.#text.slice(to);
    return answer;
  }

  async line(): Promise<string> {
    const end = await waitFor(() => this.#text.indexOf('\r\n') + 1);
    const line = this.#text.slice(0, end - 1);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  send(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  async closed(): Promise<void> {
    await waitFor(() => this.#closed);
  }

  async startTls(): Promise<string> {
    assert.equal(await this.ask('STARTTLS'), 'OK "Begin TLS"\r\n');
    this.#socket.removeAllListeners('data');
    this.#socket = connectTls({ socket: this.#socket, rejectUnauthorized: false });
    this.#listen();
    return this.answer();
  }

  #listen(): void {
    this.#socket.on('data', (bytes: Buffer) => {
      this.#text += bytes.toString();
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#closed = true;
    });
  }
}

const plain = (password: string): string => Buffer.from(`\0${user.username}\0${password}`).toString('base64');

async function signedIn(): Promise<Client> {
  const { client } = await Client.open();
  await client.startTls();
  assert.equal(await client.ask(`AUTHENTICATE "PLAIN" "${plain(user.password)}"`), 'OK "Welcome"\r\n');
  return client;
}

test('capabilities; passwords over TLS only; nothing before sign-in', async () => {
  const { client, greeting } = await Client.open();
  assert.match(greeting, /^"IMPLEMENTATION" "Mallard"\r\n"VERSION" "1.0"\r\n"SASL" ""\r\n"SIEVE" "fileinto .*editheader.*"\r\n/);
  assert.match(greeting, /"STARTTLS"\r\n/);
  assert.match(await client.ask(`AUTHENTICATE "PLAIN" "${plain(user.password)}"`), /^NO \(ENCRYPT-NEEDED\)/);
  assert.equal(await client.ask('LISTSCRIPTS'), 'NO "Sign in first"\r\n');
  assert.equal(await client.ask('NOOP "x"'), 'OK (TAG "x") "Done"\r\n');
  const capabilities = await client.startTls();
  assert.match(capabilities, /"SASL" "(?:[A-Z0-9-]+ )*PLAIN[ "]/);
  assert.ok(!capabilities.includes('STARTTLS'));
  // Without an initial response the server asks for it.
  client.send('AUTHENTICATE "PLAIN"');
  assert.equal(await client.line(), '""');
  assert.equal(await client.ask(`{${plain(user.password).length}+}\r\n${plain(user.password)}`), 'OK "Welcome"\r\n');
  assert.match(await client.ask('CAPABILITY'), new RegExp(`"OWNER" "${user.username}"`));
  assert.equal(await client.ask('UNAUTHENTICATE'), 'OK\r\n');
  assert.equal(await client.ask('LISTSCRIPTS'), 'NO "Sign in first"\r\n');
  assert.equal(await client.ask('LOGOUT'), 'OK "Goodbye"\r\n');
  await client.closed();
});

test('scripts are put, listed, switched, renamed, read and deleted', async () => {
  const client = await signedIn();
  const text = '# Grüße\r\nkeep;\r\n';
  const steps: readonly (readonly [string, string])[] = [
    ['HAVESPACE "a" 100', 'OK\r\n'],
    ['HAVESPACE "a" 999999', 'NO (QUOTA/MAXSIZE) "A script has at most 131072 octets"\r\n'],
    [`PUTSCRIPT "a" {${Buffer.byteLength(text)}+}\r\n${text}`, 'OK\r\n'],
    ['PUTSCRIPT "b" "discard;"', 'OK\r\n'],
    ['LISTSCRIPTS', '"a"\r\n"b"\r\nOK\r\n'],
    ['SETACTIVE "a"', 'OK\r\n'],
    ['SETACTIVE "none"', 'NO (NONEXISTENT) "There is no script of this name"\r\n'],
    ['RENAMESCRIPT "a" "b"', 'NO (ALREADYEXISTS) "There is a script of this name already"\r\n'],
    ['RENAMESCRIPT "a" "ä \\"q\\""', 'OK\r\n'],
    ['LISTSCRIPTS', '"b"\r\n"ä \\"q\\"" ACTIVE\r\nOK\r\n'],
    ['GETSCRIPT "ä \\"q\\""', `{${Buffer.byteLength(text)}}\r\n${text}\r\nOK\r\n`],
    ['DELETESCRIPT "ä \\"q\\""', 'NO (ACTIVE) "This script works: switch it off first"\r\n'],
    ['SETACTIVE ""', 'OK\r\n'],
    ['DELETESCRIPT "ä \\"q\\""', 'OK\r\n'],
    ['GETSCRIPT "ä"', 'NO (NONEXISTENT) "There is no script of this name"\r\n'],
    ['PUTSCRIPT "" "keep;"', 'NO "must have 1 to 128 characters, and none that control something"\r\n'],
  ];
  const found: string[] = [];
  for (const [line] of steps) found.push(await client.ask(line));
  assert.deepEqual(
    found,
    steps.map(([, answer]) => answer),
  );
});

test('a wrong script is refused with the line; one that is too long is read past', async () => {
  const client = await signedIn();
  assert.equal(
    await client.ask('PUTSCRIPT "x" {20+}\r\nkeep;\r\nfileinto "x";'),
    'NO "line 2: fileinto needs: require \\"fileinto\\";"\r\n',
  );
  assert.equal(await client.ask('CHECKSCRIPT "keep"'), 'NO "line 1: After keep a semicolon is missing"\r\n');
  assert.equal(await client.ask('CHECKSCRIPT "keep;"'), 'OK\r\n');
  assert.equal(
    await client.ask(`PUTSCRIPT "x" {200000+}\r\n${'x'.repeat(200_000)}`),
    'NO (QUOTA/MAXSIZE) "The text is too long"\r\n',
  );
  assert.equal(await client.ask('FROB'), 'NO "Unknown command"\r\n');
  assert.equal(await client.ask('SETACTIVE'), 'NO "SETACTIVE wants other arguments"\r\n');
  assert.equal(await client.ask('PUTSCRIPT "x" {999999999+}'), 'BYE "The literal is too long"\r\n');
  await client.closed();
});

test('wrong passwords end the connection; a new password ends sessions', async () => {
  const { client } = await Client.open();
  await client.startTls();
  assert.equal(await client.ask(`AUTHENTICATE "PLAIN" "${plain('wrong')}"`), 'NO "User name or password is wrong"\r\n');
  assert.equal(await client.ask('AUTHENTICATE "PLAIN" "!"'), 'NO "The response can’t be understood"\r\n');
  assert.equal(await client.ask(`AUTHENTICATE "PLAIN" "${plain('wrong')}"`), 'NO "User name or password is wrong"\r\n');
  assert.equal(await client.answer(), 'BYE "Too many wrong passwords"\r\n');
  await client.closed();
  const other = await signedIn();
  const store = await storeOf(worker);
  await store.accounts.users.update(user.id, { password: 'another one' });
  assert.match(await other.answer(), /^BYE \(TRYLATER\) "Access has changed/);
  await other.closed();
});
