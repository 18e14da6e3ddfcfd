import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { SignInStart, signInContent, signInFile } from './sign-in-start.ts';

const home = mkdtempSync(path.join(tmpdir(), 'mallard-sign-in-'));
after(() => rmSync(home, { recursive: true, force: true }));
const command = { node: '/opt/node & co/node', launcher: '/opt/mallard/bin/mallard.mjs', dataDir: '/home/a b/50% $x' };

test('each system looks in its own place', () => {
  assert.deepEqual(
    [
      signInFile({ platform: 'linux', env: {}, home: '/home/a' }),
      signInFile({ platform: 'linux', env: { XDG_CONFIG_HOME: '/c' }, home: '/home/a' }),
      signInFile({ platform: 'darwin', env: {}, home: '/Users/a' }),
      signInFile({ platform: 'win32', env: { APPDATA: 'C:\\R' }, home: 'C:\\Users\\a' }),
    ],
    [
      '/home/a/.config/autostart/mallard-server.desktop',
      '/c/autostart/mallard-server.desktop',
      '/Users/a/Library/LaunchAgents/app.mallard.server.plist',
      'C:\\R\\Microsoft\\Windows\\Start Menu\\Programs\\Startup\\Mallard mail server.cmd',
    ],
  );
});

test('paths are quoted as each system wants it', () => {
  assert.match(signInContent('linux', command), /^Exec="\/opt\/node & co\/node" .* "--data" "\/home\/a b\/50%% \\\\\$x"$/m);
  assert.match(signInContent('darwin', command), /<string>\/opt\/node &amp; co\/node<\/string>/);
  assert.match(signInContent('win32', command), /"--data" "\/home\/a b\/50%% \$x"\r\n$/);
});

test('on and off', () => {
  const start = new SignInStart({ platform: 'linux', env: {}, home }, command);
  assert.equal(start.isOn(), false);
  start.set(true);
  assert.equal(start.isOn(), true);
  assert.match(readFileSync(start.file, 'utf8'), /mallard\.mjs/);
  start.set(false);
  start.set(false);
  assert.equal(start.isOn(), false);
});
