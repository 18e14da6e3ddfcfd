/**
 * A loopback port for a bundled database: chosen once from a range below the ones that systems hand out to outgoing connections, then kept in a
 * file, so that backups, tools and restarted children find the same one. Never 27017 or 6379: those belong to databases that people run themselves.
 */
import { randomInt } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { describeHolder, findPortHolder } from './port-holder.ts';

const RANGE = [20_000, 32_000] as const;
const MAX_ATTEMPTS = 200;
const portsSchema = z.record(z.string(), z.number().int().min(1).max(65_535));

/** The service's port: the one it had, if it can still be bound, else a new one, which is told by `onMoved` when there was one. */
export async function localPort(runDir: string, service: string, onMoved: (message: string) => void): Promise<number> {
  const file = path.join(runDir, 'ports.json');
  const ports = readPorts(file);
  const before = ports[service];
  if (before !== undefined && (await canBind(before))) return before;
  const taken = new Set(Object.values(ports));
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const port = randomInt(...RANGE);
    // A range that the system has reserved (Windows) looks free and fails to bind: only binding tells.
    if (taken.has(port) || !(await canBind(port))) continue;
    if (before !== undefined) {
      const holder = await findPortHolder(before);
      onMoved(
        `${holder === undefined ? `port ${before} cannot be used` : describeHolder(holder)}; ${service} moves to port ${port}`,
      );
    }
    writePorts(file, { ...readPorts(file), [service]: port });
    return port;
  }
  throw new Error(`no free port between ${RANGE[0]} and ${RANGE[1]}`);
}

export function canBind(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function readPorts(file: string): Record<string, number> {
  try {
    return portsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Not there yet, or not readable: new ports are chosen.
    return {};
  }
}

function writePorts(file: string, ports: Record<string, number>): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(ports)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
