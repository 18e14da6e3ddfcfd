/**
 * A database that somebody else runs, known by its URI: nothing is spawned, it is only asked, so that the status can say whether it answers. Asked
 * without credentials (hello, PING): whether the login and the set are right is the worker's to find out.
 */
import net from 'node:net';
import type { ExternalLaunch } from '../definition.ts';
import { MongoConnection } from '../mongo-client.ts';
import { RedisCommandError, runRedisCommand } from '../redis-client.ts';

type Host = { readonly host: string; readonly port: number };

/** Host and port pairs of a mongodb:// or redis:// URI, without credentials. An SRV name has none: DNS knows them, and only the driver asks. */
export function hostsOf(uri: string): Host[] {
  if (/^mongodb\+srv:/i.test(uri)) return [];
  const authority = /^[a-z+-]+:\/\/(?:[^@/]*@)?([^/?]+)/i.exec(uri)?.[1] ?? '';
  const defaultPort = /^mongodb:/i.test(uri) ? 27_017 : 6379;
  return authority.split(',').flatMap((one) => {
    const parts = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(one);
    if (parts?.[1] === undefined) return [];
    return [{ host: parts[1].replaceAll(/[[\]]/g, ''), port: parts[2] === undefined ? defaultPort : Number(parts[2]) }];
  });
}

export function prepareExternal(uri: string): ExternalLaunch {
  const hosts = hostsOf(uri);
  const ask = howToAsk(uri);
  return {
    external: true,
    address: hosts.map(({ host, port }) => `${host}:${port}`).join(', ') || 'the cluster',
    probe: async (timeoutMs) => {
      if (hosts.length === 0) return;
      await Promise.any(hosts.map((host) => ask(host, timeoutMs)));
    },
  };
}

function howToAsk(uri: string): (host: Host, timeoutMs: number) => Promise<void> {
  // Behind TLS only the open port is seen: the certificates to trust are in the workers' configuration.
  if (/^rediss:|[?&](tls|ssl)=true/i.test(uri)) return connectOnce;
  return /^mongodb:/i.test(uri) ? hello : ping;
}

async function hello({ host, port }: Host, timeoutMs: number): Promise<void> {
  const connection = await MongoConnection.open(port, timeoutMs, host);
  try {
    await connection.command('admin', { hello: 1 }, timeoutMs);
  } finally {
    connection.close();
  }
}

async function ping({ host, port }: Host, timeoutMs: number): Promise<void> {
  try {
    await runRedisCommand(port, undefined, ['PING'], timeoutMs, host);
  } catch (error) {
    // "NOAUTH": it lives and wants the password that the workers have.
    if (!(error instanceof RedisCommandError)) throw error;
  }
}

function connectOnce({ host, port }: Host, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, timeout: timeoutMs });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
  });
}
