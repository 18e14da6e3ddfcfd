import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { SettingsApplier } from './settings-applier.ts';
import type { SettingName } from './settings/registry.ts';
import { Settings } from './settings/store.ts';
import { canSharePorts } from './worker-config.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mallard-applier-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function setUp(name: string): {
  calls: string[];
  change: (values: Record<string, unknown>) => void;
  fail: Set<string>;
  idle: () => Promise<void>;
} {
  const settings = new Settings({ file: path.join(folder, `${name}.sqlite`) });
  const calls: string[] = [];
  const fail = new Set<string>();
  let settle = (): void => {};
  const does = (what: string) => async (): Promise<void> => {
    calls.push(what);
    await new Promise((resolve) => setImmediate(resolve));
    if (fail.delete(what)) throw new Error(`${what} failed`);
    if (what === 'restart' || what.startsWith('workers')) settle();
  };
  const applier = new SettingsApplier({
    settings,
    notice: (level, message) => {
      calls.push(`${level}: ${message}`);
      settle();
    },
    restartWorkers: does('restart'),
    setWorkers: (count) => does(`workers ${count}`)(),
    choosePorts: does('ports'),
    moveGui: async () => {},
    checkCertificate: () => void calls.push('certificate'),
    setLogs: () => void calls.push('logs'),
  });
  settings.onChange((changed) => applier.apply(changed));
  after(async () => {
    await applier.close();
    settings.close();
  });
  return {
    calls,
    fail,
    change: (values) => void settings.set(new Map(Object.entries(values) as [SettingName, unknown][]), 'test'),
    idle: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      settle = () => setTimeout(resolve, 5);
      return promise;
    },
  };
}

test('changes of one moment restart the workers once, others none', async () => {
  const { calls, change, idle } = setUp('once');
  change({ 'log.maxDays': 5, 'metrics.maxDays': 5, 'gui.port': 9999 });
  assert.deepEqual(calls, ['logs']);
  change({ 'imap.port': 1143 });
  change({ 'imaps.port': 1993, 'server.hostname': 'mail.example.test' });
  await idle();
  assert.deepEqual(calls, ['logs', 'certificate', 'ports', 'restart']);
});

test('a further name needs new workers only where a public authority is asked for it', async () => {
  const { calls, change, idle } = setUp('names');
  change({ 'server.names': ['imap.example.test'] });
  change({ 'acme.enabled': true });
  await idle();
  assert.deepEqual(calls, ['certificate', 'ports', 'restart']);
  change({ 'server.names': [] });
  await idle();
  assert.deepEqual(calls.slice(3), ['certificate', 'ports', 'restart']);
});

test('what fails is told, and the next change is tried', async () => {
  const { calls, change, fail, idle } = setUp('fail');
  fail.add('ports');
  change({ 'imap.port': 1143 });
  await idle();
  assert.deepEqual(calls, ['ports', 'error: Changed settings (imap.port) do not hold yet: ports failed']);
  change({ 'imap.port': 1144 });
  await idle();
  assert.deepEqual(calls.slice(2), ['ports', 'restart']);
});

test('the first worker listens anew when others join, and when they leave', {
  skip: canSharePorts ? false : 'this platform does not share ports',
}, async () => {
  const { calls, change, idle } = setUp('workers');
  for (const workers of [2, 3, 1]) {
    change({ workers });
    await idle();
  }
  assert.deepEqual(calls, ['ports', 'restart', 'workers 2', 'ports', 'workers 3', 'ports', 'workers 1', 'restart']);
});
