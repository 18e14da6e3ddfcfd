import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'plist';
import { tempDir } from '../../../test/harness/temp-dir.ts';
import { CliFault } from '../cli/fault.ts';
import type { ServiceHost } from './host.ts';
import { launchdPlist } from './launchd.ts';
import { installService, removeService, serviceStatus } from './service.ts';
import type { ServiceSpec } from './spec.ts';
import { packagedUnit, systemdUnit } from './systemd.ts';
import { winswXml } from './winsw.ts';

const spec: ServiceSpec = {
  node: '/opt/Mallard/bin/node',
  launcher: '/opt/Mallard/bin/mallard.mjs',
  programRoot: '/opt/Mallard',
  dataDir: '/srv/mail',
  account: 'anna',
};

/** A machine of any kind that remembers what was done to it. */
function machine(platform: string, changes: Partial<ServiceHost> & { files?: string[]; answers?: Record<string, number> } = {}) {
  const files = new Map<string, string>((changes.files ?? []).map((file) => [file, '']));
  const commands: string[] = [];
  const host: ServiceHost = {
    platform,
    env: {},
    isAdministrator: () => true,
    account: (name) => ({ name: name ?? 'anna', home: '/home/anna', ids: { uid: 1000, gid: 1000 } }),
    run: (file, args) => {
      const command = [path.win32.basename(file), ...args].join(' ');
      commands.push(command);
      const code = Object.entries(changes.answers ?? {}).find(([start]) => command.startsWith(start))?.[1] ?? 0;
      return Promise.resolve({ code, output: code === 0 ? 'Started' : 'no' });
    },
    exists: (file) => files.has(file),
    write: (file, text) => void files.set(file, text),
    copy: (_from, to) => void files.set(to, 'copied'),
    remove: (file) => {
      for (const each of files.keys()) if (each.startsWith(file)) files.delete(each);
    },
    makeFolder: (folder) => void files.set(folder, 'folder'),
    ...changes,
  };
  return { host, files, commands };
}

const install = { node: spec.node, programRoot: spec.programRoot, isRunning: () => false };
const faultOf = (code: string) => (error: unknown) => error instanceof CliFault && error.code === code;

test('the unit has one privilege, a read-only system, and time to stop', () => {
  const lines = systemdUnit(spec).split('\n');
  for (const line of [
    'User=anna',
    'ExecStart=/opt/Mallard/bin/node /opt/Mallard/bin/mallard.mjs start --no-open --data /srv/mail',
    'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
    'ProtectHome=yes',
    'ReadWritePaths=/srv/mail',
    'RequiresMountsFor=/srv/mail',
    'KillMode=mixed',
    'TimeoutStopSec=180',
    'Restart=on-failure',
  ]) {
    assert.ok(lines.includes(line), `missing: ${line}`);
  }
});

test('data in a home is the only thing of it that the service sees', () => {
  const unit = systemdUnit({ ...spec, dataDir: '/home/anna/.local/share/mallard' });
  assert.match(unit, /^ProtectHome=tmpfs$/m);
  assert.match(unit, /^BindPaths=\/home\/anna\/\.local\/share\/mallard$/m);
  assert.doesNotMatch(unit, /^BindReadOnlyPaths/m);
  const checkout = systemdUnit({
    ...spec,
    programRoot: '/home/anna/mallard',
    node: '/home/anna/mallard/node',
    launcher: '/home/anna/mallard/bin/mallard.mjs',
  });
  assert.match(checkout, /^BindReadOnlyPaths=\/home\/anna\/mallard$/m);
});

test('paths with blanks, quotes, % and $ reach the program as they are', () => {
  const unit = systemdUnit({ ...spec, dataDir: '/srv/100% "mail" $HOME' });
  assert.match(unit, /--data "\/srv\/100%% \\"mail\\" \$\$HOME"$/m);
  assert.match(unit, /^ReadWritePaths="\/srv\/100%% \\"mail\\" \$HOME"$/m);
});

test('systemd accepts the units', (t) => {
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) return t.skip('systemd-analyze is not installed');
  const folder = tempDir('units');
  const program = { node: '/bin/sh', launcher: '/bin/true', programRoot: '/bin', account: 'root' };
  const units: Record<string, string> = {
    'mallard.service': systemdUnit({ ...spec, ...program }),
    'mallard-blank.service': systemdUnit({ ...spec, ...program, dataDir: '/home/anna/my mail/100%' }),
    // The packages' paths do not exist here, and verify looks for the program.
    'mallard-packaged.service': packagedUnit('x64').replace(
      'ExecStart=/opt/Mallard/resources/appliance/resources/bin/linux-x64/node',
      'ExecStart=/bin/sh',
    ),
  };
  for (const [name, text] of Object.entries(units)) {
    writeFileSync(path.join(folder, name), text);
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path.join(folder, name)], {
      encoding: 'utf8',
    });
    // It also reports other units of this machine.
    const ours = stderr.split('\n').filter((line) => line.includes(name));
    assert.deepEqual({ status, ours }, { status: 0, ours: [] }, `${name}:\n${stderr}`);
  }
  // And it would complain: a check that accepts everything checks nothing.
  writeFileSync(
    path.join(folder, 'broken.service'),
    systemdUnit({ ...spec, ...program }).replace('KillMode=mixed', 'KillMode=sometimes'),
  );
  const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path.join(folder, 'broken.service')], {
    encoding: 'utf8',
  });
  assert.match(stderr, /broken\.service.*kill mode/i);
});

test('the launchd daemon says the same', () => {
  const daemon = parse(launchdPlist({ ...spec, dataDir: '/Users/anna/Mail & more' })) as Record<string, unknown>;
  assert.deepEqual(daemon['ProgramArguments'], [
    spec.node,
    spec.launcher,
    'start',
    '--no-open',
    '--data',
    '/Users/anna/Mail & more',
  ]);
  assert.equal(daemon['UserName'], 'anna');
  assert.equal(daemon['RunAtLoad'], true);
  assert.deepEqual(daemon['KeepAlive'], { SuccessfulExit: false });
  assert.equal(daemon['ExitTimeOut'], 180);
});

test('the Windows wrapper stops by the control API, not by an axe', () => {
  const xml = winswXml({ ...spec, node: 'C:\\Program Files\\Mallard\\node.exe', dataDir: 'D:\\Mail & more' });
  assert.match(xml, /<executable>C:\\Program Files\\Mallard\\node\.exe<\/executable>/);
  assert.match(xml, /<startargument>D:\\Mail &amp; more<\/startargument>/);
  assert.match(xml, /<stopargument>stop<\/stopargument>\r\n {2}<stopargument>--data<\/stopargument>/);
  assert.match(xml, /<stoptimeout>180 sec<\/stoptimeout>/);
});

test('systemd: install, status, remove', async () => {
  const { host, files, commands } = machine('linux', { files: ['/run/systemd/system'] });
  assert.equal((await serviceStatus(host)).installed, false);
  const { file, spec: made } = await installService(host, install);
  assert.equal(file, '/etc/systemd/system/mallard.service');
  assert.equal(made.dataDir, '/home/anna/.local/share/mallard');
  assert.match(files.get(file) ?? '', /User=anna/);
  assert.deepEqual(commands, ['systemctl daemon-reload', 'systemctl enable --now mallard.service']);
  assert.deepEqual(await serviceStatus(host), { installed: true, running: true, file, detail: 'Started' });
  assert.equal(await removeService(host), true);
  assert.equal(files.has(file), false);
  assert.equal(files.has(made.dataDir), true, 'the data stays');
  assert.equal(await removeService(host), false);
});

test('launchd: install, remove', async () => {
  const { host, files, commands } = machine('darwin');
  await installService(host, { ...install, dataDir: '/Users/anna/Library/Application Support/Mallard' });
  await removeService(host);
  assert.deepEqual(commands, [
    'launchctl bootstrap system /Library/LaunchDaemons/mail.mallard.server.plist',
    'launchctl bootout system/mail.mallard.server',
  ]);
  assert.equal(files.has('/Library/LaunchDaemons/mail.mallard.server.plist'), false);
});

test('Windows: a virtual account, its access to the data, and back', async () => {
  const { host, commands } = machine('win32', { files: ['C:\\Mallard\\winsw.exe'], env: { ProgramData: 'C:\\ProgramData' } });
  await installService(host, { ...install, node: 'C:\\Mallard\\node.exe', dataDir: 'D:\\Mail' });
  assert.deepEqual(commands, [
    'mallard-service.exe install',
    'sc.exe config Mallard obj= NT SERVICE\\Mallard password= ',
    'icacls D:\\Mail /grant NT SERVICE\\Mallard:(OI)(CI)M /T /Q',
    'mallard-service.exe start',
  ]);
  await removeService(host);
  assert.deepEqual(commands.slice(4), ['mallard-service.exe stopwait', 'mallard-service.exe uninstall']);
});

test('what cannot work is refused in words', async () => {
  const linux = { files: ['/run/systemd/system'] };
  const cases: [string, ServiceHost, Partial<typeof install & { dataDir: string }>][] = [
    ['NoServiceManager', machine('linux').host, {}],
    ['NotAllowed', machine('linux', { ...linux, isAdministrator: () => false }).host, {}],
    ['NoAccount', machine('linux', { ...linux, account: () => undefined }).host, {}],
    ['NoAccount', machine('linux', { ...linux, account: () => ({ name: 'root', home: '/root' }) }).host, {}],
    ['AlreadyRunning', machine('linux', linux).host, { isRunning: () => true }],
    ['UnstablePlace', machine('linux', linux).host, { programRoot: '/tmp/.mount_Mallar1x/resources/appliance' }],
    ['UnstablePlace', machine('linux', linux).host, { programRoot: '/home/anna/.npm/_npx/12/node_modules/mallard' }],
    ['NoWrapper', machine('win32').host, { dataDir: 'D:\\Mail' }],
    ['BadPath', machine('win32').host, { dataDir: 'D:\\100%' }],
    ['ServiceManager', machine('linux', { ...linux, answers: { 'systemctl enable': 1 } }).host, {}],
  ];
  for (const [code, host, change] of cases) {
    await assert.rejects(installService(host, { ...install, ...change }), faultOf(code), code);
  }
});
