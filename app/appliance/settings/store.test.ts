import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';
import { createSealer, newSealingKey, parseKeyring } from '../../../server/base/sealing.ts';
import { settingEntry } from '../control/handlers.ts';
import { SettingsFault } from './judge.ts';
import type { SettingName } from './registry.ts';
import { type Changes, Settings } from './store.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mallard-settings-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function open(overrides?: Changes, file = path.join(folder, `${(count += 1)}.sqlite`)): { settings: Settings; file: string } {
  return { settings: new Settings({ file, ...(overrides === undefined ? {} : { overrides }) }), file };
}
const changes = (entries: Record<string, unknown>): Changes => new Map(Object.entries(entries) as [SettingName, unknown][]);

test('what is set is there after opening again, and the default comes back', () => {
  const { settings, file } = open();
  assert.equal(settings.get('imap.port'), 143);
  assert.equal(settings.origin('imap.port'), 'default');
  settings.set(changes({ 'imap.port': 1143, 'imap.enabled': false }), 'test');
  settings.close();

  const again = open(undefined, file).settings;
  assert.equal(again.get('imap.port'), 1143);
  assert.equal(again.get('imap.enabled'), false);
  assert.equal(again.origin('imap.port'), 'stored');
  again.set(changes({ 'imap.port': undefined }), 'test');
  assert.equal(again.get('imap.port'), 143);
  assert.equal(again.origin('imap.port'), 'default');
  again.close();
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('an override hides what is stored, for this run only', () => {
  const { settings, file } = open(changes({ 'imap.port': 0 }));
  settings.set(changes({ 'imap.port': 1143 }), 'test');
  assert.equal(settings.get('imap.port'), 0);
  assert.deepEqual(settings.state('imap.port').stored, 1143);
  settings.close();
  const again = open(undefined, file).settings;
  assert.equal(again.get('imap.port'), 1143);
  again.close();
});

test('one bad value stores nothing of its set', () => {
  const { settings } = open();
  assert.throws(() => settings.set(changes({ 'imap.enabled': false, 'imap.port': 99_999 }), 'test'), SettingsFault);
  assert.equal(settings.get('imap.enabled'), true);
  settings.close();
});

test('two services on one port are refused, a disabled one does not count', () => {
  const { settings } = open();
  assert.throws(
    () => settings.set(changes({ 'imap.port': 993 }), 'test'),
    (error) => error instanceof SettingsFault && error.kind === 'conflict',
  );
  settings.set(changes({ 'imap.port': 993, 'imaps.enabled': false }), 'test');
  settings.set(changes({ 'pop3.port': 0, 'pop3s.port': 0 }), 'test');
  assert.throws(() => open(changes({ 'smtp.port': 587 })), SettingsFault);
  settings.close();
});

test('listeners hear only what really changed', () => {
  const { settings } = open(changes({ 'lmtp.port': 0 }));
  const heard: (readonly string[])[] = [];
  settings.onChange((names) => heard.push(names));
  settings.set(changes({ 'imap.port': 1143, 'imaps.port': 993, 'lmtp.port': 2400 }), 'test');
  settings.set(changes({ 'imap.port': 1143 }), 'test');
  assert.deepEqual(heard, [['imap.port']]);
  settings.close();
});

test('a stored value that this release refuses is not used, not lost, and named', () => {
  const { settings, file } = open();
  settings.close();
  const db = new Database(file);
  db.exec(`INSERT INTO setting VALUES ('imap.port', '"loud"', 1), ('gone.setting', '1', 1), ('pop3.port', '{', 1)`);
  const again = open(undefined, file).settings;
  assert.equal(again.get('imap.port'), 143);
  assert.deepEqual(again.rejected.map((each) => each.name).sort(), ['gone.setting', 'imap.port', 'pop3.port']);
  again.close();
  assert.equal(db.prepare('SELECT COUNT(*) AS n FROM setting').pluck().get(), 3);
  db.close();
});

test('changes are recorded, without secrets', () => {
  const { settings, file } = open();
  settings.set(changes({ 'mongo.uri': 'mongodb://me:hunter2@db/' }), 'gui');
  settings.close();
  const db = new Database(file);
  assert.deepEqual(db.prepare('SELECT by, name, before, after FROM change').all(), [
    { by: 'gui', name: 'mongo.uri', before: null, after: '"***"' },
  ]);
  db.close();
});

test('a password among other words is sealed, never shown, and stays when what was shown comes back', () => {
  const { settings, file } = open();
  settings.close();
  const sealer = createSealer(parseKeyring(newSealingKey()));
  const sealed = new Settings({ file, sealer });
  const route = 'example.org mx.example.org:25 me pässword';
  const veiled = 'example.org mx.example.org:25 me ***';
  sealed.set(changes({ 'outbound.routes': [route] }), 'test');
  assert.deepEqual(settingEntry(sealed.state('outbound.routes')).value, [veiled]);
  sealed.set(changes({ 'outbound.routes': [veiled, 'else.test direct'] }), 'test');
  assert.deepEqual(sealed.get('outbound.routes'), [route, 'else.test direct']);
  sealed.close();
  const db = new Database(file, { readonly: true });
  const kept = JSON.stringify([db.prepare('SELECT * FROM setting').all(), db.prepare('SELECT * FROM change').all()]);
  db.close();
  assert.ok(kept.includes('me ***') && !kept.includes('pässword'), kept);
});

test('secret values are sealed in the file, older ones when it is opened with the key', () => {
  const raw = (file: string): string => {
    const db = new Database(file, { readonly: true });
    const rows = db.prepare<[], { value: string }>('SELECT value FROM setting').all();
    db.close();
    return rows.map((row) => row.value).join();
  };
  const { settings, file } = open();
  settings.set(changes({ 'outbound.relay.password': 'pässword' }), 'test');
  settings.close();
  assert.match(raw(file), /pässword/);

  const [older, newer] = [newSealingKey(), newSealingKey()];
  let before = raw(file);
  for (const keys of [older, `${newer}\n${older}`, newer]) {
    const sealed = new Settings({ file, sealer: createSealer(parseKeyring(keys)) });
    assert.equal(sealed.get('outbound.relay.password'), 'pässword');
    assert.doesNotMatch(raw(file), /pässword/);
    if (keys !== newer) assert.notEqual(raw(file), before);
    before = raw(file);
    sealed.set(changes({ 'outbound.relay.password': 'pässword' }), 'test');
    assert.doesNotMatch(raw(file), /pässword/);
    sealed.close();
  }

  const locked = open(undefined, file).settings;
  assert.equal(locked.get('outbound.relay.password'), '', 'without the key it is as if it were not set');
  assert.match(locked.rejected[0]?.reason ?? '', /sealed with the key/);
  locked.close();
});
