import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../../test/harness/temp-dir.ts';
import { childEnvironment, findProgram } from './appliance-child.ts';
import { readArguments } from './arguments.ts';
import { autostartEntry, autostartFile, XdgLoginItems } from './login-item.ts';
import { PreferenceFile } from './preference-file.ts';
import { hasTray } from './tray-presence.ts';

test('the autostart entry: where, and quoted as the specification wants it', () => {
  assert.equal(autostartFile({}, '/home/anna'), '/home/anna/.config/autostart/mallard.desktop');
  assert.equal(autostartFile({ XDG_CONFIG_HOME: '/cfg' }, '/home/anna'), '/cfg/autostart/mallard.desktop');
  assert.equal(autostartFile({ XDG_CONFIG_HOME: 'relative' }, '/home/anna'), '/home/anna/.config/autostart/mallard.desktop');
  const execOf = (program: string) => /^Exec=(.*)$/m.exec(autostartEntry(program))?.[1];
  assert.equal(execOf('/opt/Mallard/mallard-desktop'), '"/opt/Mallard/mallard-desktop" --hidden');
  assert.equal(execOf('/home/a b/100%/$x'), '"/home/a b/100%%/\\\\$x" --hidden');
});

test('the login item is there when it is asked for, and gone after', () => {
  const file = path.join(tempDir('login'), 'autostart', 'mallard.desktop');
  const items = new XdgLoginItems(file, '/opt/Mallard/mallard-desktop');
  assert.equal(items.isOn(), false);
  items.set(true);
  assert.equal(items.isOn(), true);
  assert.match(readFileSync(file, 'utf8'), /--hidden/);
  items.set(false);
  items.set(false);
  assert.equal(existsSync(file), false);
});

test('preferences: kept, and a damaged file is the defaults', () => {
  const file = path.join(tempDir('preferences'), 'new', 'preferences.json');
  const first = new PreferenceFile(file);
  assert.equal(first.values.closeToTray, true);
  first.set({ closeToTray: false, paused: ['smtp'] });
  assert.deepEqual([new PreferenceFile(file).values.closeToTray, new PreferenceFile(file).values.paused], [false, ['smtp']]);
  writeFileSync(file, '{"closeToTray": "perhaps"');
  assert.equal(new PreferenceFile(file).values.closeToTray, true);
});

test('whether there is a tray is asked of the session bus', async () => {
  const bus = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/run/user/1000/bus' };
  const says = (text: string) => () => Promise.resolve(text);
  const missing = () => Promise.reject(new Error('ENOENT'));
  assert.equal(await hasTray('win32', {}, missing), true);
  assert.equal(await hasTray('darwin', {}, missing), true);
  assert.equal(await hasTray('linux', {}, says('(true,)')), false);
  assert.equal(await hasTray('linux', bus, says('(true,)')), true);
  assert.equal(await hasTray('linux', bus, says('(false,)')), false);
  assert.equal(await hasTray('linux', bus, missing), false);
  const dbusOnly = (file: string) => (file === 'gdbus' ? missing() : Promise.resolve('   boolean true'));
  assert.equal(await hasTray('linux', bus, dbusOnly), true);
});

test('the command line', () => {
  assert.deepEqual(
    readArguments([
      '--no-sandbox',
      '--data=/srv/mail',
      '--set=imap.port=0',
      '--set=gui.port=0',
      '--hidden',
      'mallard://open/logs',
    ]),
    {
      dataDir: '/srv/mail',
      settings: ['imap.port=0', 'gui.port=0'],
      hidden: true,
      link: 'mallard://open/logs',
    },
  );
  assert.deepEqual(readArguments([]), { dataDir: undefined, settings: [], hidden: false, link: undefined });
});

test('the packed Node is preferred to the installed one; a missing part is noticed', () => {
  const root = tempDir('program');
  assert.equal(findProgram(root, 'linux', 'x64'), undefined);
  const make = (...parts: string[]): string => {
    const file = path.join(root, ...parts);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '');
    return file;
  };
  const launcher = make('bin', 'mallard.mjs');
  assert.equal(findProgram(root, 'linux', 'x64'), undefined, 'no Node: quarantined, perhaps');
  const installed = make('node_modules', 'node', 'bin', 'node');
  assert.deepEqual(findProgram(root, 'linux', 'x64'), { node: installed, launcher });
  const packed = make('resources', 'bin', 'linux-x64', 'node');
  assert.deepEqual(findProgram(root, 'linux', 'x64'), { node: packed, launcher });
  const windows = make('resources', 'bin', 'win32-x64', 'node.exe');
  assert.deepEqual(findProgram(root, 'win32', 'x64'), { node: windows, launcher });
});

test('what belongs to Electron or to an AppImage does not reach the appliance', () => {
  assert.deepEqual(
    childEnvironment({
      HOME: '/h',
      ELECTRON_RUN_AS_NODE: '1',
      NODE_OPTIONS: '--x',
      LD_LIBRARY_PATH: '/tmp/.mount_x/usr/lib',
      APPDIR: '/tmp/.mount_x',
    }),
    {
      HOME: '/h',
      APPDIR: '/tmp/.mount_x',
    },
  );
  assert.deepEqual(childEnvironment({ LD_LIBRARY_PATH: '/opt/lib:/tmp/.mount_x/usr/lib', APPDIR: '/tmp/.mount_x' }), {
    LD_LIBRARY_PATH: '/opt/lib',
    APPDIR: '/tmp/.mount_x',
  });
});
