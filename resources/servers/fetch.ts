/**
 * Fills resources/bin/PLATFORM for packaging, or warms a cache:
 *
 *   node resources/servers/fetch.ts            both servers into resources/bin, for the platform it runs on
 *   node resources/servers/fetch.ts --cache    into the user's cache only
 *   node resources/servers/fetch.ts --into DIR into this folder
 *
 * A binary can be proven only where it runs, so each platform's package is filled on that platform.
 */
import { chmodSync, copyFileSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { localHost } from './host.ts';
import { manifest } from './manifest.ts';
import { platformKey, resolveServer } from './resolve.ts';
import { ServerNotFoundError } from './try.ts';

const bin = path.resolve(import.meta.dirname, '..', 'bin');
const [option, folder, ...rest] = process.argv.slice(2);
const known = option === '--into' ? folder !== undefined : folder === undefined && (option === undefined || option === '--cache');
if (!known || rest.length > 0) {
  console.error('usage: node resources/servers/fetch.ts [--cache | --into DIR]');
  process.exit(2);
}
const platform = platformKey(localHost());
if (platform === undefined) {
  console.error(`no server binaries are known for ${process.platform} ${process.arch}`);
  process.exit(1);
}

try {
  for (const server of ['mongod', 'valkey'] as const) {
    if (manifest[server].platforms[platform]?.length === 0) continue;
    // What is in resources/bin already must not be taken for its own source.
    const found = await resolveServer(server, {
      bundledDir: path.join(bin, 'none'),
      onProgress: ({ text }) => console.log(`${server}: ${text}`),
    });
    const target = option === '--cache' ? found.path : copyInto(folder ?? path.join(bin, platform), found.path);
    console.log(`${server}: ${found.flavor} ${found.version} (${target})`);
  }
} catch (error) {
  if (!(error instanceof ServerNotFoundError)) throw error;
  console.error(error.message);
  process.exit(1);
}

function copyInto(folder: string, file: string): string {
  mkdirSync(folder, { recursive: true });
  const target = path.join(folder, path.basename(file));
  copyFileSync(file, `${target}.part`);
  chmodSync(`${target}.part`, 0o755);
  renameSync(`${target}.part`, target);
  return target;
}
