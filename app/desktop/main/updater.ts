/** electron-updater behind the interface that the update flow wants. Loaded only in an installed app: elsewhere it has nothing to update. */
import { app } from 'electron';
import electronUpdater from 'electron-updater';
import type { Updater } from './update-flow.ts';

/** Undefined where updates come another way: from the sources, from the unpacked folder, or by the system's package manager. */
export function installedUpdater(): Updater | undefined {
  if (!app.isPackaged) return undefined;
  // deb and rpm belong to the package manager, which knows how to stop the service.
  if (process.platform === 'linux' && process.env['APPIMAGE'] === undefined) return undefined;
  const { autoUpdater } = electronUpdater;
  autoUpdater.autoDownload = false;
  autoUpdater.autoInstallOnAppQuit = false;
  autoUpdater.allowDowngrade = false;
  autoUpdater.logger = null;
  return {
    check: async () => {
      const result = await autoUpdater.checkForUpdates();
      return result?.isUpdateAvailable === true ? result.updateInfo.version : undefined;
    },
    download: async (onPercent) => {
      const progress = ({ percent }: { percent: number }): void => onPercent(percent);
      autoUpdater.on('download-progress', progress);
      try {
        await autoUpdater.downloadUpdate();
      } finally {
        autoUpdater.off('download-progress', progress);
      }
    },
    // Not silent: whoever agreed sees the installer. It starts the app again.
    install: () => autoUpdater.quitAndInstall(false, true),
  };
}
