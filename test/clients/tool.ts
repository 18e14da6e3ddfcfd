/** Programs of other people that tests use: found on PATH, or installed from Debian's packages where that is possible; else the test is skipped and says why. */
import { execFile, spawnSync } from 'node:child_process';

export type Tool = { readonly name: string; readonly debianPackage: string };

/** Undefined when the tool is there (now), else why the test can't run. */
export function missingTool(tool: Tool): string | undefined {
  if (isThere(tool.name)) return undefined;
  const isRoot = process.getuid?.() === 0;
  if (isRoot && isThere('apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = ['install', '-y', '-q', '--no-install-recommends', tool.debianPackage];
    const first = spawnSync('apt-get', install, { stdio: 'ignore', env });
    if (first.status !== 0) {
      spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore', env });
      spawnSync('apt-get', install, { stdio: 'ignore', env });
    }
    if (isThere(tool.name)) return undefined;
  }
  return `${tool.name} is not installed (Debian package ${tool.debianPackage})`;
}

function isThere(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

export type Ran = { readonly code: number; readonly out: Buffer; readonly err: string };

/** Runs a program to its end; never throws for its exit code. */
export function runTool(
  command: string,
  args: readonly string[],
  options: { readonly input?: string | Buffer; readonly timeoutMs?: number; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      command,
      args,
      { encoding: 'buffer', timeout: options.timeoutMs ?? 60_000, maxBuffer: 256 << 20, env: { ...process.env, ...options.env } },
      (error, out, err) => {
        if (error !== null && typeof error.code === 'string') {
          reject(error);
          return;
        }
        resolve({ code: child.exitCode ?? -1, out, err: err.toString() });
      },
    );
    child.stdin?.on('error', () => {}); // it may end without reading
    child.stdin?.end(options.input ?? '');
  });
}

/** Like `runTool`, for a program that must succeed. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: Parameters<typeof runTool>[2] = {},
): Promise<Buffer> {
  const { code, out, err } = await runTool(command, args, options);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${err.slice(-2000)}${out.toString().slice(-2000)}`);
  return out;
}
