/** The dialogs: what is asked, and what the answer means. */
import { type BrowserWindow, dialog, type MessageBoxOptions } from 'electron';
import type { Status } from '../../appliance/control/contract.ts';
import { connectedClients } from './connected-clients.ts';
import type { Words } from './words.ts';

export class Questions {
  readonly #words: Words;
  readonly #window: () => BrowserWindow;

  constructor(words: Words, window: () => BrowserWindow) {
    this.#words = words;
    this.#window = window;
  }

  /** Names who would lose a connection. */
  async mayStopAndQuit(status: Status | undefined): Promise<boolean> {
    const words = this.#words;
    const answer = await this.#ask({
      type: 'question',
      message: words.quitTitle,
      detail: await this.#whoIsConnected(status),
      buttons: [words.stopAndQuit, words.cancel],
      defaultId: 1,
      cancelId: 1,
    });
    return answer === 0;
  }

  async explainClosing(): Promise<void> {
    const words = this.#words;
    await this.#ask({ type: 'info', message: words.closeTitle, detail: words.closeText, buttons: [words.understood] });
  }

  /** For desktops without a tray. */
  async closeWithoutTray(): Promise<'keep' | 'quit' | 'cancel'> {
    const words = this.#words;
    const answer = await this.#ask({
      type: 'question',
      message: words.closeNoTray,
      buttons: [words.keepRunning, words.stopAndQuit, words.cancel],
      defaultId: 0,
      cancelId: 2,
    });
    return answer === 0 ? 'keep' : answer === 1 ? 'quit' : 'cancel';
  }

  /** macOS only. */
  async mayMoveToApplications(): Promise<boolean> {
    const words = this.#words;
    const answer = await this.#ask({
      type: 'question',
      message: words.moveTitle,
      detail: words.moveText,
      buttons: [words.move, words.updateLater],
      defaultId: 0,
      cancelId: 1,
    });
    return answer === 0;
  }

  async mayUpdate(version: string): Promise<boolean> {
    const words = this.#words;
    const answer = await this.#ask({
      type: 'question',
      message: words.updateTitle,
      detail: words.updateText(version),
      buttons: [words.updateNow, words.updateLater],
      defaultId: 1,
      cancelId: 1,
    });
    return answer === 0;
  }

  async chooseFolder(options: { title?: string | undefined; startIn?: string | undefined }): Promise<string | null> {
    const { canceled, filePaths } = await dialog.showOpenDialog(this.#window(), {
      properties: ['openDirectory', 'createDirectory', 'promptToCreate'],
      ...(options.title === undefined ? {} : { title: options.title }),
      ...(options.startIn === undefined ? {} : { defaultPath: options.startIn }),
    });
    return canceled ? null : (filePaths[0] ?? null);
  }

  async about(version: string): Promise<void> {
    const { electron, chrome } = process.versions;
    await this.#ask({
      type: 'info',
      message: `Mallard ${version}`,
      detail: `Electron ${electron ?? ''}, Chromium ${chrome ?? ''}\nMIT licence`,
      buttons: [this.#words.understood],
    });
  }

  async #whoIsConnected(status: Status | undefined): Promise<string> {
    const words = this.#words;
    if (status === undefined) return words.quitNobody;
    const ports = Object.entries(status.endpoints)
      .filter(([name]) => name !== 'api')
      .map(([, endpoint]) => endpoint.port);
    const clients = await connectedClients(ports);
    if (clients === undefined) return words.quitUnknown;
    if (clients.connections === 0) return words.quitNobody;
    const shown = clients.addresses.slice(0, 8);
    const where = [
      ...shown,
      ...(clients.addresses.length > shown.length ? ['…'] : []),
      ...(clients.local > 0 ? [words.thisComputer] : []),
    ];
    return words.quitClients(clients.connections, where.join(', '));
  }

  async #ask(options: MessageBoxOptions): Promise<number> {
    const window = this.#window();
    // Attached to a hidden window, a dialog would be hidden too.
    const { response } = window.isVisible() ? await dialog.showMessageBox(window, options) : await dialog.showMessageBox(options);
    return response;
  }
}
