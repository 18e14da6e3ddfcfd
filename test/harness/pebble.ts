/**
 * Pebble, the test authority of Let's Encrypt: built once from its Go module into the cache, then run with a DNS server of ours. Its ways of asking go to ports of the
 * test's choice.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../resources/servers/cache.ts';
import { localHost } from '../../resources/servers/host.ts';
import { freePort } from './free-port.ts';
import { selfSigned } from './self-signed.ts';
import { tempDir } from './temp-dir.ts';
import { waitFor } from './wait-for.ts';

const MODULE = 'github.com/letsencrypt/pebble/v2/cmd/pebble';
const VERSION = 'v2.10.1';
const BUILD_TIMEOUT_MS = 180_000;

export type Pebble = {
  readonly directory: string;
  /** Verifies its server. */
  readonly ca: string;
  readonly stop: () => Promise<void>;
};

/** The program, or why there is none: no Go here, or the module can't be had. */
export async function findPebble(): Promise<{ readonly binary: string } | { readonly missing: string }> {
  const folder = path.join(path.dirname(cacheDirectory(localHost())), `pebble-${VERSION}`);
  const binary = path.join(folder, process.platform === 'win32' ? 'pebble.exe' : 'pebble');
  if (existsSync(binary)) return { binary };
  mkdirSync(folder, { recursive: true });
  try {
    await promisify(execFile)('go', ['install', `${MODULE}@${VERSION}`], {
      env: { ...process.env, GOBIN: folder },
      timeout: BUILD_TIMEOUT_MS,
    });
    return { binary };
  } catch (error) {
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    return {
      missing: code === 'ENOENT' ? 'there is no Go here' : `Pebble can't be built: ${stderr.trim().split('\n').at(-1) ?? ''}`,
    };
  }
}

/** Asks on `httpPort` and `tlsPort` of the addresses that `dns` (`host:port`) names. */
export async function startPebble(
  binary: string,
  ports: { readonly httpPort: number; readonly tlsPort: number },
  dns: string,
): Promise<Pebble> {
  const folder = tempDir('pebble');
  const { cert, key } = await selfSigned('localhost');
  const files = {
    certificate: path.join(folder, 'cert.pem'),
    privateKey: path.join(folder, 'key.pem'),
    config: path.join(folder, 'config.json'),
  };
  writeFileSync(files.certificate, cert);
  writeFileSync(files.privateKey, key);
  const [port, management] = [await freePort(), await freePort()];
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: files.certificate,
    privateKey: files.privateKey,
    ...ports,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
  };
  writeFileSync(files.config, JSON.stringify({ pebble }));
  const child: ChildProcess = spawn(binary, ['-config', files.config, '-dnsserver', dns, '-strict'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PEBBLE_VA_NOSLEEP: '1' },
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.on('exit', kill);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-20_000);
    });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await waitFor(() => {
    if (child.exitCode !== null) throw new Error(`Pebble did not start:\n${said}`);
    return said.includes('ACME directory available') || said.includes('Listening on');
  });
  return {
    directory: `https://localhost:${port}/dir`,
    ca: cert,
    stop: async () => {
      process.off('exit', kill);
      kill();
      await ended;
    },
  };
}
