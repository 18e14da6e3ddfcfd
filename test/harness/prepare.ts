/**
 * Run by `npm test` before the tests: builds the GUI when it is not current, finds or fetches both server binaries, visibly and once, so that parallel test files find them in the cache.
 * Where a shared library is missing and this is Debian or Ubuntu with root, its package is installed; else the message says what to install.
 */
import { spawnSync } from 'node:child_process';
import { debianPackage } from '../../resources/servers/probe.ts';
import { ensureBuilt } from '../../ui/build.ts';
import { resolveServer } from '../../resources/servers/resolve.ts';
import { ServerNotFoundError } from '../../resources/servers/try.ts';
import type { ServerName } from '../../resources/servers/manifest.ts';

const tell = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function prepare(server: ServerName): Promise<boolean> {
  try {
    await show(server);
    return true;
  } catch (error) {
    if (!(error instanceof ServerNotFoundError)) throw error;
    if (!installMissingLibraries(error)) {
      tell(error.message);
      return false;
    }
  }
  try {
    await show(server);
    return true;
  } catch (error) {
    if (!(error instanceof ServerNotFoundError)) throw error;
    tell(error.message);
    return false;
  }
}

async function show(server: ServerName): Promise<void> {
  const found = await resolveServer(server, { onProgress: ({ text }) => tell(`${server}: ${text}`) });
  tell(`${server}: ${found.flavor} ${found.version} (${found.path})`);
  for (const one of found.passedOver) if (one.source === 'explicit') tell(`  not used: ${one.what}: ${one.reason}`);
}

/** True when something was installed and a second look makes sense. */
function installMissingLibraries(error: ServerNotFoundError): boolean {
  const packages = new Set(
    error.tries.flatMap((one) => {
      const name = one.library === undefined ? undefined : debianPackage(one.library);
      return name === undefined ? [] : [name];
    }),
  );
  if (packages.size === 0 || process.getuid?.() !== 0) return false;
  if (spawnSync('apt-get', ['--version']).status !== 0) return false;
  tell(`Installing ${[...packages].join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore', env });
  return (
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { stdio: 'ignore', env }).status === 0
  );
}

await ensureBuilt({ tell });
const ready = [await prepare('mongod'), await prepare('valkey')].every(Boolean);
process.exit(ready ? 0 : 1);
