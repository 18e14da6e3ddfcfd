import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { selfSigned, type TestCertificate } from '../../test/harness/self-signed.ts';
import type { Connection } from './connection.ts';
import { listen, ListenFault, type Listener, type ListenerOptions } from './listener.ts';
import { silentLogger } from './log.ts';
import { TlsContexts } from './tls-contexts.ts';

let one: TestCertificate;
let two: TestCertificate;
const open: Listener[] = [];

before(async () => {
  one = await selfSigned('one.test');
  two = await selfSigned('two.test', '*.two.test');
});
after(async () => {
  await Promise.all(open.map((listener) => listener.close(0)));
});

/** Echoes, greets with the id, upgrades on STARTTLS, says BYE when drained. */
function echo(connection: Connection): void {
  const attach = (): void => {
    const { socket } = connection;
    const onData = (bytes: Buffer): void => {
      if (bytes.toString() !== 'STARTTLS\r\n') return void socket.write(bytes);
      socket.off('data', onData);
      socket.write('GO\r\n');
      connection.startTls().then(attach, () => {});
    };
    socket.on('data', onData);
  };
  attach();
  connection.onDrain(() => connection.socket.end('BYE\r\n'));
  connection.socket.write('HELLO\r\n');
}

async function start(options: Partial<ListenerOptions> = {}): Promise<Listener> {
  const listener = await listen({
    service: 'echo',
    host: '127.0.0.1',
    port: 0,
    tls: 'none',
    limits: { maxConnections: 100, maxConnectionsPerAddress: 100 },
    log: silentLogger,
    handler: { accept: echo, busyLine: (reason) => `BUSY ${reason}\r\n` },
    ...options,
  });
  open.push(listener);
  return listener;
}

async function line(socket: Socket): Promise<string> {
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString();
}

test('both families serve the same port when the host is any', async () => {
  const listener = await start({ host: 'any' });
  for (const host of ['127.0.0.1', '::1']) {
    const socket = connect(listener.port, host);
    assert.equal(await line(socket), 'HELLO\r\n');
    socket.destroy();
  }
});

test('a connection over the total is told so in the protocol’s words and the place comes free again', async () => {
  const listener = await start({ limits: { maxConnections: 1, maxConnectionsPerAddress: 1 } });
  const first = connect(listener.port, '127.0.0.1');
  await line(first);
  const second = connect(listener.port, '127.0.0.1');
  assert.equal(await line(second), 'BUSY too many connections\r\n');
  assert.deepEqual(listener.totals(), { accepted: 1, refused: 1 });
  first.destroy();
  while (listener.connections() > 0) await new Promise(setImmediate);
  const third = connect(listener.port, '127.0.0.1');
  assert.equal(await line(third), 'HELLO\r\n');
  third.destroy();
  second.destroy();
});

test('STARTTLS upgrades, implicit TLS answers by server name, and a new certificate serves the next connection', async () => {
  const tlsProvider = new TlsContexts();
  assert.equal(tlsProvider.available(), false);
  tlsProvider.setDefault(one);
  tlsProvider.set('two.test', two);
  tlsProvider.set('*.two.test', two);
  const plain = await start({ tls: 'starttls', tlsProvider });
  const socket = connect(plain.port, '127.0.0.1');
  await line(socket);
  socket.write('STARTTLS\r\n');
  assert.equal(await line(socket), 'GO\r\n');
  const upgraded = tls.connect({ socket, servername: 'one.test', ca: one.cert });
  await once(upgraded, 'secureConnect');
  upgraded.write('x');
  assert.equal(await line(upgraded), 'x');
  upgraded.destroy();

  const implicit = await start({ tls: 'implicit', tlsProvider });
  const subject = async (servername: string): Promise<unknown> => {
    const client = tls.connect({ port: implicit.port, host: '127.0.0.1', servername, rejectUnauthorized: false });
    assert.equal(await line(client), 'HELLO\r\n');
    const { CN } = client.getPeerCertificate().subject;
    client.destroy();
    return CN;
  };
  assert.deepEqual(await Promise.all(['other.test', 'two.test', 'a.two.test'].map(subject)), [
    'one.test',
    'two.test',
    'two.test',
  ]);
  assert.throws(() => tlsProvider.setDefault({ cert: one.cert, key: two.key }));
  assert.equal(await subject('other.test'), 'one.test');
  tlsProvider.setDefault(two);
  assert.equal(await subject('other.test'), 'two.test');
  while (implicit.connections() + plain.connections() > 0) await new Promise(setImmediate);
});

test('bytes sent in the clear after STARTTLS end the handshake instead of being taken for protected ones', async () => {
  const tlsProvider = new TlsContexts();
  tlsProvider.setDefault(one);
  const listener = await start({ tls: 'starttls', tlsProvider });
  const socket = connect(listener.port, '127.0.0.1');
  await line(socket);
  socket.write('STARTTLS\r\n');
  await line(socket);
  socket.write('INJECTED\r\n');
  const rest: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => rest.push(bytes));
  await once(socket, 'close');
  assert.ok(!Buffer.concat(rest).includes('INJECTED'));
  while (listener.connections() > 0) await new Promise(setImmediate);
});

test('a handshake that never comes is ended', async () => {
  const tlsProvider = new TlsContexts();
  tlsProvider.setDefault(one);
  const listener = await start({ tls: 'implicit', tlsProvider, handshakeTimeoutMs: 20 });
  const socket = connect(listener.port, '127.0.0.1');
  await once(socket, 'close');
  while (listener.connections() > 0) await new Promise(setImmediate);
});

test('close says goodbye, and destroys who does not go', async () => {
  const polite = await start();
  const socket = connect(polite.port, '127.0.0.1');
  await line(socket);
  const bye = line(socket);
  await polite.close(10_000);
  assert.equal(await bye, 'BYE\r\n');
  const stubborn = await start({ handler: { accept: (connection) => connection.socket.resume(), busyLine: () => '' } });
  const held = connect(stubborn.port, '127.0.0.1');
  held.on('error', () => {});
  await once(held, 'connect');
  while (stubborn.connections() === 0) await new Promise(setImmediate);
  await stubborn.close(10);
  assert.equal(stubborn.connections(), 0);
  held.destroy();
});

test('a taken port is a ListenFault that names service, port and reason', async () => {
  const holder = await start();
  await assert.rejects(start({ port: holder.port }), (error: unknown) => {
    assert.ok(error instanceof ListenFault);
    assert.deepEqual([error.code, error.port, error.service], ['EADDRINUSE', holder.port, 'echo']);
    return true;
  });
});
