/**
 * Stands in for server/main.ts where only the supervisor is the subject: reads its configuration from the first line of stdin, listens, reports,
 * and ends when stdin does. `behaviour` in the configuration makes it misbehave.
 */
import { writeSync } from 'node:fs';
import net from 'node:net';
import { createInterface } from 'node:readline';

type Config = { readonly behaviour?: string; readonly port?: number; readonly reusePort?: boolean; readonly mongodbUri?: string };

const lines = createInterface({ input: process.stdin });
const report = (message: object): void => void writeSync(3, `${JSON.stringify(message)}\n`);
const log = (message: string): void => void writeSync(1, `${JSON.stringify({ level: 'info', message })}\n`);

lines.once('line', (line) => {
  const config = JSON.parse(line) as Config;
  if (config.behaviour === 'bad-config') {
    report({ type: 'failed', reason: 'config', problems: ['imap.port: not a port'] });
    process.exit(78);
  }
  const server = net.createServer((socket) => socket.end('* OK\r\n'));
  server.on('error', (error: NodeJS.ErrnoException) => {
    report({
      type: 'failed',
      reason: 'listen',
      service: 'imap',
      host: '127.0.0.1',
      port: config.port,
      code: error.code,
      message: error.message,
    });
    process.exit(78);
  });
  server.listen({ port: config.port ?? 0, host: '127.0.0.1', reusePort: config.reusePort ?? false }, () => {
    const { port } = server.address() as net.AddressInfo;
    log(`database ${config.mongodbUri ?? ''}`);
    report({ type: 'ready', endpoints: { imap: { host: '127.0.0.1', port, tls: 'none' } } });
  });
  const drain = (reason: string): void => {
    log(`drained: ${reason}`);
    process.exit(0);
  };
  lines.on('line', (command) => log(`command ${command}`));
  lines.on('close', () => drain('stdin ended'));
  process.on('SIGTERM', () => drain('SIGTERM'));
});
