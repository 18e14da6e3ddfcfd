/**
 * The bundled mongod: on loopback, with authentication, journaled, zstd, a bounded cache. The first start creates two users through mongod's
 * localhost exception; every later start makes sure of them, so a crash in between heals.
 */
import { constants, cpSync, existsSync, mkdirSync, rmSync, statfsSync, statSync, readdirSync, renameSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { resolveServer } from '../../../../resources/servers/resolve.ts';
import { ServerNotFoundError } from '../../../../resources/servers/try.ts';
import type { BundledMongod } from '../contract.ts';
import type { DatabaseSecrets } from '../database-secrets.ts';
import {
  explainDiskFull,
  StartFault,
  type Explanation,
  type PrepareContext,
  type ProcessEnd,
  type ProcessLaunch,
} from '../definition.ts';
import { localPort } from '../local-port.ts';
import { MongoCommandError, MongoConnection, mongoCodes } from '../mongo-client.ts';
import {
  holdsData,
  judgeVersion,
  readDataVersion,
  seriesOf,
  shouldRaise,
  writeDataVersion,
  type DataVersion,
} from './mongod-version.ts';

export const SUPERVISOR_USER = 'supervisor';
export const WORKER_USER = 'worker';
export const DATABASE = 'mallard';

const MIB = 1024 * 1024;
/** mongod accepts no smaller cache. */
const SMALLEST_CACHE_BYTES = 256 * MIB;
const LARGEST_CACHE_BYTES = 1024 * MIB;

/** What this machine, or the container around us, has. */
function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem();
}

/** A quarter of the memory, within 256 MB and 1 GB. */
export function cacheBytes(memoryBytes: number, wanted?: number): number {
  if (wanted !== undefined && wanted > 0) return Math.max(wanted, SMALLEST_CACHE_BYTES);
  return Math.min(Math.max(Math.floor(memoryBytes / 4), SMALLEST_CACHE_BYTES), LARGEST_CACHE_BYTES);
}

export type MongodSetup = {
  readonly dbPath: string;
  readonly runDir: string;
  readonly secrets: DatabaseSecrets;
  readonly plan: () => BundledMongod;
  /** Called with the URI for workers before each start. */
  readonly onUri: (uri: string) => void;
};

export async function prepareMongod(setup: MongodSetup, context: PrepareContext): Promise<ProcessLaunch> {
  const plan = setup.plan();
  const server = await resolveProgram(plan.binary, context);
  mkdirSync(setup.dbPath, { recursive: true, mode: 0o700 });
  await checkVersion(setup.dbPath, server.version, context);
  const port = await localPort(setup.runDir, 'mongod', (message) => context.notice('warn', message));
  setup.onUri(
    `mongodb://${WORKER_USER}:${setup.secrets.mongoWorker}@127.0.0.1:${port}/${DATABASE}?authSource=admin&directConnection=true`,
  );
  const session = new Session(port, setup.secrets);
  return {
    external: false,
    program: server.path,
    args: mongodArgs(setup.dbPath, port, cacheBytes(memoryBytes(), plan.cacheBytes)),
    cwd: setup.dbPath,
    lifeLine: false,
    reports: false,
    port,
    version: server.version,
    becomeReady: async (timeoutMs) => {
      await session.ensureUsers(timeoutMs);
      await session.recordVersion(setup.dbPath, server.version, timeoutMs, context);
    },
    probe: (timeoutMs) => session.ping(timeoutMs),
    shutdown: (timeoutMs) => session.shutdown(timeoutMs),
    release: () => session.release(),
    explain: (end) => Promise.resolve(explainMongod(end)),
  };
}

export function mongodArgs(dbPath: string, port: number, cache: number): string[] {
  return [
    '--dbpath',
    dbPath,
    '--port',
    String(port),
    '--bind_ip',
    '127.0.0.1',
    ...(process.platform === 'win32' ? [] : ['--nounixsocket']),
    '--auth',
    '--wiredTigerCacheSizeGB',
    (cache / (1024 * MIB)).toFixed(3),
    '--wiredTigerCollectionBlockCompressor',
    'zstd',
    '--wiredTigerJournalCompressor',
    'zstd',
    // Without it every probe's connection is two lines of log.
    '--quiet',
    // Its diagnostic files take up to 200 MB beside the mail and serve only its makers' support.
    '--setParameter',
    'diagnosticDataCollectionEnabled=false',
    '--setParameter',
    'authenticationMechanisms=SCRAM-SHA-256',
  ];
}

async function resolveProgram(binary: string | undefined, context: PrepareContext): Promise<{ path: string; version: string }> {
  try {
    const found = await resolveServer('mongod', {
      ...(binary === undefined ? {} : { explicitPath: binary }),
      onProgress: ({ text }) => context.progress(text),
    });
    for (const one of found.passedOver)
      if (one.source === 'explicit') context.notice('warn', `mongod: ${one.what} is not used: ${one.reason}`);
    return found;
  } catch (error) {
    if (!(error instanceof ServerNotFoundError)) throw error;
    throw new StartFault({ kind: 'no-program', message: error.message, remedy: error.remedies.join(' '), final: true });
  }
}

async function checkVersion(dbPath: string, program: string, context: PrepareContext): Promise<void> {
  if (!holdsData(dbPath)) return;
  const record = readDataVersion(dbPath);
  const verdict = judgeVersion(record, program);
  if (verdict.verdict === 'refused') {
    throw new StartFault({ kind: 'data-version', message: verdict.message, remedy: verdict.remedy, final: true });
  }
  if (verdict.verdict === 'upgrade') {
    context.progress(`Keeping a copy of the data before the step from MongoDB ${verdict.from} to ${verdict.to}`);
    copyBeforeUpgrade(dbPath, verdict.from);
    context.notice('info', `The data is opened by MongoDB ${verdict.to}; a copy from ${verdict.from} is kept beside it.`);
  }
}

/** A whole, cold copy beside the data (as a clone where the file system can). Nothing is started when it does not fit. */
export function copyBeforeUpgrade(dbPath: string, from: string): string {
  const target = `${dbPath}-before-upgrade-from-${from}`;
  if (existsSync(target)) return target;
  const needed = folderBytes(dbPath);
  const { bavail, bsize } = statfsSync(path.dirname(dbPath));
  if (needed * 1.1 > bavail * bsize) {
    throw new StartFault({
      kind: 'disk-full',
      message: `There is no room for the copy that is made before MongoDB ${from} is left: it needs ${Math.ceil(needed / MIB)} MB.`,
      remedy: 'Free that much on the disk of the data directory and start again.',
      final: true,
    });
  }
  const draft = `${target}.part`;
  rmSync(draft, { recursive: true, force: true });
  cpSync(dbPath, draft, { recursive: true, mode: constants.COPYFILE_FICLONE, preserveTimestamps: true });
  renameSync(draft, target);
  return target;
}

function folderBytes(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);
}

/** The supervisor's connection to its mongod: opened when needed, kept for the probes. */
class Session {
  readonly #port: number;
  readonly #secrets: DatabaseSecrets;
  #connection: MongoConnection | undefined;

  constructor(port: number, secrets: DatabaseSecrets) {
    this.#port = port;
    this.#secrets = secrets;
  }

  async ping(timeoutMs: number): Promise<void> {
    await this.#command({ ping: 1 }, timeoutMs);
  }

  async ensureUsers(timeoutMs: number): Promise<void> {
    try {
      await this.ping(timeoutMs);
    } catch (error) {
      if (!(error instanceof MongoCommandError) || error.code !== mongoCodes.authenticationFailed) throw error;
      await this.#createFirstUser(timeoutMs);
    }
    const worker = { pwd: this.#secrets.mongoWorker, roles: ['readWriteAnyDatabase', 'dbAdminAnyDatabase', 'clusterMonitor'] };
    try {
      await this.#command({ createUser: WORKER_USER, ...worker }, timeoutMs);
    } catch (error) {
      if (!(error instanceof MongoCommandError) || error.code !== mongoCodes.userExists) throw error;
    }
  }

  /** mongod lets a connection from this machine create the first user, and only that. */
  async #createFirstUser(timeoutMs: number): Promise<void> {
    const connection = await MongoConnection.open(this.#port, timeoutMs);
    try {
      await connection.command(
        'admin',
        { createUser: SUPERVISOR_USER, pwd: this.#secrets.mongoSupervisor, roles: ['root'] },
        timeoutMs,
      );
    } catch (error) {
      if (!(error instanceof MongoCommandError) || error.code !== mongoCodes.unauthorized) throw error;
      throw new StartFault({
        kind: 'exited',
        message:
          'mongod does not accept the password in the secrets folder: the database and the secrets are not from the same installation.',
        remedy: 'Restore secrets/databases.json from the backup that the database is from.',
        final: true,
      });
    } finally {
      connection.close();
    }
  }

  async recordVersion(dbPath: string, program: string, timeoutMs: number, context: PrepareContext): Promise<void> {
    const before = readDataVersion(dbPath);
    const reply = await this.#command({ getParameter: 1, featureCompatibilityVersion: 1 }, timeoutMs);
    const fcv = (reply['featureCompatibilityVersion'] as { version?: unknown } | undefined)?.version;
    const sameSeries = before !== undefined && seriesOf(before.mongod) === seriesOf(program);
    const record: DataVersion = {
      mongod: program,
      featureCompatibility: typeof fcv === 'string' ? fcv : seriesOf(program),
      seriesSince: sameSeries ? before.seriesSince : Date.now(),
    };
    writeDataVersion(dbPath, record);
    if (!shouldRaise(record, Date.now())) return;
    const version = seriesOf(program);
    // The confirmation is asked for since 7.0 and refused before.
    await this.#command(
      { setFeatureCompatibilityVersion: version, ...(Number.parseInt(version, 10) >= 7 ? { confirm: true } : {}) },
      60_000,
    );
    writeDataVersion(dbPath, { ...record, featureCompatibility: version });
    context.notice(
      'info',
      `MongoDB's compatibility was raised to ${version}; going back to the release before is no longer possible.`,
    );
  }

  async shutdown(timeoutMs: number): Promise<void> {
    try {
      await this.#command({ shutdown: 1, timeoutSecs: 10 }, timeoutMs);
    } catch (error) {
      // It closes the connection instead of answering, or says that it is on its way already: both are what was asked for.
      if (error instanceof MongoCommandError && error.code !== mongoCodes.shutdownInProgress) throw error;
      if (error instanceof Error && /no connection|no answer|ECONNREFUSED/.test(error.message)) throw error;
    }
  }

  release(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #command(command: Parameters<MongoConnection['command']>[1], timeoutMs: number): ReturnType<MongoConnection['command']> {
    try {
      this.#connection ??= await this.#open(timeoutMs);
      return await this.#connection.command('admin', command, timeoutMs);
    } catch (error) {
      // mongod's "no" leaves the connection good; anything else does not.
      if (!(error instanceof MongoCommandError)) this.release();
      throw error;
    }
  }

  async #open(timeoutMs: number): Promise<MongoConnection> {
    const connection = await MongoConnection.open(this.#port, timeoutMs);
    try {
      await connection.login(SUPERVISOR_USER, this.#secrets.mongoSupervisor, timeoutMs);
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }
}

function explainMongod(end: ProcessEnd): Explanation | undefined {
  const diskFull = explainDiskFull(end.lastLines);
  if (diskFull !== undefined) return diskFull;
  const text = end.lastLines.join('\n');
  if (end.code === 48 || /Address already in use/.test(text)) {
    return {
      kind: 'port-in-use',
      message: 'The port of mongod was taken by another program; another one is chosen.',
      final: false,
    };
  }
  // Exit code 62: the data's version; and what WiredTiger says of files of a later release. Not the FCV's name: every start logs it.
  if (end.code === 62 || (end.signal !== 'SIGKILL' && /unsupported WiredTiger file version|Wrong mongod version/i.test(text))) {
    return {
      kind: 'data-version',
      message: 'This mongod cannot open the data: it was written by another version. Nothing was changed.',
      remedy: 'Use the version that wrote it, or restore a backup.',
      final: true,
    };
  }
  if (/DBPathInUse|Unable to lock the lock file/.test(text)) {
    return {
      kind: 'exited',
      message: 'Another mongod has the data directory open.',
      remedy: 'Stop that one. It was not started by this Mallard.',
      final: false,
    };
  }
  return undefined;
}
