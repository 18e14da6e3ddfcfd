/** The appliance for browser tests, as a person starts it: a process of its own, real databases, the real worker, the built GUI. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { z } from 'zod';
import { errorSchema, statusSchema, type Status } from '../../app/appliance/control/contract.ts';
import { listenerNames } from '../../app/appliance/settings/registry.ts';
import { readFileSync } from 'node:fs';
import { ensureBuilt } from '../../ui/build.ts';
import { tempDir } from '../harness/temp-dir.ts';
import { waitFor } from '../harness/wait-for.ts';

const launcher = path.resolve(import.meta.dirname, '../../bin/mallard.mjs');
const controlFile = z.looseObject({ url: z.string(), token: z.string() });

export class RealAppliance {
  readonly dataDir: string;
  readonly url: string;
  readonly #token: string;
  readonly #child: ChildProcess;

  private constructor(dataDir: string, child: ChildProcess) {
    this.dataDir = dataDir;
    this.#child = child;
    const control = controlFile.parse(JSON.parse(readFileSync(path.join(dataDir, 'run', 'control.json'), 'utf8')));
    this.url = control.url;
    this.#token = control.token;
  }

  static async start(): Promise<RealAppliance> {
    await ensureBuilt();
    const dataDir = path.join(tempDir('gui'), 'data');
    const ports = [...listenerNames, 'gui'].flatMap((name) => ['--set', `${name}.port=0`]);
    const child = spawn(process.execPath, [launcher, 'start', '--data', dataDir, '--no-open', '--json', ...ports], {
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let said = '';
    child.stdout.on('data', (piece: Buffer) => (out += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
    try {
      await waitFor(
        () => {
          if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
          return out.includes('\n');
        },
        { timeoutMs: 90_000, what: 'the appliance to be ready' },
      );
    } catch (error) {
      child.kill('SIGTERM');
      throw new Error(`the appliance did not start: ${said.slice(-2000)}`, { cause: error });
    }
    return new RealAppliance(dataDir, child);
  }

  async control(method: string, target: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}${target}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${target}: ${errorSchema.safeParse(answer).data?.error ?? response.status}`);
    return answer;
  }

  async status(): Promise<Status> {
    return statusSchema.parse(await this.control('GET', '/control/status'));
  }

  async signInUrl(): Promise<string> {
    return z.object({ url: z.string() }).parse(await this.control('POST', '/control/sign-in-link')).url;
  }

  /** Where a listener is reached now. */
  async port(name: string): Promise<number> {
    const endpoint = (await this.status()).endpoints[name];
    if (endpoint === undefined) throw new Error(`${name} does not listen`);
    return endpoint.port;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
