import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { extractMember } from '../../../resources/servers/zip.ts';
import { LogStore } from '../logs/store.ts';
import { Settings } from '../settings/store.ts';
import { makeSupportBundle } from './bundle.ts';
import { Pseudonyms } from './pseudonyms.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mallard-bundle-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('the same name gets the same pseudonym; what is everywhere the same stays', () => {
  const names = new Pseudonyms(['anna', 'mail.example.org']);
  const text = names.text(
    'anna <Anna.Berg@example.org> from 203.0.113.7 to anna.berg@EXAMPLE.org at 192.168.1.4, ::1, 2001:db8::5; Susanna; mail.example.org',
  );
  assert.doesNotMatch(text, /berg|example|203\.0|2001:db8|\banna\b/i);
  const addresses = text.match(/user-\w{6}@domain-\w{6}/g) ?? [];
  assert.equal(addresses.length, 2);
  assert.equal(addresses[0], addresses[1]);
  for (const kept of ['192.168.1.4', '::1', 'Susanna']) assert.ok(text.includes(kept), kept);
  assert.notEqual(new Pseudonyms().text('a@b.org'), new Pseudonyms().text('a@b.org'));
  assert.equal(names.text('2026-11-24T10:00:00.000Z 12:30:45'), '2026-11-24T10:00:00.000Z 12:30:45');
});

test('a bundle has the log, the settings and the checks, without anybody’s name or secret', async () => {
  const settings = new Settings({ file: path.join(folder, 'settings.sqlite') });
  settings.set(
    new Map([
      ['outbound.relay.password', 'hunter2hunter2'],
      ['server.hostname', 'post.berg.example'],
    ]) as never,
    'test',
  );
  const logs = new LogStore({ file: path.join(folder, 'logs.sqlite'), limits: { maxBytes: 1e9, maxAgeMs: 1e12 } });
  for (let i = 0; i < 1500; i += 1)
    logs.append({
      at: Date.now(),
      level: 'info',
      service: 'imap',
      user: 'annaberg',
      message: `login ${i} of anna@berg.example`,
      fields: { ip: '198.51.100.4' },
    });
  logs.flush();
  const zip = await makeSupportBundle({
    settings,
    logs,
    findings: [{ name: 'disk', state: 'warn', message: 'low', remedy: 'free some' }],
  });
  settings.close();
  logs.close();
  const file = path.join(folder, 'bundle.zip');
  writeFileSync(file, zip);
  const texts = new Map<string, string>();
  for (const name of ['log.jsonl', 'settings.json', 'status.json', 'about.json', 'checks.txt']) {
    await extractMember(file, name, path.join(folder, `out-${name}`));
    texts.set(name, readFileSync(path.join(folder, `out-${name}`), 'utf8'));
  }
  const read = (name: string): string => texts.get(name) ?? '';
  assert.equal(read('log.jsonl').split('\n').length, 1500);
  assert.match(read('log.jsonl').split('\n')[1499] ?? '', /login 1499 of user-\w+@domain-\w+/);
  assert.match(read('checks.txt'), /warn {2}disk: low\n.*free some/);
  assert.match(read('settings.json'), /outbound\.relay\.password[^}]*\*\*\*/s);
  for (const name of ['log.jsonl', 'settings.json', 'status.json', 'about.json'])
    assert.doesNotMatch(read(name), /hunter2|berg|198\.51/, name);
});
