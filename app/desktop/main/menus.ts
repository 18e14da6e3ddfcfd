/** The tray's menu and the application's menu, as data from the state. */
import type { MenuItemConstructorOptions } from 'electron';
import type { ServerState } from './server-state.ts';
import type { Words } from './words.ts';

export interface MenuActions {
  readonly show: () => void;
  readonly showLogs: () => void;
  readonly start: () => void;
  readonly stop: () => void;
  readonly setPaused: (paused: boolean) => void;
  readonly openDataFolder: () => void;
  readonly closeWindow: () => void;
  readonly quit: () => void;
  readonly about: () => void;
}

export interface MenuFacts {
  readonly server: ServerState;
  /** The mail server was there before the app and stays. */
  readonly attached: boolean;
}

export function trayMenu({ server, attached }: MenuFacts, words: Words, actions: MenuActions): MenuItemConstructorOptions[] {
  return [
    { label: server.sentence, enabled: false },
    { type: 'separator' },
    { label: words.open, click: actions.show },
    ...serverItems(server, words, actions),
    { label: words.logs, click: actions.showLogs },
    { type: 'separator' },
    { label: attached ? words.quitOnly : words.stopAndQuit, click: actions.quit },
  ];
}

export function appMenu(
  { server, attached }: MenuFacts,
  words: Words,
  actions: MenuActions,
  options: { mac: boolean; developer: boolean },
): MenuItemConstructorOptions[] {
  return [
    {
      label: options.mac ? 'Mallard' : words.file,
      submenu: [
        ...(options.mac ? [{ label: words.about, click: actions.about }, { type: 'separator' } as const] : []),
        ...serverItems(server, words, actions),
        { label: words.dataFolder, click: actions.openDataFolder },
        { type: 'separator' },
        { label: words.closeWindow, accelerator: 'CmdOrCtrl+W', click: actions.closeWindow },
        { label: attached ? words.quitOnly : words.stopAndQuit, accelerator: 'CmdOrCtrl+Q', click: actions.quit },
      ],
    },
    // The roles carry the system's own words and keys: copy and paste work because of them on macOS.
    { label: words.edit, role: 'editMenu' },
    {
      label: words.view,
      submenu: [
        { role: 'reload' },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        ...(options.developer ? [{ role: 'toggleDevTools' } as const] : []),
      ],
    },
    {
      label: words.help,
      submenu: [
        { label: words.logs, click: actions.showLogs },
        { label: words.about, click: actions.about },
      ],
    },
  ];
}

function serverItems(server: ServerState, words: Words, actions: MenuActions): MenuItemConstructorOptions[] {
  return [
    server.offer === 'start'
      ? { label: words.start, click: actions.start }
      : { label: words.stop, enabled: server.offer === 'stop', click: actions.stop },
    {
      label: words.pause,
      type: 'checkbox',
      checked: server.paused,
      enabled: server.canPause,
      click: () => actions.setPaused(!server.paused),
    },
  ];
}
