/** The desktop app's main program. Bundled into dist/desktop/main.cjs, because Electron reads no TypeScript. */
import { app } from 'electron';
import path from 'node:path';
import { chooseDataDir } from '../../appliance/paths.ts';
import { readArguments } from './arguments.ts';
import { linkScheme } from './deep-link.ts';
import { Desktop } from './desktop.ts';
import { appFiles } from './window.ts';

/** As electron-builder.yml has it: Windows groups notifications and the task bar by it. */
const appId = 'mail.mallard.desktop';

app.setName('Mallard');
app.setAppUserModelId(appId);
// Every page, whatever a window says; root (in tests and containers) has no sandbox and must say so on the command line.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
// This app talks to this computer alone.
app.commandLine.appendSwitch('disable-background-networking');
app.commandLine.appendSwitch('disable-component-update');

// The other instance hears of it and shows its window.
if (app.requestSingleInstanceLock()) run();
else app.exit(0);

function run(): void {
  const args = readArguments(process.argv.slice(1));
  let desktop: Desktop | undefined;
  let earlyLink: string | undefined;

  app.on('second-instance', (_event, argv) => desktop?.onSecondStart(argv));
  app.on('activate', () => desktop?.show());
  // macOS hands links over like this, also before the app is ready.
  app.on('open-url', (event, link) => {
    event.preventDefault();
    if (desktop === undefined) earlyLink = link;
    else desktop.openLink(link);
  });
  // The mail goes on in the tray.
  app.on('window-all-closed', () => {});
  app.on('before-quit', (event) => {
    if (desktop === undefined || desktop.finished) return;
    // A sign-off, a signal, the dock: first everything stops in order.
    event.preventDefault();
    void desktop.quit();
  });
  // An installer registers the scheme on macOS and Linux.
  if (process.platform === 'win32' && app.isPackaged) app.setAsDefaultProtocolClient(linkScheme);

  void app.whenReady().then(async () => {
    const folder = __dirname;
    desktop = new Desktop({
      args: earlyLink === undefined ? args : { ...args, link: earlyLink },
      dataDir: chooseDataDir(args.dataDir),
      root: app.isPackaged ? path.join(process.resourcesPath, 'appliance') : path.resolve(folder, '..', '..'),
      files: appFiles(folder),
    });
    await desktop.start();
  });
}
