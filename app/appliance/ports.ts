/**
 * Which port each listener takes.
 *
 * A port that a person set is taken at its word; the default is the standard port where it can be bound, else standard + 10000 (a system where
 * this user may not have ports below 1024, or one with another mail server). Once chosen, a port stays for the life of the appliance: clients
 * come back to it after a restart of the workers.
 */
import { networkInterfaces } from 'node:os';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { type ListenerName, listenerNames } from './settings/registry.ts';
import type { Settings } from './settings/store.ts';
import { describeHolder, findPortHolder } from './supervisor/port-holder.ts';

/** What else a standard port becomes. */
export const fallbackOffset = 10_000;

export interface ChosenPort {
  readonly host: string;
  /** What the settings say; 0 is any free one. */
  readonly asked: number;
  /** 0 while the worker is to find one. */
  readonly port: number;
  /** Why it is not the standard one. */
  readonly note?: string;
}

/** A port that cannot be had. The message names who has it, and what to do. */
export class PortFault extends Error {
  readonly listener: string;
  readonly port: number;

  constructor(listener: string, port: number, message: string) {
    super(message);
    this.name = 'PortFault';
    this.listener = listener;
    this.port = port;
  }
}

/** The system's code when the address cannot be bound (EADDRINUSE, EACCES, …), or undefined when it can. */
export type ProbePort = (host: string, port: number) => Promise<string | undefined>;

export class Ports {
  readonly #settings: Settings;
  readonly #probe: ProbePort;
  readonly #chosen = new Map<ListenerName, ChosenPort>();

  constructor(settings: Settings, probe: ProbePort = probePort) {
    this.#settings = settings;
    this.#probe = probe;
  }

  get(name: ListenerName): ChosenPort | undefined {
    return this.#chosen.get(name);
  }

  /**
   * Chooses for every enabled listener that has no port yet or whose settings changed.
   * @param several whether workers share the ports: then "any free one" is found here, because one worker cannot tell the other in time
   * @returns what a person should be told
   * @throws PortFault; then nothing has changed
   */
  async choose(several: boolean): Promise<string[]> {
    const fresh = new Map<ListenerName, ChosenPort>();
    for (const name of listenerNames) {
      if (this.#settings.get(`${name}.enabled`)) fresh.set(name, await this.#chooseOne(name, several));
    }
    const notes = [...fresh].flatMap(([name, { note }]) =>
      note === undefined || this.#chosen.get(name)?.note === note ? [] : [note],
    );
    this.#chosen.clear();
    for (const [name, port] of fresh) this.#chosen.set(name, port);
    return notes;
  }

  async #chooseOne(name: ListenerName, several: boolean): Promise<ChosenPort> {
    const host = this.#settings.get(`${name}.host`);
    const asked = this.#settings.get(`${name}.port`);
    const former = this.#chosen.get(name);
    if (former !== undefined && former.asked === asked && (former.host === host || former.port === 0)) {
      return several && former.port === 0 ? { host, asked, port: await freePort(host) } : { ...former, host };
    }
    // The same port on another address: our own worker holds it now, and gives it up before it is needed.
    if (former?.asked === asked) return { ...former, host };
    if (asked === 0) return { host, asked, port: several ? await freePort(host) : 0 };
    const code = await this.#probe(host, asked);
    if (code === undefined) return { host, asked, port: asked };
    const reason = await explain(asked, code);
    if (this.#settings.origin(`${name}.port`) !== 'default') throw fault(name, host, asked, reason);
    const other = asked + fallbackOffset;
    const otherCode = await this.#probe(host, other);
    if (otherCode !== undefined) throw fault(name, host, asked, `${reason}; ${await explain(other, otherCode)}`);
    return { host, asked, port: other, note: `${name}: port ${other} instead of ${asked} (${reason})` };
  }
}

/** Tries to listen there, for a moment. `any` is every address of both families, `localhost` both loopback addresses. */
export async function probePort(host: string, port: number): Promise<string | undefined> {
  for (const address of addressesOf(host)) {
    const code = await tryListen(address, port);
    // One family alone is enough where the other does not exist.
    if (code !== undefined && code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT') return code;
    if (code !== undefined && host !== 'localhost' && host !== 'any') return code;
  }
  return undefined;
}

/** What this computer connects to in order to reach a listener. */
export function connectableHost(host: string): string {
  return ['any', 'localhost', '0.0.0.0', '::', '::1', ''].includes(host) ? '127.0.0.1' : host;
}

/** Whether this computer has IPv6's loopback. */
export function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1') === true);
}

function addressesOf(host: string): readonly string[] {
  if (host === 'any') return ['0.0.0.0', '::'];
  return host === 'localhost' ? ['127.0.0.1', '::1'] : [host];
}

async function tryListen(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    // Each family by itself: the dual-stack socket would miss a program that holds only the other one.
    server.listen({ host, port, exclusive: true, ipv6Only: host.includes(':') });
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  } finally {
    server.close();
  }
}

async function freePort(host: string): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const server = createServer().listen({ host: connectableHost(host), port: 0 });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    if ((await probePort(host, port)) === undefined) return port;
  }
  throw new PortFault('any', 0, 'No free port was found.');
}

async function explain(port: number, code: string): Promise<string> {
  if (code === 'EACCES') return port < 1024 ? `this user may not open port ${port}` : `the system keeps port ${port} for itself`;
  if (code === 'EADDRNOTAVAIL') return 'this computer does not have that address';
  if (code !== 'EADDRINUSE') return `port ${port} cannot be opened (${code})`;
  const holder = await findPortHolder(port);
  return holder === undefined ? `port ${port} is in use` : describeHolder(holder);
}

function fault(name: string, host: string, port: number, reason: string): PortFault {
  const where = host === 'any' ? '' : ` on ${host}`;
  return new PortFault(
    name,
    port,
    `${name} cannot listen on port ${port}${where}: ${reason}.\nStop that program, or choose another port: mallard config set ${name}.port ${port < 50_000 ? port + fallbackOffset : 0} (0 is any free one), or leave it out: mallard config set ${name}.enabled false`,
  );
}
