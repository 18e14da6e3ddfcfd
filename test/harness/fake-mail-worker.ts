/**
 * Stands in for server/main.ts where the appliance is the subject: takes the real configuration (and refuses what the real worker would refuse),
 * listens wherever it says, and reports. Its HTTP API tells the configuration that it got, so that a test can see what the appliance sends.
 */
import { writeSync } from 'node:fs';
import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import { ConfigFault, parseConfigJson } from '../../server/config/load.ts';
import { type Config, serviceKinds, type ServiceName } from '../../server/config/schema.ts';
import { answerUsersApi } from './fake-users-api.ts';

const report = (message: object): void => void writeSync(3, `${JSON.stringify(message)}\n`);
const log = (message: string, fields: object = {}): void => {
  writeSync(1, `${JSON.stringify({ time: new Date().toISOString(), level: 'info', message, ...fields })}\n`);
};

const commands: string[] = [];
const lines = createInterface({ input: process.stdin });
lines.once('line', (line) => {
  run(line).catch((error: unknown) => {
    const problems = error instanceof ConfigFault ? error.problems : undefined;
    const { code, port } = error as { code?: string; port?: number };
    report({
      type: 'failed',
      reason: problems === undefined ? 'listen' : 'config',
      problems,
      code,
      port,
      message: String(error),
    });
    process.exit(78);
  });
});
lines.on('close', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));

async function run(line: string): Promise<void> {
  const config = parseConfigJson(line);
  const endpoints: Record<string, object> = {};
  for (const [name, { tls }] of Object.entries(serviceKinds) as [ServiceName, { tls: string }][]) {
    const { enabled, host } = config.services[name];
    if (enabled === false) continue;
    endpoints[name] = { host, port: await open(name, config), tls };
  }
  log('listening', { service: 'imap', connection: 'c1', password: 'hunter2', token: config.api.rootToken });
  lines.on('line', (command) => commands.push(command));
  report({ type: 'ready', endpoints });
}

function open(name: ServiceName, config: Config): Promise<number> {
  const server: Server | HttpServer =
    name === 'api' ? api(config) : createServer((socket) => socket.end(`* OK ${process.pid}\r\n`));
  return new Promise((resolve, reject) => {
    const { port } = config.services[name];
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port, reusePort: config.reusePort && port !== 0 }, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function api(config: Config): HttpServer {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.headers['x-access-token'] !== config.api.rootToken) {
      response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error: 'no', code: 'InvalidToken' }));
    } else if (!(await answerUsersApi(request, response))) {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ config, commands, pid: process.pid, url: request.url }));
    }
  };
  return createHttpServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
}
