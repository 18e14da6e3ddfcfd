/** The one window: where it stands, and which page it shows. Its pages are sandboxed, isolated, and know nothing of Node. */
import { BrowserWindow, screen } from 'electron';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PreferenceFile, StoredPreferences } from './preference-file.ts';

/** Where the build puts the app's pages, icons and preload, all beside the main program. */
export interface AppFiles {
  readonly statusPage: string;
  readonly preload: string;
  readonly icon: string;
  readonly trayIcon: (name: string) => string;
}

export function appFiles(folder: string): AppFiles {
  return {
    statusPage: path.join(folder, 'pages', 'status.html'),
    preload: path.join(folder, 'preload.cjs'),
    icon: path.join(folder, 'icons', 'icon.png'),
    trayIcon: (name) => path.join(folder, 'icons', `${name}.png`),
  };
}

export function pageUrl(file: string): string {
  return pathToFileURL(file).href;
}

export interface WindowOptions {
  readonly files: AppFiles;
  readonly preferences: PreferenceFile;
  /** Asked when the person closes it. It is not closed by that. */
  readonly onCloseWish: () => void;
  /** The system ends the session: Windows gives a few seconds. */
  readonly onSessionEnd: () => void;
  readonly onLoadFailed: () => void;
}

export class MainWindow {
  readonly browser: BrowserWindow;
  readonly #options: WindowOptions;
  #mayClose = false;
  /** What is shown or being loaded. */
  #shown: 'nothing' | 'status' | 'gui' = 'nothing';
  #guiOrigin = '';

  constructor(options: WindowOptions) {
    this.#options = options;
    const { window: stored } = options.preferences.values;
    this.browser = new BrowserWindow({
      ...placeOf(stored),
      minWidth: 640,
      minHeight: 420,
      show: false,
      title: 'Mallard',
      icon: options.files.icon,
      backgroundColor: '#f6f8f7',
      autoHideMenuBar: true,
      webPreferences: {
        preload: options.files.preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        navigateOnDragDrop: false,
        // It would fetch dictionaries from elsewhere.
        spellcheck: false,
      },
    });
    if (stored?.maximized === true) this.browser.maximize();
    this.browser.on('close', (event) => {
      if (this.#mayClose) return;
      event.preventDefault();
      options.onCloseWish();
    });
    this.browser.on('session-end', options.onSessionEnd);
    this.browser.webContents.on('did-fail-load', (_event, code, _text, _url, isMainFrame) => {
      // -3: another navigation took its place.
      if (!isMainFrame || code === -3) return;
      this.#shown = 'nothing';
      options.onLoadFailed();
    });
  }

  get showsGui(): boolean {
    return this.#shown === 'gui';
  }

  get guiOrigin(): string {
    return this.#guiOrigin;
  }

  show(): void {
    if (this.browser.isMinimized()) this.browser.restore();
    this.browser.show();
    this.browser.focus();
  }

  hide(): void {
    this.#remember();
    this.browser.hide();
  }

  loadStatus(): void {
    if (this.#shown === 'status') return;
    this.#shown = 'status';
    this.#load(pageUrl(this.#options.files.statusPage));
  }

  loadGui(url: string): void {
    this.#shown = 'gui';
    this.#guiOrigin = new URL(url).origin;
    this.#load(url);
  }

  destroy(): void {
    if (this.browser.isDestroyed()) return;
    this.#remember();
    this.#mayClose = true;
    this.browser.destroy();
  }

  #load(url: string): void {
    // A failure is told by did-fail-load, which also comes when nobody awaits.
    this.browser.loadURL(url).catch(() => {});
  }

  #remember(): void {
    const { x, y, width, height } = this.browser.getNormalBounds();
    this.#options.preferences.set({ window: { x, y, width, height, maximized: this.browser.isMaximized() } });
  }
}

/** Where it stood the last time, if there still is a screen. */
function placeOf(stored: StoredPreferences['window']): { x?: number; y?: number; width: number; height: number } {
  const { workArea } = screen.getPrimaryDisplay();
  if (stored === undefined) return { width: Math.min(1240, workArea.width), height: Math.min(820, workArea.height) };
  const { x, y, width, height } = stored;
  if (x === undefined || y === undefined) return { width, height };
  const area = screen.getDisplayMatching({ x, y, width, height }).workArea;
  const visible = x < area.x + area.width - 50 && x + width > area.x + 50 && y >= area.y - 10 && y < area.y + area.height - 50;
  return visible ? { x, y, width, height } : { width: Math.min(width, area.width), height: Math.min(height, area.height) };
}
