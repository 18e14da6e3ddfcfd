/** Opens the GUI in the person's browser, where there is a person: a terminal on a machine with a screen. */
import { spawn } from 'node:child_process';

export function openBrowser(url: string): void {
  const { env, platform } = process;
  const screen =
    platform === 'win32' || platform === 'darwin' || env['DISPLAY'] !== undefined || env['WAYLAND_DISPLAY'] !== undefined;
  const remote = env['SSH_CONNECTION'] !== undefined || env['CI'] !== undefined;
  if (!process.stdout.isTTY || !screen || remote) return;
  const [command, ...args] =
    platform === 'win32'
      ? ['rundll32', 'url.dll,FileProtocolHandler', url]
      : platform === 'darwin'
        ? ['open', url]
        : ['xdg-open', url];
  if (command === undefined) return;
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  // No browser: the link is printed anyway.
  child.on('error', () => {});
  child.unref();
}
