/**
 * Who is connected to the mail services right now, as the operating system sees it: established TCP connections to their ports. It needs no answer
 * from the mail server, so it also works while that hangs.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export interface ConnectedClients {
  readonly connections: number;
  /** Remote addresses, each once; loopback ones are left out and counted in `local`. */
  readonly addresses: readonly string[];
  readonly local: number;
}

export interface Connection {
  readonly localPort: number;
  readonly remoteAddress: string;
  /** Where this end is the client: a program here connected to a mail service here shows up from both ends. */
  readonly remotePort: number;
}

const toolTimeoutMs = 4000;
const maxTableBytes = 8 * 1024 * 1024;

/** @param ports of mail services. Undefined when this system does not tell. */
export async function connectedClients(
  ports: readonly number[],
  platform: string = process.platform,
): Promise<ConnectedClients | undefined> {
  try {
    return summary(platform === 'linux' ? await fromProc() : await fromNetstat(), ports);
  } catch {
    // The tool is missing or forbidden: the question is asked without numbers then.
    return undefined;
  }
}

export function summary(connections: readonly Connection[], ports: readonly number[]): ConnectedClients {
  const wanted = new Set(ports);
  const served = connections.filter((each) => wanted.has(each.localPort));
  const remote = served.filter((each) => !isLoopback(each.remoteAddress));
  return {
    connections: served.length,
    addresses: [...new Set(remote.map((each) => each.remoteAddress))].sort(),
    local: served.length - remote.length,
  };
}

async function fromProc(): Promise<Connection[]> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map(async (file) => readFile(file, 'latin1').catch(() => '')),
  );
  return tables.flatMap(parseProc);
}

/** Lines of /proc/net/tcp: `sl local remote state …`, addresses as words of the machine's byte order in hex; state 01 is ESTABLISHED. */
export function parseProc(table: string): Connection[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', remote = '', state] = line.trim().split(/\s+/);
      if (state !== '01') return [];
      const [address = '', port = ''] = remote.split(':');
      return [
        {
          localPort: Number.parseInt(local.split(':')[1] ?? '', 16),
          remoteAddress: address.length === 8 ? ipv4(address) : ipv6(address),
          remotePort: Number.parseInt(port, 16),
        },
      ];
    });
}

function ipv4(hex: string): string {
  return bytesOf(hex).reverse().join('.');
}

function ipv6(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => bytesOf(word).reverse());
  const words = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0));
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff) return bytes.slice(12).join('.');
  const text = words.map((word) => word.toString(16)).join(':');
  // The URL parser writes the short form.
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

function bytesOf(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

async function fromNetstat(): Promise<Connection[]> {
  const { stdout } = await promisify(execFile)('netstat', ['-an', '-p', 'tcp'], {
    timeout: toolTimeoutMs,
    maxBuffer: maxTableBytes,
    windowsHide: true,
  });
  return parseNetstat(stdout);
}

/** macOS: `tcp4 0 0 192.168.1.2.993 192.168.1.7.51000 ESTABLISHED`; Windows: `TCP 192.168.1.2:993 192.168.1.7:51000 ESTABLISHED`. */
export function parseNetstat(output: string): Connection[] {
  return output.split(/\r?\n/).flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const at = fields.findIndex((field) => /^(ESTABLISHED|HERGESTELLT)$/i.test(field));
    if (at < 2 || !/^tcp/i.test(fields[0] ?? '')) return [];
    const local = endpoint(fields[at - 2] ?? '');
    const remote = endpoint(fields[at - 1] ?? '');
    return local === undefined || remote === undefined
      ? []
      : [{ localPort: local.port, remoteAddress: remote.address, remotePort: remote.port }];
  });
}

function endpoint(text: string): { address: string; port: number } | undefined {
  const match = /^\[?([0-9a-fA-F:.]+?)(?:%[^\]]*?)?\]?[.:](\d+)$/.exec(text);
  const address = match?.[1]?.replace(/^::ffff:(?=\d+\.)/i, '');
  return address === undefined ? undefined : { address, port: Number(match?.[2]) };
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
