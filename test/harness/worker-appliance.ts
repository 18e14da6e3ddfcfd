/**
 * The whole appliance as a person runs it, for tests that kill parts of it: `mallard start` as a process of its own, with real databases and workers, on ports that stay the same when it is started
 * again. `status` asks it by the command line, as a person would.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { dataPaths } from '../../app/appliance/paths.ts';
import { databaseSecrets } from '../../app/appliance/supervisor/database-secrets.ts';
import { freePort } from './free-port.ts';
import { tempDir } from './temp-dir.ts';
import { waitFor } from './wait-for.ts';

const launcher = path.resolve(import.meta.dirname, '../../bin/mallard.mjs');
const listeners = [
  'imap',
  'imaps',
  'pop3',
  'pop3s',
  'lmtp',
  'smtp',
  'submission',
  'submissions',
  'managesieve',
  'api',
  'gui',
] as const;

const statusSchema = z.object({
  state: z.string(),
  pid: z.int(),
  services: z.array(
    z.object({ name: z.string(), state: z.string(), pid: z.int().nullable(), port: z.int().nullable(), restarts: z.int() }),
  ),
});
export type ApplianceStatus = z.output<typeof statusSchema>;

export type TestAppliance = {
  readonly dataDir: string;
  readonly port: (service: (typeof listeners)[number]) => number;
  /** With root's rights, to look behind the protocols. Read anew after a restart: the port may have changed. */
  readonly mongodbUri: () => Promise<string>;
  readonly status: () => Promise<ApplianceStatus>;
  /** Runs a command of the command line with `--json` and gives its answer. */
  readonly command: (...args: readonly string[]) => Promise<unknown>;
  readonly start: () => Promise<void>;
  /** SIGKILL to the appliance alone. */
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

export async function startAppliance(): Promise<TestAppliance> {
  const dataDir = path.join(tempDir('appliance'), 'data');
  const ports = new Map<string, number>();
  for (const name of listeners) ports.set(name, await freePort());
  const settings = [...ports].flatMap(([name, port]) => ['--set', `${name}.port=${port}`]);
  const env = { ...process.env, MALLARD_DATA: dataDir, NODE_TEST_CONTEXT: undefined };
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();

  const start = async (): Promise<void> => {
    const started = spawn(process.execPath, [launcher, 'start', '--no-open', '--json', ...settings], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    running.add(started);
    let out = '';
    let said = '';
    started.stdout.setEncoding('utf8').on('data', (text: string) => (out = (out + text).slice(0, 65_536)));
    started.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-8_192)));
    ended = new Promise((resolve) => {
      started.once('close', () => {
        running.delete(started);
        resolve();
      });
    });
    await waitFor(
      () => {
        if (started.exitCode !== null) throw new Error(`it ended with ${started.exitCode}: ${said}`);
        return out.includes('\n');
      },
      { timeoutMs: 60_000, what: 'the appliance to be ready' },
    );
  };
  const command = (...args: readonly string[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      execFile(process.execPath, [launcher, ...args, '--json'], { env }, (error, out, err) => {
        if (error === null) resolve(JSON.parse(out));
        else reject(new Error(`mallard ${args.join(' ')}: ${err}`));
      }).stdin?.end();
    });
  const status = async (): Promise<ApplianceStatus> => statusSchema.parse(await command('status'));

  await start();
  return {
    dataDir,
    port: (service) => ports.get(service) ?? 0,
    mongodbUri: async () => {
      const mongod = (await status()).services.find(({ name }) => name === 'mongod');
      const { mongoSupervisor } = databaseSecrets(dataPaths(dataDir).secrets);
      return `mongodb://supervisor:${mongoSupervisor}@127.0.0.1:${mongod?.port ?? 0}/mallard?authSource=admin&directConnection=true`;
    },
    status,
    command,
    start,
    kill: async () => {
      child?.kill('SIGKILL');
      await ended;
    },
    stop: async () => {
      child?.kill('SIGTERM');
      await ended;
    },
  };
}

/** The pid of the process that a control file names; for looking at it while it can't answer. */
export function appliancePid(dataDir: string): number {
  return Number((JSON.parse(readFileSync(dataPaths(dataDir).control, 'utf8')) as { pid?: number }).pid);
}
