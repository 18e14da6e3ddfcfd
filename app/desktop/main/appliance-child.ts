/**
 * The appliance as a child of the desktop app: the bundled Node runs `mallard start` with its standard input as a life line. However this process
 * ends, the pipe closes and the appliance stops everything in order; ending the pipe is also how it is asked to stop, the same on every system.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

export interface ApplianceProgram {
  /** Node 24, not Electron's. */
  readonly node: string;
  readonly launcher: string;
}

/** @param root the folder with bin/, app/, server/, resources/. Undefined when a part of it is missing. */
export function findProgram(
  root: string,
  platform: string = process.platform,
  arch: string = process.arch,
): ApplianceProgram | undefined {
  const exe = platform === 'win32' ? 'node.exe' : 'node';
  const node = [
    path.join(root, 'resources', 'bin', `${platform}-${arch}`, exe),
    path.join(root, 'node_modules', 'node', 'bin', exe),
  ].find((file) => existsSync(file));
  const launcher = path.join(root, 'bin', 'mallard.mjs');
  return node === undefined || !existsSync(launcher) ? undefined : { node, launcher };
}

export interface ChildOptions {
  readonly program: ApplianceProgram;
  readonly dataDir: string;
  /** `NAME=VALUE`, for this run. */
  readonly settings: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly onLine: (line: string) => void;
}

const maxLineLength = 500;

export class ApplianceChild {
  readonly pid: number | undefined;
  /** Resolves when the process and its pipes are gone. Code null: it was killed or could not be started. */
  readonly ended: Promise<number | null>;
  readonly #process: ChildProcess;

  constructor(options: ChildOptions) {
    const { program } = options;
    const child = spawn(
      program.node,
      [
        program.launcher,
        'start',
        '--no-open',
        '--life-line',
        '--data',
        options.dataDir,
        ...options.settings.flatMap((setting) => ['--set', setting]),
      ],
      {
        stdio: ['pipe', 'ignore', 'pipe'],
        // A Ctrl-C in the terminal of the desktop app reaches the app alone, which then stops things in order.
        detached: process.platform !== 'win32',
        windowsHide: true,
        env: childEnvironment(options.env ?? process.env),
      },
    );
    this.#process = child;
    this.pid = child.pid;
    child.stdin?.on('error', () => {});
    let rest = '';
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
      const lines = (rest + piece).split(/\r?\n|\r/);
      rest = (lines.pop() ?? '').slice(-maxLineLength);
      for (const line of lines) if (line.trim() !== '') options.onLine(plain(line).slice(0, maxLineLength));
    });
    this.ended = new Promise((resolve) => {
      child.on('error', (error) => {
        options.onLine(`${program.node} does not run: ${error.message}`);
        // Nothing else follows when it never started.
        if (child.pid === undefined) resolve(null);
      });
      child.on('close', (code) => {
        if (rest.trim() !== '') options.onLine(plain(rest));
        resolve(code);
      });
    });
  }

  /** Asks it to stop everything in order. */
  askToStop(): void {
    this.#process.stdin?.end();
  }

  /** Ends the appliance alone, at once; its databases notice and end. The last resort. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

/** What belongs to Electron or to an AppImage's own libraries would mislead Node and the databases. */
export function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const {
    ELECTRON_RUN_AS_NODE: _run,
    NODE_OPTIONS: _options,
    NODE_CHANNEL_FD: _channel,
    LD_LIBRARY_PATH: libraries,
    ...rest
  } = env;
  const image = env['APPDIR'];
  const kept = (libraries ?? '')
    .split(':')
    .filter((folder) => folder !== '' && (image === undefined || !folder.startsWith(image)));
  return kept.length === 0 ? rest : { ...rest, LD_LIBRARY_PATH: kept.join(':') };
}

/** Without the colours and cursor movements of a terminal. */
function plain(line: string): string {
  return line.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').trimEnd();
}
