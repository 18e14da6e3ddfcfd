import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'plist';
import { tempDir } from '../../test/harness/temp-dir.ts';
import { asar } from './asar.ts';
import { licencesText } from './licences.ts';
import { productionPackages } from './production.ts';
import { isNeededAtRun } from './stage.ts';

const here = import.meta.dirname;
const root = path.resolve(here, '..', '..');

test('what is packed is what package.json depends on, and nothing for development', () => {
  const names = new Set(productionPackages(root).map(({ name }) => name));
  const { dependencies, devDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const missing = Object.keys(dependencies ?? {}).filter((name) => name !== 'node' && !names.has(name));
  assert.deepEqual(missing, []);
  for (const name of ['electron', 'electron-builder', 'vite', 'vitest', 'oxlint', 'node'])
    assert.equal(names.has(name), false, name);
  assert.ok(Object.keys(devDependencies ?? {}).includes('electron'));
});

test('other platforms and development stay behind', () => {
  const cases: [string, string, boolean][] = [
    ['better-sqlite3', 'prebuilds/linux-x64.node', true],
    ['better-sqlite3', 'prebuilds/linuxmusl-x64.node', true],
    ['better-sqlite3', 'prebuilds/win32-x64.node', false],
    ['better-sqlite3', 'prebuilds/linux-arm64.node', false],
    ['better-sqlite3', 'deps/sqlite3/sqlite3.c', false],
    ['better-sqlite3', 'lib/index.js', true],
    ['zod', 'v4/index.js', true],
    ['zod', 'v4/index.d.ts', false],
    ['zod', 'README.md', false],
    ['zod', 'LICENSE', true],
    ['x', 'src/index.js', true],
  ];
  for (const [name, file, expected] of cases)
    assert.equal(isNeededAtRun(path.join(...file.split('/')), name, 'linux-x64'), expected, `${name}/${file}`);
});

test('the licences name every packed package and program', () => {
  const packages = productionPackages(root);
  const text = licencesText(root, packages, 'Our licence');
  for (const { name, version } of packages) assert.ok(text.includes(`\n${name} ${version}\n`), name);
  for (const program of ['Electron', 'Node.js', 'mongod', 'Valkey', 'WinSW']) assert.ok(text.includes(program), program);
});

test('the archive has its files where its head says', () => {
  const archive = asar({ 'a.txt': 'first', 'b.txt': 'öther' });
  const head = JSON.parse(archive.toString('utf8', 16, 16 + archive.readUInt32LE(12))) as {
    files: Record<string, { size: number; offset: string }>;
  };
  const start = 8 + archive.readUInt32LE(4);
  const read = (name: string): string => {
    const { size, offset } = head.files[name] ?? { size: 0, offset: '0' };
    return archive.toString('utf8', start + Number(offset), start + Number(offset) + size);
  };
  assert.deepEqual([read('a.txt'), read('b.txt')], ['first', 'öther']);
});

test('electron-builder.yml names files that exist, and fuses that close', () => {
  const text = readFileSync(path.join(root, 'electron-builder.yml'), 'utf8');
  const files = [...text.matchAll(/\bresources\/[\w./-]+\.\w+/g)]
    .map(([file]) => file)
    .filter((file) => file.startsWith('resources/packaging/') || file.startsWith('resources/icons/'));
  assert.ok(files.length >= 8, 'the pattern finds nothing any more');
  assert.deepEqual(
    files.filter((file) => !existsSync(path.join(root, file))),
    [],
  );
  for (const fuse of [
    'runAsNode: false',
    'onlyLoadAppFromAsar: true',
    'enableEmbeddedAsarIntegrityValidation: true',
    'enableCookieEncryption: true',
  ]) {
    assert.ok(text.includes(fuse), fuse);
  }
});

test('the entitlements are property lists', () => {
  for (const name of ['entitlements.mac.plist', 'entitlements.mac.inherit.plist']) {
    const list = parse(readFileSync(path.join(here, name), 'utf8')) as Record<string, unknown>;
    assert.equal(list['com.apple.security.cs.allow-jit'], true, name);
  }
});

test('the scripts of the Linux packages are shell', (t) => {
  if (spawnSync('bash', ['--version']).error !== undefined) return t.skip('bash is not installed');
  for (const name of ['linux-after-install.sh', 'linux-after-remove.sh']) {
    const script = readFileSync(path.join(here, name), 'utf8')
      .replaceAll('${executable}', 'mallard-desktop')
      .replaceAll('${sanitizedProductName}', 'Mallard');
    const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(script, /\$\{(?!@)/, 'a word that electron-builder does not replace');
  }
});

test('the Windows installer’s own part compiles', (t) => {
  if (spawnSync('makensis', ['-VERSION']).error !== undefined)
    return t.skip('makensis is not installed (Debian: apt-get install nsis)');
  const folder = tempDir('nsis');
  mkdirSync(folder, { recursive: true });
  const script = [
    'Unicode true',
    'Name Mallard',
    `OutFile "${path.join(folder, 'mallard.exe')}"`,
    '!include LogicLib.nsh',
    '!include FileFunc.nsh',
    'Var installMode',
    // As electron-builder's own script has it.
    '!macro _isUpdated _a _b _t _f',
    '  ${GetParameters} $R0',
    '  ${GetOptions} $R0 "--updated" $R1',
    '  IfErrors `${_f}` `${_t}`',
    '!macroend',
    '!define isUpdated `"" isUpdated ""`',
    `!include "${path.join(here, 'installer.nsh')}"`,
    'Function .onInit\n!insertmacro customInit\nFunctionEnd',
    'Section\nStrCpy $installMode all\n!insertmacro customInstall\nWriteUninstaller "$INSTDIR\\un.exe"\nSectionEnd',
    'Function un.onInit\n!insertmacro customUnInit\nFunctionEnd',
    'Section Uninstall\n!insertmacro customUnInstall\nSectionEnd',
  ].join('\n');
  writeFileSync(path.join(folder, 'test.nsi'), script);
  const { status, stdout } = spawnSync('makensis', ['-V2', '-WX', path.join(folder, 'test.nsi')], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});
