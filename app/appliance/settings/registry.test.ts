import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { documentPath, settingsDocument } from './document.ts';
import { expectAssignment, expectName, expectText, SettingsFault } from './judge.ts';
import { formatBytes, tryBytes, tryQuota } from './quantity.ts';
import { type SettingName, settingNames, settingOf } from './registry.ts';

test('every default is a value that its own schema takes, and text of it reads back', () => {
  for (const name of settingNames) {
    const setting = settingOf(name);
    assert.deepEqual(setting.schema.parse(setting.default), setting.default, name);
    assert.deepEqual(expectText(name, setting.toText(setting.default)), setting.default, name);
    assert.match(setting.help, /^[A-Z].*\.$/, `${name} has help text`);
    assert.ok(setting.allowed.length > 0, name);
  }
});

test('docs/settings.md is current (npx node app/appliance/settings/document.ts writes it)', () => {
  assert.equal(readFileSync(documentPath, 'utf8'), settingsDocument());
});

test('texts of the command line become typed values', () => {
  const table: [SettingName, string, unknown][] = [
    ['imap.enabled', 'off', false],
    ['imap.enabled', 'TRUE', true],
    ['imap.port', '10143', 10143],
    ['imap.port', '0', 0],
    ['store.maxMessageBytes', '64MB', 67_108_864],
    ['store.maxMessageBytes', '2097152', 2_097_152],
    ['log.level', 'WARN', 'warn'],
    ['imap.host', '::1', '::1'],
    ['imap.host', 'any', 'any'],
    ['auth.allowPlaintext', 'true', 'always'],
    ['auth.allowPlaintext', 'Never', 'never'],
    ['tls.minVersion', 'tlsv1.3', 'TLSv1.3'],
    ['imap.host', 'mail.example.org', 'mail.example.org'],
    ['server.names', 'mail.example.org, imap.example.org', ['mail.example.org', 'imap.example.org']],
    ['server.names', '', []],
    ['mongo.uri', 'mongodb://db1,db2/mail?replicaSet=r', 'mongodb://db1,db2/mail?replicaSet=r'],
    ['mongo.binary', '/usr/bin/mongod', '/usr/bin/mongod'],
  ];
  for (const [name, text, value] of table) assert.deepEqual(expectText(name, text), value, `${name} ${text}`);
});

test('a refused value names the setting and what is allowed', () => {
  const table: [SettingName, string][] = [
    ['imap.enabled', 'maybe'],
    ['imap.port', '65536'],
    ['imap.port', '-1'],
    ['imap.port', '1e3'],
    ['imap.port', ''],
    ['workers', '0'],
    ['store.maxMessageBytes', '1KB'],
    ['store.maxMessageBytes', 'much'],
    ['log.level', 'loud'],
    ['imap.host', 'two words'],
    ['imap.host', ''],
    ['server.names', '-bad-'],
    ['mongo.uri', 'http://example.org'],
    ['redis.binary', 'relative/path'],
  ];
  for (const [name, text] of table) {
    assert.throws(
      () => expectText(name, text),
      (error) =>
        error instanceof SettingsFault &&
        error.kind === 'invalid' &&
        error.message.includes(name) &&
        error.message.includes('Allowed: '),
      `${name}=${text}`,
    );
  }
});

test('a secret value is not repeated in its refusal', () => {
  assert.throws(
    () => expectText('mongo.uri', 'hunter2:hunter2'),
    (error) => error instanceof SettingsFault && !error.message.includes('hunter2'),
  );
});

test('an unknown name is refused with the nearest name and all names', () => {
  assert.throws(
    () => expectName('imap.prot'),
    (error) =>
      error instanceof SettingsFault &&
      error.kind === 'unknown' &&
      error.message.includes('Did you mean imap.port?') &&
      error.message.includes('pop3s.port'),
  );
  assert.throws(() => expectName('constructor'), SettingsFault);
  assert.throws(() => expectAssignment('imap.port'), /NAME=VALUE/);
  assert.deepEqual(expectAssignment('imap.port=1143'), ['imap.port', 1143]);
  assert.deepEqual(expectAssignment('mongo.uri=mongodb://h/?a=b'), ['mongo.uri', 'mongodb://h/?a=b']);
});

test('amounts and quotas', () => {
  const table: [string, number | undefined][] = [
    ['2GB', 2_147_483_648],
    ['500MB', 524_288_000],
    ['500 mb', 524_288_000],
    ['1.5G', 1_610_612_736],
    ['64MiB', 67_108_864],
    ['1024', 1024],
    ['1024B', 1024],
    ['1TB', 1_099_511_627_776],
    ['', undefined],
    ['GB', undefined],
    ['-1GB', undefined],
    ['5ib', undefined],
    ['2 parsecs', undefined],
    ['99999999TB', undefined],
  ];
  for (const [text, value] of table) assert.equal(tryBytes(text), value, text);
  assert.equal(tryQuota('unlimited'), 0);
  assert.equal(tryQuota('2GB'), 2_147_483_648);
  assert.equal(tryQuota('lots'), undefined);
  assert.equal(formatBytes(0), '0 B');
  assert.equal(formatBytes(2_147_483_648), '2 GB');
  assert.equal(formatBytes(1_610_612_736), '1.5 GB');
});
