/**
 * Whether this desktop shows tray icons at all. Windows and macOS do. On Linux a program must be registered as the watcher of status icons on the
 * session bus (KDE, most desktops; GNOME only with an extension); without it a hidden window could not be found again.
 */
import { execFile } from 'node:child_process';

const toolTimeoutMs = 2000;

type Run = (file: string, args: readonly string[]) => Promise<string>;

export async function hasTray(
  platform: string = process.platform,
  env: NodeJS.ProcessEnv = process.env,
  run: Run = output,
): Promise<boolean> {
  if (platform === 'win32' || platform === 'darwin') return true;
  if (env['DBUS_SESSION_BUS_ADDRESS'] === undefined) return false;
  const bus = ['org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus.NameHasOwner'] as const;
  const watcher = 'org.kde.StatusNotifierWatcher';
  const ways: readonly (readonly [string, readonly string[]])[] = [
    ['gdbus', ['call', '--session', '--dest', bus[0], '--object-path', bus[1], '--method', bus[2], watcher]],
    ['dbus-send', ['--session', '--print-reply', `--dest=${bus[0]}`, bus[1], bus[2], `string:${watcher}`]],
  ];
  for (const [file, args] of ways) {
    try {
      return /\btrue\b/.test(await run(file, args));
    } catch {
      // This tool is not installed, or the bus does not answer it.
    }
  }
  return false;
}

function output(file: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, [...args], { timeout: toolTimeoutMs }, (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });
}
