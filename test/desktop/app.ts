/** Starts the desktop app, bundled from the sources, on the Electron of the tests, with a home and data of its own, and drives it by Playwright. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import type { Status } from '../../app/appliance/control/contract.ts';
import { routes } from '../../app/appliance/control/contract.ts';
import { readControlFile } from '../../app/appliance/control/control-file.ts';
import { dataPaths } from '../../app/appliance/paths.ts';
import { listenerNames } from '../../app/appliance/settings/registry.ts';
import type { DesktopState } from '../../app/desktop/bridge.ts';
import { buildDesktop } from '../../app/desktop/build.ts';
import { Control } from '../../app/desktop/main/control.ts';
import { waitFor } from '../harness/wait-for.ts';
import { processesOf } from './processes.ts';
import { resultsFolder, type Screen } from './screen.ts';

/** Every port is any free one. */
export const anyPort: readonly string[] = [...listenerNames, 'gui'].map((name) => `--set=${name}.port=0`);

export interface TestHome {
  readonly home: string;
  readonly dataDir: string;
  readonly env: Record<string, string>;
}

export function testHome(folder: string, screen: Screen): TestHome {
  const home = path.join(folder, 'home');
  mkdirSync(home, { recursive: true });
  const { DBUS_SESSION_BUS_ADDRESS: _bus, NODE_TEST_CONTEXT: _context, XDG_CONFIG_HOME: _config, ...inherited } = process.env;
  const kept = Object.entries(inherited).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    home,
    dataDir: path.join(folder, 'data'),
    env: {
      ...Object.fromEntries(kept),
      HOME: home,
      DISPLAY: screen.display,
      // What was downloaded once is not downloaded for each home.
      MALLARD_CACHE_DIR: process.env['MALLARD_CACHE_DIR'] ?? path.join(os.homedir(), '.cache', 'mallard'),
    },
  };
}

/** A build of its own for each test file: they run at the same time, and packing makes dist/desktop anew. As deep in the project as the real one. */
const built = path.resolve(import.meta.dirname, `../../dist/desktop-test-${process.pid}`);
const main = path.join(built, 'main.cjs');

export async function buildForTests(): Promise<void> {
  process.on('exit', () => rmSync(built, { recursive: true, force: true }));
  await buildDesktop(built);
}

/** Root has no sandbox, and a virtual screen no graphics card. */
export const switches = ['--no-sandbox', '--disable-gpu'] as const;

export interface Desktop {
  readonly app: ElectronApplication;
  readonly page: Page;
  readonly pid: number;
}

export async function launch(screen: Screen, at: TestHome, ...args: string[]): Promise<Desktop> {
  const app = await _electron.launch({
    executablePath: screen.electron.executable,
    args: [...switches, main, `--data=${at.dataDir}`, ...anyPort, ...args],
    env: at.env,
    timeout: 30_000,
  });
  const page = await app.firstWindow();
  const { pid } = app.process();
  if (pid === undefined) throw new Error('Electron did not start');
  return { app, page, pid };
}

/** Another start beside a running one; resolves with its exit code. */
export async function launchAgain(screen: Screen, at: TestHome, ...args: string[]): Promise<number | null> {
  const child = spawn(screen.electron.executable, [...switches, main, ...args], { env: at.env, stdio: 'ignore' });
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

export function controlOf(at: TestHome): Control | undefined {
  const file = readControlFile(dataPaths(at.dataDir).control);
  return file === undefined ? undefined : new Control(file);
}

export function statusOf(at: TestHome): Promise<Status | undefined> {
  return controlOf(at)?.call(routes.status) ?? Promise.resolve(undefined);
}

export async function untilRunning(at: TestHome): Promise<Status> {
  return waitFor(
    async () => {
      const status = await statusOf(at);
      return status?.state === 'running' && status;
    },
    { timeoutMs: 60_000, what: 'the mail server to run' },
  );
}

/** Everything that the test started is gone. */
export async function untilNothingRuns(folder: string, timeoutMs: number): Promise<number> {
  const begun = performance.now();
  await waitFor(() => processesOf(folder).length === 0, { timeoutMs, what: 'no process to be left' }).catch((error: unknown) => {
    throw new Error(
      `left: ${processesOf(folder)
        .map(({ pid, command }) => `${pid} ${command.slice(0, 120)}`)
        .join('\n')}`,
      { cause: error },
    );
  });
  return performance.now() - begun;
}

/** In the page, by its text, because the tests' types know no DOM. */
export function stateIn(page: Page): Promise<DesktopState> {
  return page.evaluate('window.mallardDesktop.state()');
}

export async function untilGui(page: Page): Promise<void> {
  await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\//, { timeout: 30_000 });
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(resultsFolder, { recursive: true });
  await page.screenshot({ path: path.join(resultsFolder, `${name}.png`) });
}

interface Asked {
  readonly message: string;
  readonly detail?: string;
  readonly buttons: string[];
}

/** Puts itself in the place of the system's message boxes: answers with the button, and remembers what was asked. */
export async function answerDialogs(app: ElectronApplication, button: number): Promise<() => Promise<Asked[]>> {
  await app.evaluate(({ dialog }, answer) => {
    const asked: unknown[] = [];
    (globalThis as unknown as { asked: unknown[] }).asked = asked;
    (dialog as { showMessageBox: unknown }).showMessageBox = (...parameters: unknown[]) => {
      asked.push(parameters.at(-1));
      return Promise.resolve({ response: answer, checkboxChecked: false });
    };
  }, button);
  return () => app.evaluate(() => (globalThis as unknown as { asked: Asked[] }).asked);
}
