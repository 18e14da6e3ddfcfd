/**
 * The desktop app put together: one window, one tray, one link to the appliance. It decides what is shown when, and what a quit means; everything
 * about mail is the appliance's.
 *
 * Ends: "Stop mail server and quit" asks, then stops a child appliance and waits for it; a sign-off of the system does the same without asking. An
 * attached appliance (a service) is never stopped by the app's end.
 */
import { app, Menu, nativeImage, Notification, powerMonitor, powerSaveBlocker, session, shell, Tray } from 'electron';
import { homedir } from 'node:os';
import path from 'node:path';
import { routes } from '../../appliance/control/contract.ts';
import { type DesktopState, type Preferences, stateChannel } from '../bridge.ts';
import { findProgram } from './appliance-child.ts';
import { ApplianceLink, type LinkState } from './appliance-link.ts';
import type { DesktopArguments } from './arguments.ts';
import { type BridgeHandlers, hostBridge } from './bridge-host.ts';
import { copyData } from './data-copy.ts';
import { deepLinkIn, deepLinkPath } from './deep-link.ts';
import type { Places } from './fences.ts';
import { guardContents, guardSession } from './guard.ts';
import { autostartFile, type LoginItems, XdgLoginItems } from './login-item.ts';
import { appMenu, type MenuActions, trayMenu } from './menus.ts';
import { PreferenceFile } from './preference-file.ts';
import { ProblemWatch } from './problem-watch.ts';
import { Questions } from './questions.ts';
import { pauseIncoming, resumeIncoming, startServices, stopServices } from './server-commands.ts';
import { type ServerState, serverState } from './server-state.ts';
import { hasTray } from './tray-presence.ts';
import { UpdateFlow } from './update-flow.ts';
import { installedUpdater } from './updater.ts';
import { type AppFiles, MainWindow, pageUrl } from './window.ts';
import { type Language, languageOf, type Words, wordsFor } from './words.ts';

export interface DesktopOptions {
  readonly args: DesktopArguments;
  readonly dataDir: string;
  /** The folder with the appliance's bin/, app/, server/ and resources/. */
  readonly root: string;
  readonly files: AppFiles;
}

/** Put in by the build. */
const version = process.env.MALLARD_VERSION ?? '0.0.0';
const lookForProblemsMs = 10_000;
const retryLoadMs = 1000;
const maxShownLines = 100;

export class Desktop {
  readonly #options: DesktopOptions;
  readonly #language: Language = languageOf(app.getLocale());
  readonly #words: Words = wordsFor(this.#language);
  readonly #preferences = new PreferenceFile(path.join(app.getPath('userData'), 'preferences.json'));
  readonly #loginItems: LoginItems;
  readonly #link: ApplianceLink;
  readonly #window: MainWindow;
  readonly #questions: Questions;
  readonly #updates: UpdateFlow;
  readonly #problems = new ProblemWatch(this.#words);
  readonly #tray: Tray;
  #trayShown = false;
  #menuKey = '';
  #awake: number | undefined;
  #wantedPath: string | undefined;
  #quitting: Promise<void> | undefined;
  #finished = false;

  /** After the app is ready. */
  constructor(options: DesktopOptions) {
    this.#options = options;
    const places = (): Places => this.#places();
    guardContents(places);
    guardSession(session.defaultSession, places);
    this.#loginItems = loginItems();
    this.#link = new ApplianceLink({
      dataDir: options.dataDir,
      settings: options.args.settings,
      program: findProgram(options.root),
      words: this.#words,
      onState: () => this.#refresh(),
      onEvent: (event) => {
        if (event.type !== 'notice') return;
        const text = this.#problems.notice(event.notice, Date.now());
        if (text !== undefined) this.#notify(text);
      },
    });
    this.#window = new MainWindow({
      files: options.files,
      preferences: this.#preferences,
      onCloseWish: () => void this.#onCloseWish(),
      onSessionEnd: () => void this.quit(),
      onLoadFailed: () => setTimeout(() => this.#refresh(), retryLoadMs),
    });
    this.#questions = new Questions(this.#words, () => this.#window.browser);
    this.#updates = new UpdateFlow({
      updater: installedUpdater(),
      currentVersion: version,
      onState: () => this.#refresh(),
      refusal: () => (this.#link.state.home === 'attached' ? this.#words.updateAttached : undefined),
      confirm: (version) => this.#questions.mayUpdate(version),
      drain: () => this.#link.stop(),
      keepCopy: async (onPart) => void (await copyData(options.dataDir, onPart)),
      restart: () => this.#link.start(),
      failedText: this.#words.updateFailed,
    });
    this.#tray = new Tray(this.#trayImage('starting'));
    this.#tray.on('click', () => this.show());
    hostBridge(this.#bridge(), places);
    this.#watchSystem();
    setInterval(() => this.#lookForProblems(), lookForProblemsMs);
  }

  async start(): Promise<void> {
    const { args } = this.#options;
    this.#wantedPath = args.link === undefined ? undefined : deepLinkPath(args.link);
    this.#refresh();
    this.#trayShown = await hasTray();
    if (!args.hidden || !this.#trayShown) this.#window.show();
    if (await this.#movesToApplications()) return;
    await this.#link.start();
  }

  show(): void {
    this.#window.show();
  }

  /** A second start of the app: the window comes forward, with the place that a link names. */
  onSecondStart(args: readonly string[]): void {
    const link = deepLinkIn(args);
    if (link === undefined) this.show();
    else this.openLink(link);
  }

  openLink(link: string): void {
    const place = deepLinkPath(link);
    if (place !== undefined) this.#showPlace(place);
    else this.show();
  }

  /** Asks, and stops the mail server unless it was there before the app. */
  async askAndQuit(): Promise<void> {
    const { home, status, phase } = this.#link.state;
    const stops = home === 'child' && phase !== 'stopped' && phase !== 'failed';
    if (stops && !(await this.#questions.mayStopAndQuit(status))) return;
    await this.quit();
  }

  /** Without a question. Resolves when the app is about to end. */
  quit(): Promise<void> {
    this.#quitting ??= (async () => {
      await this.#link.stop();
      this.#finished = true;
      this.#window.destroy();
      this.#tray.destroy();
      app.quit();
    })();
    return this.#quitting;
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** Before the mail server starts: a disk image that is put away would take its programs along. True: the moved app starts in this one's place. */
  async #movesToApplications(): Promise<boolean> {
    if (process.platform !== 'darwin' || !app.isPackaged || app.isInApplicationsFolder()) return false;
    return (await this.#questions.mayMoveToApplications()) && app.moveToApplicationsFolder();
  }

  #places(): Places {
    return { origin: this.#link.control?.origin ?? this.#window.guiOrigin, ownPages: [pageUrl(this.#options.files.statusPage)] };
  }

  /** Brings window, tray and menus to the present state. */
  #refresh(): void {
    if (this.#finished || this.#window.browser.isDestroyed()) return;
    const state = this.#link.state;
    this.#choosePage(state);
    this.#window.browser.webContents.send(stateChannel, this.#desktopState());
    this.#drawMenus(state);
    this.#stayAwake(state);
    if (state.status !== undefined) this.#lookForProblems();
  }

  #choosePage(state: LinkState): void {
    const { control } = this.#link;
    if (state.phase === 'connected' && control !== undefined) {
      if (!this.#window.showsGui || this.#window.guiOrigin !== control.origin) void this.#loadGui();
      return;
    }
    // A restart of the appliance passes; the GUI waits for it by itself and keeps what the person was doing.
    if (state.phase !== 'starting' || !this.#window.showsGui) this.#window.loadStatus();
  }

  #loading = false;

  async #loadGui(): Promise<void> {
    const { control } = this.#link;
    if (control === undefined || this.#loading) return;
    this.#loading = true;
    try {
      const place = this.#wantedPath ?? '/';
      this.#wantedPath = undefined;
      const cookies = await session.defaultSession.cookies.get({ url: control.url });
      const header = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
      if (header !== '' && (await control.isSignedIn(header))) return this.#window.loadGui(`${control.origin}${place}`);
      const { url } = await control.call(routes.signInLink);
      this.#window.loadGui(`${control.origin}${place}${new URL(url).hash}`);
    } catch {
      // The appliance went away in between: the next state says so, and this is tried again.
      setTimeout(() => this.#refresh(), retryLoadMs);
    } finally {
      this.#loading = false;
    }
  }

  #showPlace(place: string): void {
    this.#wantedPath = place;
    if (this.#link.state.phase === 'connected') void this.#loadGui();
    this.show();
  }

  #server(): ServerState {
    return serverState(this.#link.state, this.#preferences.values.paused.length > 0, this.#words);
  }

  #drawMenus(state: LinkState): void {
    const server = this.#server();
    const facts = { server, attached: state.home === 'attached' };
    const key = JSON.stringify(facts);
    if (key === this.#menuKey) return;
    this.#menuKey = key;
    const actions = this.#menuActions();
    const options = { mac: process.platform === 'darwin', developer: !app.isPackaged };
    Menu.setApplicationMenu(Menu.buildFromTemplate(appMenu(facts, this.#words, actions, options)));
    this.#tray.setImage(this.#trayImage(server.icon));
    this.#tray.setToolTip(`Mallard: ${server.sentence}`);
    this.#tray.setContextMenu(Menu.buildFromTemplate(trayMenu(facts, this.#words, actions)));
  }

  #trayImage(icon: ServerState['icon']): Electron.NativeImage {
    if (process.platform !== 'darwin') return nativeImage.createFromPath(this.#options.files.trayIcon(`tray-${icon}`));
    const image = nativeImage.createFromPath(this.#options.files.trayIcon('trayTemplate'));
    image.setTemplateImage(true);
    return image;
  }

  #menuActions(): MenuActions {
    const tried = (work: () => Promise<unknown>) => () =>
      void work().catch((error: unknown) => this.#notify(error instanceof Error ? error.message : String(error)));
    return {
      show: () => this.show(),
      showLogs: () => this.#showPlace('/logs'),
      start: tried(() => this.#startServer()),
      stop: tried(async () => (this.#link.control === undefined ? undefined : stopServices(this.#link.control))),
      setPaused: (paused) => tried(() => this.#setPaused(paused))(),
      openDataFolder: tried(() => shell.openPath(this.#options.dataDir)),
      closeWindow: () => void this.#onCloseWish(),
      quit: tried(() => this.askAndQuit()),
      about: tried(() => this.#questions.about(version)),
    };
  }

  async #startServer(): Promise<void> {
    const { control } = this.#link;
    if (control === undefined) await this.#link.start();
    else await startServices(control);
  }

  async #setPaused(paused: boolean): Promise<void> {
    const { control } = this.#link;
    if (control === undefined) return;
    if (paused) {
      this.#preferences.set({ paused: await pauseIncoming(control) });
    } else {
      await resumeIncoming(control, this.#preferences.values.paused);
      this.#preferences.set({ paused: [] });
    }
    this.#refresh();
  }

  async #onCloseWish(): Promise<void> {
    const { closeToTray, closeExplained } = this.#preferences.values;
    const attached = this.#link.state.home === 'attached';
    if (!closeToTray) return attached ? this.quit() : this.askAndQuit();
    if (this.#trayShown) {
      if (!closeExplained) {
        this.#preferences.set({ closeExplained: true });
        await this.#questions.explainClosing();
      }
      return this.#window.hide();
    }
    if (attached) return this.quit();
    const answer = await this.#questions.closeWithoutTray();
    if (answer === 'keep') this.#window.hide();
    if (answer === 'quit') await this.askAndQuit();
  }

  #watchSystem(): void {
    powerMonitor.on('resume', () => void this.#link.refresh());
    // Linux and macOS wait for us; on Windows the window hears of the end of the session.
    powerMonitor.on('shutdown', ((event?: { preventDefault: () => void }) => {
      event?.preventDefault();
      void this.quit();
    }) as () => void);
  }

  #stayAwake(state: LinkState): void {
    const wanted = this.#preferences.values.keepAwake && state.status?.state === 'running';
    if (wanted && this.#awake === undefined) this.#awake = powerSaveBlocker.start('prevent-app-suspension');
    if (!wanted && this.#awake !== undefined) {
      powerSaveBlocker.stop(this.#awake);
      this.#awake = undefined;
    }
  }

  #lookForProblems(): void {
    const { status } = this.#link.state;
    if (status === undefined) return;
    for (const text of this.#problems.look(status, Date.now())) this.#notify(text);
  }

  #notify(text: string): void {
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title: this.#words.problemTitle, body: text.slice(0, 500) });
    notification.on('click', () => this.show());
    notification.show();
  }

  #desktopState(): DesktopState {
    const { home, phase, lines } = this.#link.state;
    return {
      home,
      phase,
      lines: lines.slice(-maxShownLines),
      dataDir: this.#options.dataDir,
      platform: process.platform,
      version: version,
      language: this.#language,
      update: this.#updates.state,
    };
  }

  #preferencesNow(): Preferences {
    const { closeToTray, startHidden, keepAwake } = this.#preferences.values;
    return { closeToTray, startHidden, keepAwake, openAtLogin: this.#loginItems.isOn() };
  }

  #bridge(): BridgeHandlers {
    return {
      state: () => this.#desktopState(),
      preferences: () => this.#preferencesNow(),
      setPreferences: ({ openAtLogin, ...change }) => {
        const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
        this.#preferences.set(given);
        if (openAtLogin !== undefined) this.#loginItems.set(openAtLogin);
        this.#refresh();
        return this.#preferencesNow();
      },
      chooseFolder: (options) => this.#questions.chooseFolder(options),
      openDataFolder: async () => void (await shell.openPath(this.#options.dataDir)),
      signInAgain: async () => {
        await session.defaultSession.clearStorageData({ storages: ['cookies'] });
        await this.#loadGui();
      },
      startServer: () => this.#startServer(),
      stopAndQuit: () => this.askAndQuit(),
      checkForUpdate: () => this.#updates.check(),
      downloadUpdate: () => this.#updates.download(),
      installUpdate: () => this.#updates.install(),
    };
  }
}

function loginItems(): LoginItems {
  if (process.platform === 'linux') {
    return new XdgLoginItems(autostartFile(process.env, homedir()), process.env['APPIMAGE'] ?? process.execPath);
  }
  return {
    isOn: () => app.getLoginItemSettings({ args: ['--hidden'] }).openAtLogin,
    set: (on) => app.setLoginItemSettings({ openAtLogin: on, args: ['--hidden'] }),
  };
}
