/** Called by electron-builder for each packed app: takes out what belongs to development, and proves that nothing is missing. It only warns itself. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const archNames = { 1: 'x64', 3: 'arm64' };
const platformNames = { linux: 'linux', darwin: 'darwin', win32: 'win32' };

export default async function afterPack({ appOutDir, electronPlatformName, arch, packager }) {
  const resources =
    electronPlatformName === 'darwin'
      ? path.join(appOutDir, `${packager.appInfo.productFilename}.app`, 'Contents', 'Resources')
      : path.join(appOutDir, 'resources');
  rmSync(path.join(resources, 'default_app.asar'), { force: true });

  const appliance = path.join(resources, 'appliance');
  const platform = `${platformNames[electronPlatformName]}-${archNames[arch]}`;
  const exe = electronPlatformName === 'win32' ? '.exe' : '';
  const binaries = path.join(appliance, 'resources', 'bin', platform);
  const needed = [
    path.join(resources, 'app.asar'),
    path.join(appliance, 'bin', 'mallard.mjs'),
    path.join(appliance, 'server', 'main.ts'),
    path.join(appliance, 'dist', 'ui', 'index.html'),
    path.join(appliance, 'LICENCES.txt'),
    path.join(appliance, 'node_modules', 'mongodb', 'package.json'),
    path.join(binaries, `node${exe}`),
    path.join(binaries, `mongod${exe}`),
  ];
  const missing = needed.filter((file) => !existsSync(file));
  // There is none for Windows.
  const cache =
    electronPlatformName === 'win32' ||
    (existsSync(binaries) && readdirSync(binaries).some((name) => /^(valkey|redis)-server$/.test(name)));
  if (missing.length > 0 || !cache) {
    throw new Error(
      `The package is not whole. Missing: ${[...missing, ...(cache ? [] : [`${binaries}/valkey-server`])].join(', ')}`,
    );
  }
}
