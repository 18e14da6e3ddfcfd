/**
 * Proves a candidate by running it with `--version`. What the loader and the processor say about a binary that cannot run is turned into a reason
 * and a remedy, because "exit 127" helps nobody.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import type { ExecResult, Host } from './host.ts';
import { manifest, type ServerName } from './manifest.ts';
import type { FailedTry, SourceName } from './try.ts';

export type Flavor = 'mongod' | 'valkey' | 'redis';
export type Proven = { readonly version: string; readonly flavor: Flavor };

const VERSION_TIMEOUT_MS = 30_000;

const debianPackageOf: Readonly<Record<string, string>> = {
  'libcurl.so.4': 'libcurl4',
  'libcrypto.so.3': 'libssl3',
  'libssl.so.3': 'libssl3',
  'libcrypto.so.1.1': 'libssl1.1',
  'liblzma.so.5': 'liblzma5',
};

/** The Debian or Ubuntu package with a shared library, when it is one that the servers are known to need. */
export const debianPackage = (library: string): string | undefined => debianPackageOf[library];

const AVX_REMEDY =
  'MongoDB 5.0 and later need a processor with AVX (in a virtual machine: set its CPU type to "host"). Without it, use a MongoDB on another machine by its URI.';

/** Runs `FILE --version` and judges it. */
export async function probeBinary(host: Host, server: ServerName, source: SourceName, file: string): Promise<Proven | FailedTry> {
  const result = await host.exec(file, ['--version'], { timeoutMs: VERSION_TIMEOUT_MS });
  if (result.code !== 0) {
    // execvp hands a foreign binary to the shell, whose complaint about it says nothing: the file's own header does.
    const foreign = result.code === null ? undefined : foreignFormat(host, file);
    if (foreign !== undefined) {
      const reason = `it is a program for ${foreign}, not for this system (${host.os} ${host.arch})`;
      return { source, what: file, kind: 'wrong-platform', reason };
    }
    return { source, what: file, ...explainFailure(host, server, result) };
  }
  const proven = parseVersion(`${result.stdout}\n${result.stderr}`);
  if (proven === undefined) {
    return { source, what: file, kind: 'crashed', reason: 'its --version does not look like a database server' };
  }
  const range = manifest[server].accepts[proven.flavor];
  if (range === undefined)
    return { source, what: file, kind: 'unsupported-version', reason: `it is ${proven.flavor}, not ${server}` };
  if (compareVersions(proven.version, range[0]) < 0 || compareVersions(proven.version, range[1]) >= 0) {
    return {
      source,
      what: file,
      kind: 'unsupported-version',
      reason: `version ${proven.version} is not supported (${range[0]} or later, before ${range[1]})`,
      remedy: `Install a version from ${range[0]} on, before ${range[1]}, or remove it from the path.`,
    };
  }
  return proven;
}

/** mongod says "db version v6.0.5", valkey and redis say "Valkey server v=9.1.2 sha=…". */
export function parseVersion(output: string): Proven | undefined {
  const mongod = /^db version v(\d+\.\d+\.\d+)/m.exec(output)?.[1];
  if (mongod !== undefined) return { version: mongod, flavor: 'mongod' };
  const other = /^(Valkey|Redis) server v=(\d+\.\d+\.\d+)/m.exec(output);
  if (other?.[2] === undefined) return undefined;
  return { version: other[2], flavor: other[1] === 'Valkey' ? 'valkey' : 'redis' };
}

/** Negative when a is older. Only the numbers count: "6.0.5". */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** e_machine of ELF, for the two processors in the manifest. */
const elfMachines: Readonly<Record<number, string>> = { 0x3e: 'x64', 0xb7: 'arm64' };

/** What another system or processor a file is for; undefined when it is for this one, or cannot be told. */
function foreignFormat(host: Pick<Host, 'os' | 'arch'>, file: string): string | undefined {
  const head = Buffer.alloc(20);
  try {
    const descriptor = openSync(file, 'r');
    try {
      if (readSync(descriptor, head, 0, head.length, 0) < head.length) return undefined;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
  if (head.readUInt32BE(0) === 0x7f454c46) {
    const arch = elfMachines[head.readUInt16LE(18)] ?? 'another processor';
    return host.os === 'linux' && arch === host.arch ? undefined : `Linux on ${arch}`;
  }
  if (head.readUInt32LE(0) === 0xfeedfacf) return host.os === 'darwin' ? undefined : 'macOS';
  if (head.toString('latin1', 0, 2) === 'MZ') return host.os === 'win32' ? undefined : 'Windows';
  return undefined;
}

type Explained = Pick<FailedTry, 'kind' | 'reason' | 'remedy' | 'library'>;

function explainFailure(host: Host, server: ServerName, result: ExecResult): Explained {
  const text = `${result.stderr}\n${result.stdout}`;
  const library = /error while loading shared libraries: (\S+?):|Library not loaded: (\S+)/.exec(text);
  if (library !== null) return missingLibrary(library[1] ?? library[2] ?? 'a library');
  const glibc = /version [`']((?:GLIBC|GLIBCXX|OPENSSL)_[\w.]+)' not found/.exec(text)?.[1];
  if (glibc !== undefined) {
    return {
      kind: 'old-system-library',
      reason: `this system's libraries are older than it needs (${glibc})`,
      remedy: 'Use a newer release of the operating system, or install the server from its package manager.',
    };
  }
  if (result.signal === 'SIGILL' || result.code === 132 || result.code === 0xc000001d || /requires .*AVX/i.test(text)) {
    const avx = server === 'mongod' && host.cpuHasAvx() !== true;
    return {
      kind: 'no-avx',
      reason: avx ? 'this processor lacks AVX' : 'this processor lacks an instruction that it needs',
      ...(avx ? { remedy: AVX_REMEDY } : {}),
    };
  }
  switch (result.errorCode) {
    case 'ENOENT':
      // Where the file itself exists, it is its loader (another libc) that does not.
      return { kind: 'absent', reason: 'there is no such program, or the system loader it is built for is not here' };
    case 'EACCES':
    case 'EPERM':
      return {
        kind: 'not-executable',
        reason: 'it may not be executed',
        remedy: 'Make it executable (chmod +x); check for a "noexec" mount or quarantine.',
      };
    case 'ENOEXEC':
    case 'EBADARCH':
    case 'UNKNOWN':
      return { kind: 'wrong-platform', reason: `it is not a program for this system (${host.os} ${host.arch})` };
    case 'TIMEOUT':
      return { kind: 'hung', reason: `it did not answer --version within ${VERSION_TIMEOUT_MS / 1000} s` };
    default:
      break;
  }
  const how = result.errorCode ?? result.signal ?? `exit ${result.code}`;
  const lastLine = text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
  return { kind: 'crashed', reason: `running it failed (${how})${lastLine === '' ? '' : `: ${lastLine}`}` };
}

function missingLibrary(library: string): Explained {
  const pkg = debianPackage(library);
  return {
    kind: 'missing-library',
    reason: `the shared library ${library} is missing`,
    library,
    remedy:
      pkg === undefined
        ? `Install the package that has ${library}.`
        : `Install it: apt-get install ${pkg} (Debian, Ubuntu) or the package with ${library} elsewhere.`,
  };
}
