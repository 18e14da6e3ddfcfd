import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { renderDocument } from './document.ts';
import { newSealingKey } from '../base/sealing.ts';
import {
  ConfigFault,
  defaultConfig,
  loadConfigFile,
  parseConfigJson,
  readCertificate,
  readSealingKeys,
  resolveConfig,
  withEnvironment,
} from './load.ts';

function problems(value: unknown): readonly string[] {
  try {
    resolveConfig(value);
  } catch (error) {
    assert.ok(error instanceof ConfigFault);
    return error.problems;
  }
  return [];
}

test('a partial configuration changes only what it names', () => {
  const defaults = defaultConfig();
  const config = resolveConfig({ services: { imap: { port: 10143 }, lmtp: { enabled: false } }, auth: { allowPlaintext: true } });
  assert.deepEqual(config, {
    ...defaults,
    auth: { ...defaults.auth, allowPlaintext: 'always' },
    services: {
      ...defaults.services,
      imap: { ...defaults.services.imap, port: 10143 },
      lmtp: { ...defaults.services.lmtp, enabled: false },
    },
  });
  assert.deepEqual(parseConfigJson('{}'), defaults);
});

test('a fault names the setting and what is allowed', () => {
  const table: readonly (readonly [unknown, RegExp])[] = [
    [{ services: { imap: { prot: 1 } } }, /^services\.imap\.prot: there is no such setting; allowed here: enabled, host, port, /],
    [{ hostnam: 'x' }, /^hostnam: there is no such setting; allowed here: hostname, /],
    [{ services: { imap: { port: 70_000 } } }, /^services\.imap\.port: must be at most 65535 \(given: 70000\)$/],
    [{ log: { level: 'loud' } }, /^log\.level: must be one of trace, debug, info, warn, error \(given: "loud"\)$/],
    [{ services: { imap: { enabled: 'yes' } } }, /^services\.imap\.enabled: must be true or false \(given: "yes"\)$/],
    [{ mongo: { uri: 'http://x' } }, /^mongo\.uri: must begin with mongodb:\/\//],
    [{ tls: { cert: 'x' } }, /^tls\.cert: cert and key go together$/],
    [{ api: { rootToken: 'short-secret' } }, /^api\.rootToken: must be at least 16 characters long$/],
    [7, /^must be a table of settings/],
  ];
  for (const [value, expected] of table) {
    const found = problems(value);
    assert.equal(found.length, 1, JSON.stringify(value));
    assert.match(found[0] ?? '', expected);
  }
});

test('a TOML file and its certificate files are read, paths relative to it', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mallard-config-'));
  try {
    writeFileSync(path.join(folder, 'cert.pem'), '-----BEGIN CERTIFICATE-----');
    const file = path.join(folder, 'mallard.toml');
    writeFileSync(
      file,
      'hostname = "mail.test"\n[tls]\ncert = "cert.pem"\nkey = "-----BEGIN PRIVATE KEY-----"\n[services.imap]\nport = 0\n',
    );
    const config = loadConfigFile(file);
    assert.deepEqual(
      [config.hostname, config.services.imap.port, config.tls.cert],
      ['mail.test', 0, path.join(folder, 'cert.pem')],
    );
    assert.equal(readCertificate(config)?.cert, '-----BEGIN CERTIFICATE-----');
    writeFileSync(file, 'hostname = \n');
    assert.throws(() => loadConfigFile(file), ConfigFault);
    assert.throws(() => loadConfigFile(path.join(folder, 'none.toml')), /can't read .*ENOENT/);
    assert.throws(
      () => readCertificate(resolveConfig({ tls: { cert: '/nowhere.pem', key: 'x' } })),
      /tls\.cert: there is no file/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('sealing keys come from a file, from text, and from the environment', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mallard-config-'));
  try {
    const [first, second] = [newSealingKey(), newSealingKey()];
    const text = `# a comment, with commas, and more: of them\n${first}\n${second}\nlost 0123abcd\n`;
    writeFileSync(path.join(folder, 'sealing.keys'), text);
    writeFileSync(path.join(folder, 'worker.toml'), '[sealing]\nkeyFile = "sealing.keys"\n');
    const expected = readSealingKeys(loadConfigFile(path.join(folder, 'worker.toml')));
    assert.deepEqual([expected.keys.length, [...expected.lost]], [2, ['0123abcd']]);
    assert.deepEqual(readSealingKeys(resolveConfig({ sealing: { keys: text } })), expected, 'as the appliance gives it');
    const none = defaultConfig();
    assert.deepEqual(readSealingKeys(none).keys, []);
    const env = { MALLARD_SEALING_KEYS: `${first},${second},lost 0123abcd` };
    assert.deepEqual(readSealingKeys(withEnvironment(none, env)), expected);
    assert.throws(() => readSealingKeys(resolveConfig({ sealing: { keys: 'short' } })), /sealing\.keys: Line 1/);
    assert.throws(() => readSealingKeys(resolveConfig({ sealing: { keyFile: '/nowhere/keys' } })), /there is no file/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('docs/worker.md can be made: every setting with its default (npx node server/config/document.ts writes it)', () => {
  const page = renderDocument();
  for (const name of [
    '`hostname`',
    '`services.imap.port`',
    '`auth.allowPlaintext`',
    '`smtp.devices[].networks`',
    '`spam.rspamd.url`',
  ]) {
    assert.ok(page.includes(`| ${name} |`), name);
  }
  assert.match(page, /\| `auth\.allowPlaintext` \| loopback \| never, loopback, always \|/);
});
