/**
 * Which process holds a TCP port, so that "address already in use" can be told with a name. Linux: the kernel's own tables (a socket's inode in
 * /proc/net/tcp, then the process that has it open); elsewhere lsof, and netstat with tasklist on Windows. Without rights on the other process
 * (another user's) the port is known to be held, but not by whom.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { promisify } from 'node:util';

export type PortHolder = {
  readonly port: number;
  /** Undefined when it belongs to somebody whose processes we may not look into. */
  readonly pid?: number;
  /** The command's short name. */
  readonly name?: string;
  readonly path?: string;
};

const run = promisify(execFile);
const TOOL_TIMEOUT_MS = 10_000;

/** The process that listens on the port on any local address, or undefined when none does (or it cannot be found out). */
export async function findPortHolder(port: number): Promise<PortHolder | undefined> {
  if (process.platform === 'linux') return findInProc(port);
  return process.platform === 'win32' ? await findByNetstat(port) : await findByLsof(port);
}

/** "port 25 is used by exim4 (process 812, /usr/sbin/exim4)". */
export function describeHolder(holder: PortHolder): string {
  if (holder.pid === undefined) return `port ${holder.port} is used by a program of another user`;
  const path = holder.path === undefined || holder.path === '' ? '' : `, ${holder.path}`;
  return `port ${holder.port} is used by ${holder.name ?? 'a program'} (process ${holder.pid}${path})`;
}

const LISTEN_STATE = '0A';

/** Lines of /proc/net/tcp: "0: 0100007F:1F90 00000000:0000 0A … uid timeout inode …", the port in hex after the address. */
export function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const inode = fields[9];
    return fields[3] === LISTEN_STATE && fields[1]?.endsWith(`:${wanted}`) && inode !== undefined ? [inode] : [];
  });
}

function findInProc(port: number): PortHolder | undefined {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(readIfAny(table), port)));
  if (inodes.size === 0) return undefined;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || !holdsSocket(entry, inodes)) continue;
    return { port, pid: Number(entry), name: readIfAny(`/proc/${entry}/comm`).trim(), path: readLinkIfAny(`/proc/${entry}/exe`) };
  }
  return { port };
}

function holdsSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  let descriptors: string[];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch {
    // Not ours to look into, or ended meanwhile.
    return false;
  }
  return descriptors.some((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(readLinkIfAny(`/proc/${pid}/fd/${fd}`))?.[1];
    return inode !== undefined && inodes.has(inode);
  });
}

function readIfAny(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function readLinkIfAny(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

async function findByLsof(port: number): Promise<PortHolder | undefined> {
  const output = await outputOf('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']);
  return parseLsof(output, port);
}

/** `lsof -Fpc` prints a field a line: "p812", "cexim4". */
export function parseLsof(output: string, port: number): PortHolder | undefined {
  const pid = /^p(\d+)$/m.exec(output)?.[1];
  const name = /^c(.+)$/m.exec(output)?.[1];
  return pid === undefined ? undefined : { port, pid: Number(pid), ...(name === undefined ? {} : { name }) };
}

async function findByNetstat(port: number): Promise<PortHolder | undefined> {
  const holder = parseNetstat(await outputOf('netstat', ['-ano', '-p', 'TCP']), port);
  if (holder?.pid === undefined) return holder;
  const name = /^"([^"]+)"/m.exec(await outputOf('tasklist', ['/FI', `PID eq ${holder.pid}`, '/FO', 'CSV', '/NH']))?.[1];
  return name === undefined ? holder : { ...holder, name };
}

/** "  TCP    0.0.0.0:25    0.0.0.0:0    LISTENING    812"; the word for the state is translated, the foreign port 0 is not. */
export function parseNetstat(output: string, port: number): PortHolder | undefined {
  for (const line of output.split('\n')) {
    const [protocol, local, foreign, , pid] = line.trim().split(/\s+/);
    if (protocol === 'TCP' && local?.endsWith(`:${port}`) && foreign?.endsWith(':0') && pid !== undefined)
      return { port, pid: Number(pid) };
  }
  return undefined;
}

async function outputOf(file: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(file, args, { timeout: TOOL_TIMEOUT_MS, windowsHide: true, maxBuffer: 8 << 20 })).stdout;
  } catch {
    // The tool is not there, or found nothing (lsof then exits with 1).
    return '';
  }
}
