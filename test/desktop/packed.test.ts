/**
 * The packed app, from its own folder, as somebody's first program on an empty machine: an empty home, an empty PATH, no Node, no database server. It
 * is packed for this test the way `npm run dist` does it, moved to a folder with a blank in its name, and driven over Chromium's debugging port,
 * because its fuses allow nothing else.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readlinkSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { tempDir } from '../harness/temp-dir.ts';
import { waitFor } from '../harness/wait-for.ts';
import { LmtpProbe } from '../harness/probe/lmtp-probe.ts';
import { RawImapClient } from '../harness/imap-client.ts';
import { anyPort, statusOf, switches, type TestHome, untilNothingRuns, untilRunning } from './app.ts';
import { DebuggedPage } from './devtools.ts';
import { processesOf } from './processes.ts';
import { openScreen, resultsFolder, type Screen } from './screen.ts';

const root = path.resolve(import.meta.dirname, '../..');
const opened = await openScreen();
const screen = opened as Screen;

describe('packed app', { skip: typeof opened === 'string' ? opened : false }, () => {
  const folder = tempDir('packed');
  const place = path.join(folder, 'My programs', 'Mallard');
  const home = path.join(folder, 'home');
  // Nothing is inherited. The library path of the system's own loader is all that is left.
  const env = { HOME: home, PATH: '', DISPLAY: '', LANG: 'C.UTF-8' };
  const at: TestHome = { home, dataDir: path.join(home, '.local', 'share', 'mallard'), env };
  let app: ChildProcess;
  let page: DebuggedPage;

  before(() => {
    env.DISPLAY = screen.display;
    mkdirSync(home);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path.join(root, 'resources/packaging/dist.ts'), '--linux', 'dir'],
      {
        cwd: root,
        encoding: 'utf8',
        env: { ...process.env, MALLARD_BUILD: path.join(folder, 'build'), MALLARD_ELECTRON_DIST: screen.electron.folder },
      },
    );
    assert.equal(status, 0, `${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
    mkdirSync(path.dirname(place));
    renameSync(path.join(folder, 'build', 'dist', 'linux-unpacked'), place);
  });
  after(async () => {
    for (const { pid } of processesOf(folder)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    screen.close();
    await untilNothingRuns(folder, 30_000);
  });

  test('it carries what it needs, and no more', () => {
    const appliance = path.join(place, 'resources', 'appliance');
    assert.deepEqual(readdirSync(path.join(place, 'resources')).sort(), ['app.asar', 'appliance']);
    assert.deepEqual(readdirSync(path.join(appliance, 'resources', 'bin', 'linux-x64')).sort(), [
      'mongod',
      'node',
      'valkey-server',
    ]);
    assert.equal(existsSync(path.join(appliance, 'node_modules', 'electron')), false);
    assert.equal(existsSync(path.join(appliance, 'node_modules', 'vite')), false);
    // The fuses: it is no Node for others.
    const { stdout } = spawnSync(path.join(place, 'mallard-desktop'), ['-p', '6 * 7'], {
      env: { ...env, ELECTRON_RUN_AS_NODE: '1' },
      encoding: 'utf8',
      timeout: 20_000,
    });
    assert.doesNotMatch(stdout, /42/);
  });

  test('first run: the window shows the GUI and the mail server runs, all from its own folder', async () => {
    app = spawn(path.join(place, 'mallard-desktop'), [...switches, '--remote-debugging-port=0', ...anyPort], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    page = await DebuggedPage.of(app);
    await waitFor(async () => String(await page.evaluate('location.href')).startsWith('http://127.0.0.1:'), {
      timeoutMs: 30_000,
    });
    const { state, dataDir } = await untilRunning(at);
    assert.deepEqual({ state, dataDir }, { state: 'running', dataDir: at.dataDir });
    assert.equal(await page.evaluate('window.mallardDesktop.state().then(({ home }) => home)'), 'child');
    // Valkey and Electron's helpers write their own command lines; what a process really runs is the link in /proc.
    const programs = new Set(processesOf(folder).map(({ pid }) => readlinkSync(`/proc/${pid}/exe`)));
    assert.deepEqual(
      [...programs].filter((program) => !program.startsWith(place) && !isShell(program)),
      [],
    );
    assert.deepEqual(
      [...programs]
        .filter((program) => program.includes('/resources/bin/'))
        .map((program) => path.basename(program))
        .sort(),
      ['mongod', 'node', 'valkey-server'],
    );
  });

  test('a user is made by its own command line, and mail goes in and out', async () => {
    const cli = (...args: string[]) =>
      new Promise<{ code: number | null; out: string }>((resolve) => {
        const child = execFile(
          '/bin/sh',
          [path.join(place, 'resources/appliance/bin/mallard'), ...args],
          { env: { ...env, PATH: '/usr/bin:/bin' } },
          (_error, out, err) => resolve({ code: child.exitCode, out: `${out}${err}` }),
        );
      });
    const added = await cli('user', 'add', 'anna@example.test', '--password', 'quack-quack-7');
    assert.equal(added.code, 0, added.out);
    const endpoints = (await statusOf(at))?.endpoints;
    const port = (name: string): number => endpoints?.[name]?.port ?? assert.fail(`no ${name}`);
    const lmtp = await LmtpProbe.connect(port('lmtp'));
    const message = 'From: bob@example.test\r\nTo: anna@example.test\r\nSubject: from the packed app\r\n\r\nQuack.\r\n';
    const [reply] = await lmtp.deliver(Buffer.from(message), ['anna@example.test']);
    assert.equal(reply?.code, 250);
    lmtp.close();
    const imap = await RawImapClient.login(port('imap'), 'anna@example.test', 'quack-quack-7');
    await imap.ok('SELECT INBOX');
    const lines = await imap.ok('FETCH 1 BODY.PEEK[TEXT]');
    assert.match(lines.join('\n'), /Quack\./);
    await imap.close();
    const seen = "fetch('/control/status').then((answer) => answer.json()).then(({ state }) => state)";
    assert.equal(await page.evaluate(seen), 'running', 'the window is not signed in');
    await page.screenshot(resultsFolder, 'packed-gui');
  });

  test('it quits: no process is left, and no file outside of the folders for data, settings and caches', async () => {
    app.kill('SIGTERM');
    await untilNothingRuns(folder, 30_000);
    const allowed = ['.cache', '.config', '.local'];
    assert.deepEqual(
      readdirSync(home).filter((name) => !allowed.includes(name)),
      [],
    );
    assert.deepEqual(
      readdirSync(path.join(home, '.local', 'share')).filter((name) => name !== 'mallard'),
      [],
    );
  });

  test('as a service: an account without rights serves a port below 1024 by one capability, and is known to its own commands', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root can start a program under another account');
    if (spawnSync('setpriv', ['--version']).error !== undefined) return t.skip('setpriv is not installed');
    const appliance = path.join(place, 'resources', 'appliance');
    const data = path.join(folder, 'service');
    for (const each of [folder, path.join(folder, 'My programs')]) chmodSync(each, 0o755);
    for (const each of [data, path.join(folder, 'cache')]) {
      mkdirSync(each, { mode: 0o700 });
      chownSync(each, nobody, nobody);
    }
    const program = [path.join(appliance, 'resources/bin/linux-x64/node'), path.join(appliance, 'bin/mallard.mjs')];
    const identity = [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--no-new-privs'];
    // What the unit gives: AmbientCapabilities, CapabilityBoundingSet, NoNewPrivileges.
    const privileges = ['--inh-caps', '--ambient-caps', '--bounding-set'].map((option) => `${option}=-all,+net_bind_service`);
    const serviceEnv = { PATH: '', MALLARD_CACHE_DIR: path.join(folder, 'cache') };
    const port = await lowPort();
    const sets = anyPort.flatMap((each) => [
      '--set',
      each === '--set=imap.port=0' ? `imap.port=${port}` : each.slice('--set='.length),
    ]);
    const service = spawn(
      '/usr/bin/setpriv',
      [...identity, ...privileges, ...program, 'start', '--no-open', '--data', data, ...sets],
      {
        env: serviceEnv,
        stdio: 'ignore',
      },
    );
    const running: TestHome = { home, dataDir: data, env: serviceEnv };
    await untilRunning(running);
    const imap = await RawImapClient.open(port);
    await imap.close();
    // The kernel hides from an account which program its own privileged process runs. A second start must be refused all the same.
    const command = (...args: string[]) =>
      spawnSync('/usr/bin/setpriv', [...identity, ...program, ...args, '--data', data], {
        env: serviceEnv,
        encoding: 'utf8',
        timeout: 60_000,
      });
    const second = command('start', '--no-open');
    assert.match(second.stderr, /already served by another Mallard/);
    assert.equal(command('status').status, 0);
    assert.equal(command('stop').status, 0);
    await waitFor(() => service.exitCode === 0);
  });
});

const nobody = 65_534;

/** A port below 1024 that nobody has. */
async function lowPort(): Promise<number> {
  for (let port = 700; port < 1024; port += 1) {
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, () => resolve(true));
    });
    server.close();
    if (free) return port;
  }
  throw new Error('no free port below 1024');
}

/** The guard that ends the databases of a killed appliance is a few lines for the system's shell. */
function isShell(program: string): boolean {
  return /^(\/usr)?\/bin\/(sh|dash|bash|busybox)$/.test(program);
}
