/**
 * `mallard service install|remove|status`: Mallard with the computer, before anyone signs in. By default it runs as the person who installs it, on
 * that person's data: so the desktop app finds it by the same control file and needs no permission of its own to talk to it.
 *
 * Removing it keeps the data. Nothing is installed that could not work: paths that vanish (an AppImage's mount) are refused.
 */
import path from 'node:path';
import { CliFault } from '../cli/fault.ts';
import { defaultDataDir } from '../paths.ts';
import type { Account, RunResult, ServiceHost } from './host.ts';
import { launchdFile, launchdLabel, launchdPlist } from './launchd.ts';
import type { ServiceSpec } from './spec.ts';
import { systemdUnit, systemdUnitFile } from './systemd.ts';
import { windowsAccount, windowsServiceId, winswXml } from './winsw.ts';

export interface InstallOptions {
  /** Default: the account's own place by the system's convention. */
  readonly dataDir?: string;
  readonly account?: string;
  readonly node: string;
  readonly programRoot: string;
  /** Whether an appliance runs on that data directory now. */
  readonly isRunning: (dataDir: string) => boolean;
}

export interface ServiceStatus {
  readonly installed: boolean;
  readonly running: boolean;
  /** What describes it to the system: unit, plist or wrapper configuration. */
  readonly file: string;
  /** What the system's own tool says, for people. */
  readonly detail: string;
}

/** What each system has: where the description goes, and which commands do it. */
interface Manager {
  readonly file: string;
  readonly install: (host: ServiceHost, spec: ServiceSpec) => Promise<void>;
  readonly remove: (host: ServiceHost) => Promise<void>;
  readonly running: (host: ServiceHost) => Promise<{ running: boolean; detail: string }>;
}

/** @throws CliFault */
export async function installService(host: ServiceHost, options: InstallOptions): Promise<{ file: string; spec: ServiceSpec }> {
  const manager = managerOf(host);
  refuseUnstablePlaces(host, options);
  needAdministrator(host, 'install');
  const account = accountFor(host, options.account);
  const dataDir = options.dataDir ?? defaultDataDir(host.env, host.platform, account.home);
  if (host.platform === 'win32' && dataDir.includes('%')) {
    throw new CliFault(
      1,
      `The data directory ${dataDir} has a percent sign in its name, which the service wrapper would replace.`,
      'BadPath',
    );
  }
  if (options.isRunning(dataDir)) {
    throw new CliFault(
      1,
      `Mallard runs on ${dataDir} now. Stop it first (mallard stop, or quit the desktop app).`,
      'AlreadyRunning',
    );
  }
  const spec: ServiceSpec = {
    node: options.node,
    launcher: path.join(options.programRoot, 'bin', 'mallard.mjs'),
    programRoot: options.programRoot,
    dataDir,
    account: account.name,
  };
  host.makeFolder(dataDir, account);
  await manager.install(host, spec);
  return { file: manager.file, spec };
}

/** The data stays. @returns false when there was none. @throws CliFault */
export async function removeService(host: ServiceHost): Promise<boolean> {
  const manager = managerOf(host);
  if (!host.exists(manager.file)) return false;
  needAdministrator(host, 'remove');
  await manager.remove(host);
  return true;
}

/** @throws CliFault where the system has no services that are known here */
export async function serviceStatus(host: ServiceHost): Promise<ServiceStatus> {
  const manager = managerOf(host);
  if (!host.exists(manager.file)) return { installed: false, running: false, file: manager.file, detail: '' };
  return { installed: true, file: manager.file, ...(await manager.running(host)) };
}

function managerOf(host: ServiceHost): Manager {
  if (host.platform === 'win32') return windows(host);
  if (host.platform === 'darwin') return launchd;
  if (host.platform === 'linux' && host.exists('/run/systemd/system')) return systemd;
  throw new CliFault(
    1,
    'This system has no service manager that Mallard knows (systemd, launchd, Windows services). Let yours run "mallard start --no-open".',
    'NoServiceManager',
  );
}

const systemd: Manager = {
  file: systemdUnitFile,
  install: async (host, spec) => {
    host.write(systemdUnitFile, systemdUnit(spec));
    await must(host, 'systemctl', ['daemon-reload']);
    await must(host, 'systemctl', ['enable', '--now', 'mallard.service']);
  },
  remove: async (host) => {
    await must(host, 'systemctl', ['disable', '--now', 'mallard.service']);
    host.remove(systemdUnitFile);
    await must(host, 'systemctl', ['daemon-reload']);
  },
  running: async (host) => {
    const { code, output } = await host.run('systemctl', ['is-active', 'mallard.service']);
    return { running: code === 0, detail: output };
  },
};

const launchd: Manager = {
  file: launchdFile,
  install: async (host, spec) => {
    // Loaded already: taken out first, so that the new description holds.
    if (host.exists(launchdFile)) await host.run('launchctl', ['bootout', `system/${launchdLabel}`]);
    host.write(launchdFile, launchdPlist(spec));
    await must(host, 'launchctl', ['bootstrap', 'system', launchdFile]);
  },
  remove: async (host) => {
    // One that is not loaded any more is no reason to keep its file.
    await host.run('launchctl', ['bootout', `system/${launchdLabel}`]);
    host.remove(launchdFile);
  },
  running: async (host) => {
    const { code, output } = await host.run('launchctl', ['print', `system/${launchdLabel}`]);
    const state = /^\s*state = (.+)$/m.exec(output)?.[1] ?? 'not loaded';
    return { running: code === 0 && state === 'running', detail: state };
  },
};

function windows(host: ServiceHost): Manager {
  const folder = path.win32.join(host.env['ProgramData'] ?? 'C:\\ProgramData', 'Mallard', 'service');
  const wrapper = path.win32.join(folder, 'mallard-service.exe');
  const file = path.win32.join(folder, 'mallard-service.xml');
  return {
    file,
    install: async (at, spec) => {
      const packed = path.win32.join(path.win32.dirname(spec.node), 'winsw.exe');
      if (!at.exists(packed)) {
        throw new CliFault(1, `${packed} is missing. Install Mallard again; a virus scanner may have removed it.`, 'NoWrapper');
      }
      if (at.exists(file)) await windows(at).remove(at);
      at.makeFolder(folder, { name: 'Administrators', home: '' });
      at.copy(packed, wrapper);
      at.write(file, winswXml(spec));
      await must(at, wrapper, ['install']);
      await must(at, 'sc.exe', ['config', windowsServiceId, 'obj=', windowsAccount, 'password=', '']);
      // Whoever installed it keeps the access that he has.
      await must(at, 'icacls', [spec.dataDir, '/grant', `${windowsAccount}:(OI)(CI)M`, '/T', '/Q']);
      await must(at, wrapper, ['start']);
    },
    remove: async (at) => {
      // Stopped already, or never started: both are fine.
      await at.run(wrapper, ['stopwait']);
      await must(at, wrapper, ['uninstall']);
      at.remove(folder);
    },
    running: async (at) => {
      const { output } = await at.run(wrapper, ['status']);
      return { running: /^Started/m.test(output), detail: output };
    },
  };
}

/** An AppImage's program is gone when it is not mounted; npx's cache when it is cleaned. */
function refuseUnstablePlaces(host: ServiceHost, { programRoot }: InstallOptions): void {
  const image = host.env['APPDIR'];
  const inImage = (image !== undefined && programRoot.startsWith(image)) || /\/\.mount_[^/]*\//.test(programRoot);
  const inCache = /[\\/]_npx[\\/]/.test(programRoot);
  if (!inImage && !inCache) return;
  throw new CliFault(
    1,
    inImage
      ? 'A service cannot run out of an AppImage: it is there only while its window is open. Install the deb or rpm package, or unpack it (--appimage-extract).'
      : `A service cannot run out of npm's cache (${programRoot}). Install Mallard in a place of its own.`,
    'UnstablePlace',
  );
}

function needAdministrator(host: ServiceHost, verb: string): void {
  if (host.isAdministrator()) return;
  const how =
    host.platform === 'win32' ? 'Run it in a terminal that was opened "as administrator".' : `Run: sudo mallard service ${verb}`;
  throw new CliFault(1, `Services of this computer can be changed by administrators only. ${how}`, 'NotAllowed');
}

function accountFor(host: ServiceHost, name: string | undefined): Account {
  const account = host.account(name);
  if (account === undefined)
    throw new CliFault(1, `There is no account ${JSON.stringify(name ?? '')} on this computer.`, 'NoAccount');
  if (account.name === 'root' && name === undefined) {
    throw new CliFault(
      1,
      'The mail server should not run as root. Name the account it runs under: mallard service install --account NAME',
      'NoAccount',
    );
  }
  return account;
}

async function must(host: ServiceHost, file: string, args: readonly string[]): Promise<RunResult> {
  const result = await host.run(file, args);
  if (result.code === 0) return result;
  throw new CliFault(1, `${path.basename(file)} ${args.join(' ')} failed: ${result.output.slice(-500)}`, 'ServiceManager');
}
