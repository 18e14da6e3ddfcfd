import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../test/harness/temp-dir.ts';
import { waitFor } from '../../test/harness/wait-for.ts';
import { cacheDirectory } from './cache.ts';
import { exec, localHost, type ExecResult, type Host } from './host.ts';
import { manifest } from './manifest.ts';
import { fetchOfficial } from './official.ts';
import { compareVersions, parseVersion } from './probe.ts';
import { resolveServer, type Fetchers, type ResolveOptions } from './resolve.ts';
import { ServerNotFoundError, type FailedTry } from './try.ts';

const MONGOD = 'db version v6.0.5\nBuild Info: {}';
const VALKEY = 'Valkey server v=9.1.2 sha=00000000:1 malloc=libc bits=64 build=1';

type Scene = {
  readonly bundled?: Record<string, Partial<ExecResult>>;
  readonly onPath?: Record<string, Partial<ExecResult>>;
  readonly fetchers?: Partial<Fetchers>;
  readonly host?: Partial<Host>;
  readonly env?: NodeJS.ProcessEnv;
  readonly options?: ResolveOptions;
};

const says = (stdout: string): Partial<ExecResult> => ({ code: 0, stdout });

/** A machine where only the named files exist, and each answers --version as told. */
function scene(what: Scene): { options: ResolveOptions; root: string; cacheDir: string; bundledDir: string } {
  const root = tempDir('resolve');
  const answers = new Map<string, Partial<ExecResult>>();
  const place = (folder: string, files: Record<string, Partial<ExecResult>> = {}): string => {
    mkdirSync(folder, { recursive: true });
    for (const [name, answer] of Object.entries(files)) {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, 'program');
      chmodSync(file, 0o755);
      answers.set(file, answer);
    }
    return folder;
  };
  const bundledDir = place(path.join(root, 'bin'), what.bundled);
  const pathDir = place(path.join(root, 'path'), what.onPath);
  const failing = { kind: 'no-network', reason: 'no network here' } as const;
  const host: Host = {
    os: 'linux',
    arch: 'x64',
    homeDir: root,
    cpuHasAvx: () => true,
    env: { PATH: pathDir, ...what.env },
    exec: (file, args) => {
      assert.deepEqual(args, ['--version']);
      const found =
        answers.get(file) ??
        (file.includes('cache') ? says(file.includes('mongod') ? MONGOD : VALKEY) : { code: null, errorCode: 'ENOENT' });
      return Promise.resolve({ code: null, signal: null, stdout: '', stderr: '', ...found });
    },
    ...what.host,
  };
  const cacheDir = path.join(root, 'cache');
  const fetchers: Fetchers = {
    official: () => Promise.resolve(failing),
    wheel: () => Promise.resolve(failing),
    ...what.fetchers,
  };
  return { options: { host, bundledDir, cacheDir, fetchers, ...what.options }, root, cacheDir, bundledDir };
}

const brings: Fetchers['wheel'] = (_host, _source, target) => {
  writeFileSync(target, 'fetched');
  return Promise.resolve(undefined);
};

async function failuresOf(server: 'mongod' | 'valkey', options: ResolveOptions): Promise<ServerNotFoundError> {
  try {
    await resolveServer(server, options);
  } catch (error) {
    if (error instanceof ServerNotFoundError) return error;
    throw error;
  }
  throw new Error('it was found');
}

test('the first that works, in order', async () => {
  const everything = {
    bundled: { mongod: says(MONGOD) },
    onPath: { mongod: says(MONGOD), other: says(MONGOD) },
    fetchers: { wheel: brings },
  };
  const found = async (what: Scene): Promise<string> => {
    const { options } = scene(what);
    const { source, version } = await resolveServer('mongod', options);
    return `${source} ${version}`;
  };
  assert.equal(await found(everything), 'bundled 6.0.5');
  assert.equal(await found({ ...everything, bundled: {} }), 'path 6.0.5');
  assert.equal(
    await found({ fetchers: { official: brings as unknown as Fetchers['official'], wheel: brings } }),
    'official 6.0.5',
  );
  assert.equal(await found({ fetchers: { wheel: brings } }), 'wheel 6.0.5');
  const { options, root } = scene({ onPath: { mongod: says(MONGOD), own: says('db version v7.0.1') } });
  const own = path.join(root, 'path', 'own');
  assert.equal((await resolveServer('mongod', { ...options, explicitPath: own })).version, '7.0.1');
  const byEnvironment = {
    ...options,
    host: { ...(options.host as Host), env: { ...options.host?.env, MONGOMS_SYSTEM_BINARY: own } },
  };
  assert.equal((await resolveServer('mongod', byEnvironment)).source, 'explicit');
});

test('a platform folder in resources/bin goes first; the second name on PATH counts too', async () => {
  const { options, bundledDir } = scene({ bundled: { 'linux-x64/mongod': says(MONGOD), mongod: says('db version v7.0.0') } });
  assert.equal((await resolveServer('mongod', options)).path, path.join(bundledDir, 'linux-x64', 'mongod'));
  const redis = scene({ onPath: { 'redis-server': says('Redis server v=7.2.4 sha=0 malloc=jemalloc bits=64 build=0') } });
  const found = await resolveServer('valkey', redis.options);
  assert.deepEqual([found.flavor, found.version, found.source], ['redis', '7.2.4', 'path']);
});

test('a set path that does not work is passed over, and said', async () => {
  const { options } = scene({ onPath: { mongod: says(MONGOD) } });
  const found = await resolveServer('mongod', { ...options, explicitPath: '/nowhere/mongod' });
  assert.equal(found.source, 'path');
  assert.deepEqual(
    found.passedOver.map(({ source, kind }) => [source, kind]),
    [['explicit', 'absent']],
  );
});

test('why a binary does not run, and what to do', async () => {
  const table: [Partial<ExecResult>, Partial<FailedTry>, RegExp][] = [
    [
      {
        code: 127,
        stderr:
          'mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file: No such file or directory',
      },
      { kind: 'missing-library', library: 'libcurl.so.4' },
      /apt-get install libcurl4/,
    ],
    [
      { code: 127, stderr: 'mongod: error while loading shared libraries: libcrypto.so.3: cannot open shared object file' },
      { kind: 'missing-library', library: 'libcrypto.so.3' },
      /libssl3/,
    ],
    [
      { code: 1, stderr: "mongod: /lib/libc.so.6: version `GLIBC_2.34' not found (required by mongod)" },
      { kind: 'old-system-library' },
      /newer release/,
    ],
    [{ signal: 'SIGILL' }, { kind: 'no-avx' }, /AVX/],
    [{ code: 132 }, { kind: 'no-avx' }, /AVX/],
    [{ errorCode: 'EACCES' }, { kind: 'not-executable' }, /chmod/],
    [{ errorCode: 'ENOEXEC' }, { kind: 'wrong-platform' }, /mongod/],
    [{ errorCode: 'TIMEOUT' }, { kind: 'hung' }, /mongod/],
    [{ signal: 'SIGSEGV' }, { kind: 'crashed' }, /mongod/],
    [says('db version v4.4.1'), { kind: 'unsupported-version' }, /6\.0\.0/],
    [says('something else'), { kind: 'crashed' }, /mongod/],
  ];
  for (const [answer, expected, remedy] of table) {
    const { options } = scene({ bundled: { mongod: answer }, host: { cpuHasAvx: () => false } });
    const error = await failuresOf('mongod', options);
    const [first] = error.tries;
    assert.equal(first?.kind, expected.kind, JSON.stringify(answer));
    assert.equal(first?.library, expected.library);
    assert.match(error.remedies.join('\n'), remedy);
    assert.ok(error.message.includes(first?.reason ?? 'no reason'));
  }
});

test('the last error lists each try, in words, with remedies for the platform', async () => {
  for (const [platform, hint] of [
    ['linux', /distribution/],
    ['darwin', /brew/],
    ['win32', /Windows/],
  ] as const) {
    const { options } = scene({ host: { os: platform } });
    const error = await failuresOf('mongod', { ...options, explicitPath: '/nowhere/mongod' });
    assert.match(error.message, /the path that was set: \S*mongod: there is no such program/);
    assert.match(error.message, /official download: mongodb-memory-server \S+: no network here/);
    assert.match(error.remedies.join('\n'), hint);
    assert.match(error.remedies.join('\n'), /internet/);
    assert.equal(
      error.tries.some((one) => one.source === 'wheel'),
      platform === 'linux',
    );
  }
  const { options } = scene({ host: { os: 'freebsd' } });
  assert.equal((await failuresOf('mongod', options)).tries.at(0)?.kind, 'not-for-this-platform');
});

test('downloading can be left out, wholly or in part', async () => {
  const fetched: string[] = [];
  const fetchers: Fetchers = {
    official: (_host, source) => (fetched.push(source.kind), Promise.resolve({ kind: 'no-network', reason: 'none' })),
    wheel: (_host, source) => (fetched.push(source.kind), Promise.resolve({ kind: 'no-network', reason: 'none' })),
  };
  await failuresOf('mongod', scene({ fetchers, env: { MALLARD_SKIP_DOWNLOAD: '1' } }).options);
  await failuresOf('mongod', scene({ fetchers, options: { download: false } }).options);
  assert.deepEqual(fetched, []);
  await failuresOf('mongod', scene({ fetchers, env: { MALLARD_SKIP_OFFICIAL_DOWNLOAD: '1' } }).options);
  assert.deepEqual(fetched, ['wheel']);
  await failuresOf('mongod', scene({ fetchers, env: { MALLARD_SKIP_OFFICIAL_DOWNLOAD: '0' } }).options);
  assert.deepEqual(fetched, ['wheel', 'official', 'wheel']);
});

test('what was fetched is used again; what was changed since is fetched again; what does not run is not fetched again', async () => {
  let fetched = 0;
  const fetchers = {
    wheel: ((host, source, target, work, tell) => (
      (fetched += 1), brings(host, source, target, work, tell)
    )) satisfies Fetchers['wheel'],
  };
  const { options, cacheDir } = scene({ fetchers });
  assert.equal((await resolveServer('valkey', options)).source, 'wheel');
  const again = await resolveServer('valkey', options);
  assert.equal(again.source, 'cache');
  assert.equal(fetched, 1);
  writeFileSync(again.path, 'somebody was here');
  assert.equal((await resolveServer('valkey', options)).source, 'wheel');
  assert.equal(fetched, 2);
  const host: Host = {
    ...(options.host as Host),
    exec: () => Promise.resolve({ code: null, signal: 'SIGILL', stdout: '', stderr: '' }),
  };
  const error = await failuresOf('valkey', { ...options, host });
  assert.equal(fetched, 2);
  assert.equal(error.tries.find((one) => one.source === 'cache')?.kind, 'no-avx');
  assert.deepEqual(
    readdirSync(cacheDir).filter((name) => name.startsWith('.')),
    [],
  );
});

test('a cache folder that cannot be written is a reason, not a crash', async () => {
  const { options, root } = scene({ fetchers: { wheel: brings } });
  writeFileSync(path.join(root, 'file'), '');
  const error = await failuresOf('valkey', { ...options, cacheDir: path.join(root, 'file', 'cache') });
  assert.match(error.message, /cannot be written/);
  assert.match(error.remedies.join('\n'), /MALLARD_CACHE_DIR/);
});

test('the cache is where each system keeps caches', () => {
  const table: [NodeJS.Platform, NodeJS.ProcessEnv, string][] = [
    ['linux', {}, '/home/me/.cache/mallard/servers'],
    ['linux', { XDG_CACHE_HOME: '/var/c' }, '/var/c/mallard/servers'],
    ['linux', { XDG_CACHE_HOME: 'relative' }, '/home/me/.cache/mallard/servers'],
    ['darwin', {}, '/home/me/Library/Caches/Mallard/servers'],
    ['win32', { LOCALAPPDATA: '/L' }, '/L/Mallard/Cache/servers'],
    ['darwin', { MALLARD_CACHE_DIR: '/x' }, '/x/servers'],
  ];
  for (const [platform, env, expected] of table)
    assert.equal(cacheDirectory({ os: platform, env, homeDir: '/home/me' }), expected);
});

test('versions', () => {
  assert.deepEqual(parseVersion('x\ndb version v7.0.24-rc0\n'), { version: '7.0.24', flavor: 'mongod' });
  assert.equal(parseVersion('v=1.2.3'), undefined);
  assert.ok(
    compareVersions('6.0.10', '6.0.9') > 0 && compareVersions('5.9', '6.0.0') < 0 && compareVersions('6.0', '6.0.0') === 0,
  );
});

test('the manifest is complete: every wheel is pinned by two hashes', () => {
  for (const [server, entry] of Object.entries(manifest)) {
    for (const [platform, sources] of Object.entries(entry.platforms)) {
      // The one that exists nowhere: there the appliance runs without it.
      if (`${server} ${platform}` !== 'valkey win32-x64') assert.ok(sources.length > 0, `${server} ${platform}`);
      for (const source of sources) {
        if (source.kind !== 'wheel') continue;
        assert.match(source.wheelSha256, /^[0-9a-f]{64}$/);
        assert.match(source.memberSha256, /^[0-9a-f]{64}$/);
      }
    }
  }
});

test('an official download that never sends a byte is given up; one that does is not', async () => {
  const folder = tempDir('official');
  const source = { kind: 'official', package: 'mongodb-memory-server', version: '7.0.0' } as const;
  const host = { os: 'linux', arch: 'x64', env: process.env, homeDir: folder, cpuHasAvx: () => true, exec } satisfies Host;
  const script = (name: string, body: string): string => {
    const file = path.join(folder, `${name}.mjs`);
    writeFileSync(file, `import fs from 'node:fs'; const dir = process.argv[4]; ${body}`);
    return file;
  };
  const run = (name: string, body: string) => {
    const workDir = path.join(folder, name);
    mkdirSync(workDir);
    return fetchOfficial(host, source, path.join(workDir, 'mongod'), workDir, () => undefined, {
      firstByteTimeoutMs: 700,
      script: script(name, body),
    });
  };
  const [silent, slow, closed] = await Promise.all([
    run('silent', 'setInterval(() => {}, 1000);'),
    run(
      'slow',
      `fs.writeFileSync(dir + '/x.downloading', 'y'); setTimeout(() => { fs.writeFileSync(dir + '/mongod', 'm'); console.log('RESULT ' + dir + '/mongod'); }, 1500);`,
    ),
    run('closed', `console.log('FAILED getaddrinfo ENOTFOUND example.invalid'); process.exit(1);`),
  ]);
  assert.match(silent?.reason ?? '', /no answer within/);
  assert.equal(slow, undefined);
  assert.equal(readFileSync(path.join(folder, 'slow', 'mongod'), 'utf8'), 'm');
  assert.equal(closed?.kind, 'no-network');
});

/** A process that resolves with a slow pretended download, and writes a line per download. */
function resolverProcess(cacheDir: string, log: string, downloadMs: number): { child: ChildProcess; output: () => string } {
  const script = `
    const { resolveServer } = await import(${JSON.stringify(path.join(import.meta.dirname, 'resolve.ts'))});
    const fs = await import('node:fs');
    const found = await resolveServer('valkey', {
      cacheDir: ${JSON.stringify(cacheDir)}, bundledDir: '/nowhere',
      host: { os: 'linux', arch: 'x64', env: {}, homeDir: '/nowhere', cpuHasAvx: () => true,
        exec: async () => ({ code: 0, signal: null, stdout: ${JSON.stringify(VALKEY)}, stderr: '' }) },
      fetchers: {
        official: async () => ({ kind: 'no-network', reason: 'none' }),
        wheel: async (host, source, target) => {
          fs.appendFileSync(${JSON.stringify(log)}, process.pid + '\\n');
          await new Promise((resolve) => setTimeout(resolve, ${downloadMs}));
          fs.writeFileSync(target, 'fetched');
        },
      },
    });
    process.stdout.write(found.source);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return { child, output: () => output };
}

const downloads = (log: string): string[] => readFileSync(log, 'utf8').trim().split('\n').filter(Boolean);

test('two processes that start at once download once', { timeout: 30_000 }, async () => {
  const folder = tempDir('twice');
  const log = path.join(folder, 'log');
  writeFileSync(log, '');
  const processes = [1, 2, 3].map(() => resolverProcess(path.join(folder, 'cache'), log, 600));
  await waitFor(() => processes.every(({ child }) => child.exitCode !== null), { timeoutMs: 25_000 });
  assert.deepEqual(processes.map(({ output }) => output()).toSorted(), ['cache', 'cache', 'wheel']);
  assert.equal(downloads(log).length, 1);
});

test('a downloader that is killed leaves nothing in the way', { timeout: 30_000 }, async () => {
  const folder = tempDir('killed');
  const log = path.join(folder, 'log');
  const cacheDir = path.join(folder, 'cache');
  writeFileSync(log, '');
  const first = resolverProcess(cacheDir, log, 60_000);
  await waitFor(() => downloads(log).length === 1, { timeoutMs: 15_000 });
  first.child.kill('SIGKILL');
  const second = resolverProcess(cacheDir, log, 10);
  await waitFor(() => second.child.exitCode !== null, { timeoutMs: 15_000 });
  assert.equal(second.output(), 'wheel');
  assert.deepEqual(
    readdirSync(cacheDir).filter((name) => name.startsWith('.')),
    [],
  );
});

const glibc = process.platform === 'linux' && 'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header;

test('what the real loader says of a missing library is understood', {
  skip: glibc ? false : 'needs the loader of glibc',
}, async () => {
  const real = await resolveServer('valkey');
  const bytes = readFileSync(real.path);
  const at = bytes.indexOf('libm.so.6\0');
  assert.ok(at > 0, 'it is linked with libm');
  bytes.write('libnone.1', at);
  const folder = tempDir('loader');
  writeFileSync(path.join(folder, 'valkey-server'), bytes, { mode: 0o755 });
  const error = await failuresOf('valkey', {
    explicitPath: path.join(folder, 'valkey-server'),
    host: { ...localHost(), env: {} },
    cacheDir: folder,
    bundledDir: folder,
    download: false,
  });
  const [first] = error.tries;
  assert.deepEqual([first?.kind, first?.library], ['missing-library', 'libnone.1']);
  writeFileSync(path.join(folder, 'valkey-server'), 'MZ this is no program for this system', { mode: 0o755 });
  const other = await failuresOf('valkey', {
    host: { ...localHost(), env: {} },
    cacheDir: folder,
    bundledDir: folder,
    download: false,
  });
  assert.equal(other.tries[0]?.kind, 'wrong-platform');
});
