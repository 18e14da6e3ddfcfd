/** Checks of the machine: Node, processor, memory, open files, clock. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import os from 'node:os';
import { localHost } from '../../../../resources/servers/host.ts';
import type { DataPaths } from '../../paths.ts';
import { formatBytes } from '../../settings/quantity.ts';
import { fail, type Finding, ok, warn } from './check.ts';

const gibibyte = 1024 ** 3;
/** The sources of this release are not younger than this: a clock that says so is wrong. */
const earliestNow = Date.UTC(2026, 0, 1);

export function checkMachine(paths: DataPaths, externalMongo: boolean): Finding[] {
  return [checkNode(), checkAvx(externalMongo), checkMemory(), ...checkOpenFiles(), checkClock(paths)];
}

function checkNode(): Finding {
  return ok('node', `Node ${process.versions.node} (${process.execPath})`);
}

function checkAvx(externalMongo: boolean): Finding {
  if (process.arch !== 'x64') return ok('processor', `${process.arch}, which needs no AVX`);
  const hasAvx = localHost().cpuHasAvx();
  if (hasAvx === true) return ok('processor', 'it has AVX, which MongoDB needs');
  if (hasAvx === undefined) return ok('processor', 'whether it has AVX cannot be told on this system');
  const message = 'this processor does not show AVX, and MongoDB since 5.0 does not run without';
  const remedy = 'In a virtual machine set the CPU type to "host". Else set mongo.uri to a MongoDB on another machine.';
  return externalMongo
    ? ok('processor', 'no AVX; not needed, because MongoDB runs elsewhere')
    : fail('processor', message, remedy);
}

function checkMemory(): Finding {
  const total = os.totalmem();
  const free = availableMemory();
  const message = `${formatBytes(free)} of ${formatBytes(total)} available`;
  if (total < 0.9 * gibibyte) return fail('memory', message, 'Mallard needs 1 GB of memory or more.');
  if (free < 0.5 * gibibyte)
    return warn(
      'memory',
      message,
      'Close other programs, or make the cache of the database smaller: mallard config set mongo.cacheMb 256',
    );
  return ok('memory', message);
}

/** What a new program can have; os.freemem does not count the file cache, which gives way. */
function availableMemory(): number {
  return typeof process.availableMemory === 'function' ? process.availableMemory() : os.freemem();
}

function checkOpenFiles(): Finding[] {
  if (!existsSync('/proc/self/limits')) return [];
  const limit = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  // Node itself raises the soft limit to the hard one.
  const hard = limit?.[2] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit?.[2]);
  if (Number.isNaN(hard)) return [];
  if (hard < 4096)
    return [
      warn(
        'open files',
        `at most ${hard} at a time`,
        'Each connected client needs one. Raise the limit: ulimit -n 65536, or LimitNOFILE in the service unit.',
      ),
    ];
  return [ok('open files', `at most ${hard === Number.POSITIVE_INFINITY ? 'unlimited' : hard} at a time`)];
}

function checkClock(paths: DataPaths): Finding {
  const now = Date.now();
  const remedy = 'Set the clock, and let it be set from the network (NTP): one-time codes and certificates depend on it.';
  if (now < earliestNow) return fail('clock', `it says ${new Date(now).toISOString()}`, remedy);
  const newest = Math.max(
    0,
    ...[paths.settings, paths.logs, paths.metrics].filter((file) => existsSync(file)).map((file) => statSync(file).mtimeMs),
  );
  if (newest > now + 120_000)
    return warn('clock', `it says ${new Date(now).toISOString()}, but files here were written later than that`, remedy);
  if (isSynchronised() === false) return warn('clock', `${new Date(now).toISOString()}, not set from the network`, remedy);
  return ok('clock', new Date(now).toISOString());
}

/** Undefined where nobody can tell. */
function isSynchronised(): boolean | undefined {
  if (process.platform !== 'linux') return undefined;
  // Without systemd there is no such program, and no answer.
  const said = spawnSync('timedatectl', ['show', '--property=NTPSynchronized', '--value'], {
    encoding: 'utf8',
    timeout: 3000,
  }).stdout?.trim();
  if (said === 'yes') return true;
  return said === 'no' ? false : undefined;
}
