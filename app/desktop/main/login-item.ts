/**
 * Starting with the person's sign-in. Windows and macOS have a list for that, which Electron knows; on Linux it is a file of the XDG Autostart
 * specification. It is only ever changed because a person asked.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface LoginItems {
  isOn(): boolean;
  set(on: boolean): void;
}

export function autostartFile(env: NodeJS.ProcessEnv, home: string): string {
  const config = env['XDG_CONFIG_HOME'];
  const base = config !== undefined && path.isAbsolute(config) ? config : path.join(home, '.config');
  return path.join(base, 'autostart', 'mallard.desktop');
}

/** @param program the absolute path of the app; of the AppImage, not of what it mounts */
export function autostartEntry(program: string): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Mallard',
    'Comment=Mail server',
    `Exec=${quoted(program)} --hidden`,
    'Icon=mallard',
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

export class XdgLoginItems implements LoginItems {
  readonly #file: string;
  readonly #program: string;

  constructor(file: string, program: string) {
    this.#file = file;
    this.#program = program;
  }

  isOn(): boolean {
    return existsSync(this.#file);
  }

  set(on: boolean): void {
    if (!on) return rmSync(this.#file, { force: true });
    mkdirSync(path.dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, autostartEntry(this.#program));
  }
}

/** Desktop Entry Specification, "The Exec key": quoted as a whole; backslashes once for the string and once for the quoting; % doubled. */
function quoted(program: string): string {
  const escaped = program.replace(/["`$\\]/g, (character) => `\\${character}`);
  return `"${escaped.replaceAll('\\', '\\\\')}"`.replaceAll('%', '%%');
}
