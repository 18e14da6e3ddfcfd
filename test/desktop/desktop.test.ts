/** The desktop app on a real Electron: its window, its fences, its ends. The appliance under it is the real one, with real databases. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { tempDir } from '../harness/temp-dir.ts';
import { waitFor } from '../harness/wait-for.ts';
import {
  answerDialogs,
  anyPort,
  buildForTests,
  controlOf,
  type Desktop,
  launch,
  launchAgain,
  screenshot,
  stateIn,
  statusOf,
  testHome,
  type TestHome,
  untilGui,
  untilNothingRuns,
  untilRunning,
} from './app.ts';
import { processesOf } from './processes.ts';
import { openScreen, type Screen } from './screen.ts';

const opened = await openScreen();
const screen = opened as Screen;
const root = path.resolve(import.meta.dirname, '../..');

describe('desktop app', { skip: typeof opened === 'string' ? opened : false }, () => {
  // What the window shows is the built GUI where there is one, else the appliance's own small page: both sign in by the same link.
  before(() => buildForTests());
  after(() => screen.close());

  describe('with an appliance of its own', () => {
    const folder = tempDir('desktop');
    let at: TestHome;
    let desktop: Desktop;

    before(async () => {
      at = testHome(folder, screen);
      desktop = await launch(screen, at);
    });
    after(async () => {
      for (const { pid } of processesOf(folder)) kill(pid);
      await untilNothingRuns(folder, 30_000);
    });

    test('the window shows the GUI, signed in, and the mail server runs under it', async () => {
      const { page } = desktop;
      await untilGui(page);
      await untilRunning(at);
      const session = await page.evaluate<{ signedIn: boolean }>("fetch('/control/session').then((answer) => answer.json())");
      assert.equal(session.signedIn, true);
      assert.doesNotMatch(page.url(), /signin/, 'the one-time secret stays in the address');
      const { home, phase, dataDir } = await stateIn(page);
      assert.deepEqual({ home, phase, dataDir }, { home: 'child', phase: 'connected', dataDir: at.dataDir });
      await page.waitForLoadState('networkidle');
      await screenshot(page, 'desktop-gui');
    });

    test('pages are isolated: no Node, no Electron, one object', async () => {
      const seen = await desktop.page.evaluate<Record<string, unknown>>(
        `({ require: typeof require, process: typeof process, module: typeof module, bridge: Object.keys(window.mallardDesktop).sort() })`,
      );
      assert.deepEqual(seen, {
        require: 'undefined',
        process: 'undefined',
        module: 'undefined',
        bridge: [
          'checkForUpdate',
          'chooseFolder',
          'downloadUpdate',
          'installUpdate',
          'onState',
          'openDataFolder',
          'preferences',
          'setPreferences',
          'signInAgain',
          'startServer',
          'state',
          'stopAndQuit',
        ],
      });
      const preferences = await desktop.app.evaluate(({ BrowserWindow }) => {
        // Not in the types of the current Electron, but in both.
        const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
          getLastWebPreferences: () => Record<string, unknown>;
        };
        const { sandbox, contextIsolation, nodeIntegration, webviewTag } = contents.getLastWebPreferences();
        return { sandbox, contextIsolation, nodeIntegration, webviewTag };
      });
      assert.deepEqual(preferences, { sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false });
    });

    test('the bridge refuses what does not fit', async () => {
      const refusal = await desktop.page.evaluate<string>(
        "window.mallardDesktop.setPreferences({ closeToTray: 'yes' }).then(() => 'accepted', (error) => 'refused')",
      );
      assert.equal(refusal, 'refused');
      const changed = await desktop.page.evaluate<{ keepAwake: boolean }>(
        'window.mallardDesktop.setPreferences({ keepAwake: true })',
      );
      assert.equal(changed.keepAwake, true);
    });

    test('nothing leads out of the window: links go to the browser, the rest nowhere', async () => {
      const { app, page } = desktop;
      await app.evaluate(({ shell }) => {
        const opened: string[] = [];
        (globalThis as unknown as { opened: string[] }).opened = opened;
        (shell as { openExternal: unknown }).openExternal = (url: string) => {
          opened.push(url);
          return Promise.resolve();
        };
      });
      const before = page.url();
      await page.evaluate("window.open('https://example.org/docs')");
      await page.evaluate("window.open('file:///etc/passwd')");
      await page.evaluate("location.href = 'https://example.org/away'");
      await page.evaluate("location.href = 'file:///etc/passwd'");
      await waitFor(() => app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened.length === 2));
      assert.deepEqual(await app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened), [
        'https://example.org/docs',
        'https://example.org/away',
      ]);
      assert.equal(page.url(), before);
      assert.equal(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length), 1);
      const permissions = await page.evaluate<string[]>(
        "Promise.all(['geolocation', 'camera', 'midi'].map((name) => navigator.permissions.query({ name }).then(({ state }) => state)))",
      );
      assert.deepEqual(permissions, ['denied', 'denied', 'denied']);
    });

    test('a second start shows the first window, at the place that a link names', async () => {
      const { app, page } = desktop;
      await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
      assert.equal(await launchAgain(screen, at, 'mallard://open/logs'), 0);
      await waitFor(() => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible() === true));
      await page.waitForURL(/\/logs$/);
      // Only shows: a link cannot reach the API.
      assert.equal(await launchAgain(screen, at, 'mallard://open/control/shutdown'), 0);
      assert.match(page.url(), /\/logs$/);
      assert.equal((await statusOf(at))?.state, 'running');
    });

    test('closing the window leaves the mail server running', async () => {
      const { app } = desktop;
      const asked = await answerDialogs(app, 0);
      await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
      await waitFor(() => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible() === false));
      // This screen has no tray, so the person is asked, with a way to keep it.
      assert.deepEqual(
        (await asked()).map(({ buttons }) => buttons),
        [['Keep running', 'Stop mail server and quit', 'Cancel']],
      );
      assert.equal((await statusOf(at))?.state, 'running');
      await launchAgain(screen, at);
      await waitFor(() => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible() === true));
    });

    test('"Stop mail server and quit" names the clients, and then leaves no process', async () => {
      const { app, page } = desktop;
      const port = (await statusOf(at))?.endpoints['imap']?.port;
      assert.ok(port !== undefined);
      const client = connect(port, '127.0.0.1');
      await once(client, 'data');
      const asked = await answerDialogs(app, 1);
      await page.evaluate('window.mallardDesktop.stopAndQuit()');
      const [question] = await asked();
      assert.equal(question?.message, 'Stop the mail server and quit?');
      assert.match(question?.detail ?? '', /^One mail program is open, from this computer\./);
      assert.equal((await statusOf(at))?.state, 'running', 'it was cancelled');
      client.destroy();

      await answerDialogs(app, 0);
      const closed = app.waitForEvent('close', { timeout: 60_000 });
      // The window is gone before the call is answered.
      page.evaluate('window.mallardDesktop.stopAndQuit()').catch(() => {});
      await closed;
      await untilNothingRuns(folder, 10_000);
    });
  });

  test('kill -9 of the app: everything it started stops within 10 s', async () => {
    const folder = tempDir('desktop');
    const at = testHome(folder, screen);
    const { pid } = await launch(screen, at);
    await untilRunning(at);
    const commands = processesOf(folder).map(({ command }) => command);
    for (const part of ['mallard.mjs', 'mongod', 'valkey-server', 'server/main.ts']) {
      assert.ok(
        commands.some((command) => command.includes(part)),
        `${part} did not run`,
      );
    }
    process.kill(pid, 'SIGKILL');
    const ms = await untilNothingRuns(folder, 10_000);
    assert.ok(ms < 10_000);
  });

  test('an appliance that runs already is attached to, and outlives the app', async () => {
    const folder = tempDir('desktop');
    const at = testHome(folder, screen);
    const service = startAppliance(at);
    try {
      await untilRunning(at);
      const { app, page, pid } = await launch(screen, at);
      await untilGui(page);
      assert.equal((await stateIn(page)).home, 'attached');
      const asked = await answerDialogs(app, 0);
      process.kill(pid, 'SIGTERM');
      await waitFor(() => !processesOf(folder).some((each) => each.pid === pid), { timeoutMs: 20_000 });
      await asked().then(
        () => assert.fail('the app still answers'),
        () => {},
      );
      assert.equal((await statusOf(at))?.state, 'running');
      const second = await launch(screen, at);
      await untilGui(second.page);
      process.kill(second.pid, 'SIGKILL');
      await waitFor(() => !processesOf(folder).some(({ command }) => command.includes('--type=')), { timeoutMs: 20_000 });
      assert.equal((await statusOf(at))?.state, 'running');
    } finally {
      service.kill('SIGTERM');
      await untilNothingRuns(folder, 60_000);
    }
  });

  test('a start that fails says why, and can be tried again', async () => {
    const folder = tempDir('desktop');
    const at = testHome(folder, screen);
    const holder = createServer().listen(0);
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { app, page } = await launch(screen, at, `--set=gui.port=${port}`);
    try {
      await page.waitForSelector('#actions:not([hidden])', { timeout: 30_000 });
      const text = await page.textContent('main');
      assert.match(text ?? '', /The mail server could not start/);
      assert.match(text ?? '', new RegExp(`port ${port}`));
      await screenshot(page, 'desktop-problem');
      holder.close();
      await page.click('#start');
      await untilGui(page);
      await untilRunning(at);
    } finally {
      holder.close();
      await app.evaluate(({ app: electron }) => electron.quit()).catch(() => {});
      await untilNothingRuns(folder, 60_000);
    }
  });

  test('the mail server stopped from elsewhere: the window says so, and starts it again', async () => {
    const folder = tempDir('desktop');
    const at = testHome(folder, screen);
    const { app, page } = await launch(screen, at);
    try {
      await untilGui(page);
      await untilRunning(at);
      const former = (await statusOf(at))?.pid;
      const { routes } = await import('../../app/appliance/control/contract.ts');
      await controlOf(at)?.call(routes.shutdown);
      await page.waitForSelector('#actions:not([hidden])', { timeout: 30_000 });
      assert.match((await page.textContent('#title')) ?? '', /stopped/);
      await page.click('#start');
      await untilGui(page);
      const { pid } = await untilRunning(at);
      assert.notEqual(pid, former);
      // A crash, too, is over by itself.
      process.kill(pid ?? 0, 'SIGKILL');
      await waitFor(async () => (await statusOf(at).catch(() => undefined))?.pid !== pid && (await untilRunning(at)), {
        timeoutMs: 60_000,
      });
    } finally {
      await app.evaluate(({ app: electron }) => electron.quit()).catch(() => {});
      await untilNothingRuns(folder, 60_000);
    }
  });
});

function startAppliance(at: TestHome): ChildProcess {
  const launcher = path.join(root, 'bin', 'mallard.mjs');
  const sets = anyPort.flatMap((each) => ['--set', each.slice('--set='.length)]);
  return spawn(process.execPath, [launcher, 'start', '--no-open', '--data', at.dataDir, ...sets], {
    env: at.env,
    stdio: 'ignore',
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
