/**
 * The bundled Valkey (or Redis): on loopback, with a password, without persistence. It is disposable: beacons and counters are in it, nothing that
 * could not be made again. Its configuration goes to its stdin, so the password is in no argv and no file.
 */
import { mkdirSync } from 'node:fs';
import { resolveServer } from '../../../../resources/servers/resolve.ts';
import { ServerNotFoundError } from '../../../../resources/servers/try.ts';
import type { BundledValkey } from '../contract.ts';
import {
  explainDiskFull,
  StartFault,
  type Explanation,
  type PrepareContext,
  type ProcessEnd,
  type ProcessLaunch,
} from '../definition.ts';
import { localPort } from '../local-port.ts';
import { runRedisCommand } from '../redis-client.ts';

const DEFAULT_MAX_MEMORY_BYTES = 128 * 1024 * 1024;

export type ValkeySetup = {
  readonly directory: string;
  readonly runDir: string;
  readonly password: string;
  readonly plan: () => BundledValkey;
  readonly onUri: (uri: string) => void;
};

export async function prepareValkey(setup: ValkeySetup, context: PrepareContext): Promise<ProcessLaunch> {
  const plan = setup.plan();
  const server = await resolveProgram(plan.binary, context);
  mkdirSync(setup.directory, { recursive: true, mode: 0o700 });
  const port = await localPort(setup.runDir, 'valkey', (message) => context.notice('warn', message));
  setup.onUri(`redis://:${setup.password}@127.0.0.1:${port}/0`);
  const ping = async (timeoutMs: number): Promise<void> => {
    const reply = await runRedisCommand(port, setup.password, ['PING'], timeoutMs);
    if (reply !== 'PONG') throw new Error(`unexpected answer to PING: ${reply ?? 'none'}`);
  };
  return {
    external: false,
    program: server.path,
    args: ['-'],
    cwd: setup.directory,
    input: valkeyConfig({ port, password: setup.password, directory: setup.directory, maxMemoryBytes: plan.maxMemoryBytes }),
    lifeLine: false,
    reports: false,
    port,
    version: server.version,
    becomeReady: ping,
    probe: ping,
    shutdown: async (timeoutMs) => {
      await runRedisCommand(port, setup.password, ['SHUTDOWN', 'NOSAVE'], timeoutMs);
    },
    explain: (end) => Promise.resolve(explainValkey(end)),
  };
}

export function valkeyConfig(options: {
  readonly port: number;
  readonly password: string;
  readonly directory: string;
  readonly maxMemoryBytes: number | undefined;
}): string {
  return [
    `port ${options.port}`,
    'bind 127.0.0.1',
    `requirepass ${JSON.stringify(options.password)}`,
    `dir ${JSON.stringify(options.directory)}`,
    'daemonize no',
    'save ""',
    'appendonly no',
    `maxmemory ${options.maxMemoryBytes ?? DEFAULT_MAX_MEMORY_BYTES}`,
    // Everything in it may be forgotten; the least used first.
    'maxmemory-policy allkeys-lru',
    'loglevel notice',
    'tcp-keepalive 60',
    // A worker that stopped reading must not make it keep beacons without bound.
    'client-output-buffer-limit pubsub 32mb 8mb 60',
    '',
  ].join('\n');
}

async function resolveProgram(binary: string | undefined, context: PrepareContext): Promise<{ path: string; version: string }> {
  try {
    const found = await resolveServer('valkey', {
      ...(binary === undefined ? {} : { explicitPath: binary }),
      onProgress: ({ text }) => context.progress(text),
    });
    for (const one of found.passedOver)
      if (one.source === 'explicit') context.notice('warn', `valkey: ${one.what} is not used: ${one.reason}`);
    return found;
  } catch (error) {
    if (!(error instanceof ServerNotFoundError)) throw error;
    throw new StartFault({ kind: 'no-program', message: error.message, remedy: error.remedies.join(' '), final: true });
  }
}

function explainValkey(end: ProcessEnd): Explanation | undefined {
  if (/Address already in use/.test(end.lastLines.join('\n'))) {
    return {
      kind: 'port-in-use',
      message: 'The port of Valkey was taken by another program; another one is chosen.',
      final: false,
    };
  }
  return explainDiskFull(end.lastLines);
}
