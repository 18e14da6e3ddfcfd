import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { connectableHost, PortFault, Ports, type ProbePort, probePort } from './ports.ts';
import { listenerNames, type SettingName } from './settings/registry.ts';
import { Settings } from './settings/store.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mallard-ports-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function open(values: Record<string, unknown> = {}): Settings {
  const settings = new Settings({ file: path.join(folder, `${(count += 1)}.sqlite`) });
  settings.set(new Map(Object.entries(values) as [SettingName, unknown][]), 'test');
  after(() => settings.close());
  return settings;
}
/** A machine on which these ports cannot be had. */
const without =
  (taken: Record<number, string>): ProbePort =>
  (_, port) =>
    Promise.resolve(taken[port]);

test('the standard ports where they are free', async () => {
  const ports = new Ports(open(), without({}));
  assert.deepEqual(await ports.choose(false), []);
  assert.deepEqual(
    listenerNames.map((name) => ports.get(name)?.port),
    [143, 993, 110, 995, 24, 25, 587, 465, 4190, 8080],
  );
});

test('standard + 10000 where not, told once; fixed and any-free ports as they are; nothing for what is off', async () => {
  const settings = open({ 'imaps.port': 0, 'pop3.port': 1110, 'smtp.enabled': false });
  const ports = new Ports(settings, without({ 143: 'EACCES', 24: 'EADDRINUSE', 993: 'EACCES', 25: 'EACCES' }));
  const notes = await ports.choose(false);
  assert.equal(notes.length, 2);
  assert.match(notes[0] ?? '', /^imap: port 10143 instead of 143 \(this user may not open port 143\)$/);
  assert.deepEqual(
    ['imap', 'imaps', 'pop3', 'lmtp', 'smtp'].map((name) => ports.get(name as 'imap')?.port),
    [10_143, 0, 1110, 10_024, undefined],
  );
  assert.deepEqual(await ports.choose(false), []);
});

test('a port that somebody set is taken at its word, and a failure changes nothing', async () => {
  const settings = open({ 'imap.port': 1143 });
  const taken: Record<number, string> = {};
  const ports = new Ports(settings, without(taken));
  await ports.choose(false);
  taken[1144] = 'EADDRINUSE';
  settings.set(new Map<SettingName, unknown>([['imap.port', 1144]]), 'test');
  await assert.rejects(
    ports.choose(false),
    (error) =>
      error instanceof PortFault && error.listener === 'imap' && error.message.includes('mallard config set imap.port 11144'),
  );
  assert.equal(ports.get('imap')?.port, 1143);
  taken[1143] = 'EADDRINUSE';
  settings.set(new Map<SettingName, unknown>([['imap.port', 1143]]), 'test');
  // Held by our own worker by now.
  await ports.choose(false);
  assert.equal(ports.get('imap')?.port, 1143);
});

test('neither the standard port nor the other one', async () => {
  await assert.rejects(new Ports(open(), without({ 110: 'EACCES', 10110: 'EADDRINUSE' })).choose(false), PortFault);
});

test('several workers get a number for any free port', async () => {
  const ports = new Ports(open(Object.fromEntries(listenerNames.map((name) => [`${name}.port`, 0]))));
  await ports.choose(true);
  assert.equal(new Set(listenerNames.map((name) => ports.get(name)?.port)).size, listenerNames.length);
});

test('probing finds what holds a port in one family only', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const host of ['any', 'localhost', '127.0.0.1']) assert.equal(await probePort(host, port), 'EADDRINUSE', host);
  server.close();
  await once(server, 'close');
  for (const host of ['any', 'localhost', '127.0.0.1']) assert.equal(await probePort(host, port), undefined, host);
  assert.equal(await probePort('192.0.2.77', port), 'EADDRNOTAVAIL');
  assert.deepEqual(['any', '::', '0.0.0.0', 'localhost', '10.0.0.7'].map(connectableHost), [
    '127.0.0.1',
    '127.0.0.1',
    '127.0.0.1',
    '127.0.0.1',
    '10.0.0.7',
  ]);
});
