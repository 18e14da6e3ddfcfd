/**
 * Mallard with a person's sign-in, without the desktop app: one file where each system looks for what to start. It is written only because somebody asked, and
 * needs no rights beyond the person's own.
 *
 * Linux: XDG Autostart. macOS: a launch agent. Windows: a script in the Startup folder.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface SignInPlace {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

export interface SignInCommand {
  /** The Node that runs it. */
  readonly node: string;
  /** bin/mallard.mjs. */
  readonly launcher: string;
  readonly dataDir: string;
}

export class SignInStart {
  readonly file: string;
  readonly #content: string;

  constructor(place: SignInPlace, command: SignInCommand) {
    this.file = signInFile(place);
    this.#content = signInContent(place.platform, command);
  }

  isOn(): boolean {
    return existsSync(this.file);
  }

  /** Rejects with the system's error where the folder cannot be written. */
  set(on: boolean): void {
    if (!on) return rmSync(this.file, { force: true });
    mkdirSync(path.dirname(this.file), { recursive: true });
    writeFileSync(this.file, this.#content);
  }
}

export function signInFile({ platform, env, home }: SignInPlace): string {
  if (platform === 'win32') {
    const roaming = env['APPDATA'] ?? path.win32.join(home, 'AppData', 'Roaming');
    return path.win32.join(roaming, 'Microsoft', 'Windows', 'Start Menu', 'Programs', 'Startup', 'Mallard mail server.cmd');
  }
  if (platform === 'darwin') return path.posix.join(home, 'Library', 'LaunchAgents', 'app.mallard.server.plist');
  const config = env['XDG_CONFIG_HOME'];
  const base = config !== undefined && path.posix.isAbsolute(config) ? config : path.posix.join(home, '.config');
  return path.posix.join(base, 'autostart', 'mallard-server.desktop');
}

export function signInContent(platform: string, { node, launcher, dataDir }: SignInCommand): string {
  const words = [node, launcher, 'start', '--no-open', '--data', dataDir];
  if (platform === 'win32') {
    // Percent signs are doubled in scripts; quotes cannot be part of a path there.
    const quoted = words.map((word) => `"${word.replaceAll('%', '%%')}"`).join(' ');
    return `@echo off\r\nstart "Mallard" /min ${quoted}\r\n`;
  }
  if (platform === 'darwin') {
    const strings = words.map((word) => `    <string>${xml(word)}</string>`).join('\n');
    return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>app.mallard.server</string>
  <key>ProgramArguments</key>
  <array>
${strings}
  </array>
  <key>RunAtLoad</key>
  <true/>
</dict>
</plist>
`;
  }
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Mallard mail server',
    `Exec=${words.map(execWord).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** Desktop Entry Specification, "The Exec key": quoted, backslashes once for the string and once for the quoting, % doubled. */
function execWord(word: string): string {
  const escaped = word.replace(/["`$\\]/g, (character) => `\\${character}`);
  return `"${escaped.replaceAll('\\', '\\\\')}"`.replaceAll('%', '%%');
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
