/** From the appliance's settings to a worker's configuration. Settings that the worker knows have the same name there, but for the exceptions below. */
import { hostname } from 'node:os';
import type { PartialConfig } from '../../server/config/schema.ts';
import { checks, devices, outbound, spam } from './mail-flow-config.ts';
import type { Ports } from './ports.ts';
import { type ListenerName, listenerNames } from './settings/registry.ts';
import type { Settings } from './settings/store.ts';
import type { SupervisorPlan, WorkerContext } from './supervisor/contract.ts';

export interface WorkerSecrets {
  readonly apiToken: string;
  /** The keyring's text. */
  readonly sealingKeys: string;
  readonly certificate: { readonly chain: string; readonly key: string };
}

/** The kernel shares a port among processes on these; elsewhere one worker serves all. */
export const canSharePorts: boolean = ['linux', 'freebsd', 'sunos', 'aix'].includes(process.platform);

/** Workers that will run: the setting, as far as the platform goes, and as far as they can hear of each other. */
export function workerCount(settings: Settings): number {
  return canSharePorts && redisPlan(settings).mode !== 'none' ? settings.get('workers') : 1;
}

/** None where a person wants none, and where none can be had: on Windows. One worker alone has nobody to tell of a change. */
export function redisPlan(settings: Settings, platform: string = process.platform): SupervisorPlan['valkey'] {
  const uri = settings.get('redis.uri');
  const binary = settings.get('redis.binary');
  if (uri === 'none') return { mode: 'none' };
  if (uri !== '') return { mode: 'external', uri };
  if (binary !== '') return { mode: 'bundled', binary };
  return platform === 'win32' ? { mode: 'none' } : { mode: 'bundled' };
}

/** The name by which this server greets. */
export function serverName(settings: Settings): string {
  return settings.get('server.hostname') || hostname().toLowerCase() || 'localhost';
}

export function workerConfig(settings: Settings, ports: Ports, secrets: WorkerSecrets, context: WorkerContext): PartialConfig {
  return {
    hostname: serverName(settings),
    reusePort: workerCount(settings) > 1,
    mongo: {
      uri: context.mongodbUri,
      ...(settings.get('mongo.blobUri') === '' ? {} : { blobUri: settings.get('mongo.blobUri') }),
    },
    redis: { uri: context.redisUri },
    log: { level: settings.get('log.level') },
    tls: { cert: secrets.certificate.chain, key: secrets.certificate.key, minVersion: settings.get('tls.minVersion') },
    acme: acme(settings),
    sealing: { keys: secrets.sealingKeys },
    auth: { allowPlaintext: settings.get('auth.allowPlaintext') },
    store: { maxMessageBytes: settings.get('store.maxMessageBytes') },
    delivery: { quotaFailure: settings.get('delivery.quotaFailure'), labelToMailbox: settings.get('delivery.labelToMailbox') },
    pop3: { onDelete: settings.get('pop3.onDelete'), maxMessages: settings.get('pop3.maxMessages') },
    smtp: {
      maxRecipients: settings.get('smtp.maxRecipients'),
      fromOwnership: settings.get('smtp.fromOwnership'),
      saveSent: settings.get('smtp.saveSent'),
      maxMessagesPerHour: settings.get('smtp.maxMessagesPerHour'),
      devices: devices(settings),
      checks: checks(settings),
    },
    outbound: outbound(settings),
    spam: spam(settings),
    fetch: { enabled: settings.get('fetch.enabled'), allowPrivate: settings.get('fetch.allowPrivate') },
    api: { rootToken: secrets.apiToken },
    services: Object.fromEntries(listenerNames.map((name) => [name, listener(name, settings, ports, context)])),
  };
}

function listener(
  name: ListenerName,
  settings: Settings,
  ports: Ports,
  context: WorkerContext,
): { enabled: boolean; host: string; port: number } {
  const chosen = ports.get(name);
  const host = settings.get(`${name}.host`);
  if (chosen === undefined) return { enabled: false, host, port: 0 };
  // Any free port stays what it became.
  const port = chosen.port === 0 ? (context.endpoints[name]?.port ?? 0) : chosen.port;
  return { enabled: true, host, port };
}

/** A public authority certifies names on the Internet only. */
function acme(settings: Settings): NonNullable<PartialConfig['acme']> {
  const email = settings.get('acme.email');
  const names = [serverName(settings), ...settings.get('server.names')];
  return {
    enabled: settings.get('acme.enabled'),
    directory: settings.get('acme.directory'),
    challenge: settings.get('acme.challenge'),
    httpPort: settings.get('acme.httpPort'),
    tlsPort: settings.get('acme.tlsPort'),
    names: [...new Set(names)].filter((name) => name.includes('.') && !PRIVATE_NAME.test(name)),
    ...(email === '' ? {} : { email }),
  };
}

/** RFC 6761, 6762, 8375, and what routers use. */
const PRIVATE_NAME = /\.(?:local|localhost|localdomain|lan|home|internal|intranet|corp|test|invalid|example|home\.arpa)$/i;
