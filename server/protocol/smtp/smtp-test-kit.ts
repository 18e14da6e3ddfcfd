/** A listener of one SMTP service over a store in memory, and what reached the store, the queue, Sent and the trace. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Budget } from '../../base/budget.ts';
import { silentLogger } from '../../base/log.ts';
import { TlsContexts } from '../../base/tls-contexts.ts';
import { resolveConfig } from '../../config/load.ts';
import type { PartialConfig } from '../../config/schema.ts';
import { createDelivery } from '../../delivery/deliver.ts';
import { createMailFlow } from '../../delivery/mail-flow.ts';
import { createDispatch } from '../../delivery/dispatch.ts';
import { createExpansion } from '../../delivery/expansion.ts';
import type { NewEnvelope } from '../../delivery/queue/queue.ts';
import type { UserId } from '../../mail/ids.ts';
import type { MailLimits } from '../../operations/user-limits.ts';
import type { NewEntry } from '../../store/types-queue.ts';
import type { Screen } from '../../delivery/spam/screen.ts';
import type { Usage } from '../../store/types-usage.ts';
import { listen, type Listener } from '../../base/listener.ts';
import { FakeMailStore, LineClient } from '../../delivery/delivery-test-kit.ts';
import type { IncomingChecks, TraceEvent } from '../../delivery/hooks.ts';
import { createDeviceHandler, createIncomingHandler, createSubmissionHandler } from './handlers.ts';

const listeners: Listener[] = [];
/** Ended when the tests are. */
export const clients: LineClient[] = [];
after(async () => {
  for (const client of clients) client.destroy();
  await Promise.all(listeners.map((listener) => listener.close(0)));
});

export type Enqueued = { readonly envelope: NewEnvelope; readonly entries: readonly NewEntry[]; readonly body: string };
export type Bed = {
  readonly store: FakeMailStore;
  readonly queued: Enqueued[];
  readonly sent: string[];
  readonly traced: TraceEvent[];
  readonly limits: Map<UserId, MailLimits>;
  readonly port: number;
  readonly client: () => Promise<LineClient>;
};

function memoryUsage(): Usage {
  const sums = new Map<string, number>();
  return {
    used: async () => 0,
    add: async () => {},
    take: async (who, what, amount, limit) => {
      const sum = (sums.get(`${who} ${what}`) ?? 0) + amount;
      if (sum > limit) return false;
      sums.set(`${who} ${what}`, sum);
      return true;
    },
  };
}

export async function bed(
  service: 'smtp' | 'submission' | 'devices',
  settings: PartialConfig = {},
  checks?: IncomingChecks,
  screen?: Screen['recipient'],
  tlsProvider?: TlsContexts,
): Promise<Bed> {
  const store = new FakeMailStore();
  const queued: Enqueued[] = [];
  const sent: string[] = [];
  const traced: TraceEvent[] = [];
  const limits = new Map<UserId, MailLimits>();
  const config = resolveConfig({ hostname: 'mail.test', ...settings, auth: { failureDelayMs: 1, ...settings.auth } });
  const { operations } = store;
  const trace = { record: (event: TraceEvent) => void traced.push(event) };
  const srsSecret = async (): Promise<Buffer> => Buffer.alloc(32, 1);
  const expansion = createExpansion({
    operations,
    localDomains: { has: async (domain) => domain === 'mail.test' || domain === 'xn--80ajbimhv.xn--c1avg' },
    log: silentLogger,
    srsSecret,
  });
  const dispatch = createDispatch({
    expansion,
    contents: operations.contents,
    srsSecret,
    wake: () => {},
    queue: {
      enqueue: async (envelope, entries, source) => {
        if (store.away) throw new Error('away');
        const body = Buffer.isBuffer(source)
          ? source
          : Buffer.concat([source.head ?? Buffer.alloc(0), store.contents.get(source.stored.content) ?? Buffer.alloc(0)]);
        queued.push({ envelope, entries, body: String(body) });
        return { message: 'id', entries: [], repeated: false };
      },
    },
  });
  const flow = createMailFlow({
    config,
    operations,
    expansion,
    dispatch,
    delivery: createDelivery({ operations, config, log: silentLogger, trace }),
    lists: {
      refusal: async () => undefined,
      post: async () => ({ kind: 'delivered' }),
      moderate: async () => ({ kind: 'delivered' }),
    },
    sentCopies: { save: async (_user, messageId) => void sent.push(messageId), close: () => {} },
    log: silentLogger,
    trace,
    limits: {
      of: async (user) =>
        limits.get(user) ?? {
          recipientsPerDay: 1000,
          receivedPerHour: 0,
          receivedIsOwn: false,
          pop3MaxMessages: 0,
          imapMaxConnections: 0,
          pop3DownloadBytes: 0,
          imapUpload: 0,
          imapDownload: 0,
          alsoFrom: [],
        },
      usage: memoryUsage(),
    },
  });
  const create = { smtp: createIncomingHandler, submission: createSubmissionHandler, devices: createDeviceHandler }[service];
  const listener = await listen({
    service,
    host: '127.0.0.1',
    port: 0,
    tls: 'starttls',
    tlsProvider,
    allowHalfOpen: true,
    limits: { maxConnections: 100, maxConnectionsPerAddress: 100 },
    log: silentLogger,
    handler: create({
      config,
      operations,
      flow,
      memory: new Budget(1 << 28),
      log: silentLogger,
      trace,
      ...(checks === undefined ? {} : { checks }),
      ...(screen === undefined ? {} : { screen: { recipient: screen } }),
    }),
  });
  listeners.push(listener);
  const client = async (): Promise<LineClient> => {
    const opened = new LineClient(listener.port);
    clients.push(opened);
    assert.equal(await opened.reply(), '220 mail.test ESMTP Mallard');
    return opened;
  };
  return { store, queued, sent, traced, limits, port: listener.port, client };
}

export async function ready(service: Bed): Promise<LineClient> {
  const smtp = await service.client();
  await smtp.say('EHLO client.test');
  return smtp;
}

export async function loggedIn(service: Bed): Promise<LineClient> {
  const smtp = await ready(service);
  assert.match(await smtp.say(`AUTH PLAIN ${Buffer.from('\0user@mail.test\0secret').toString('base64')}`), /^235/);
  return smtp;
}

export async function send(smtp: LineClient, from: string, to: readonly string[], message: string): Promise<string> {
  await smtp.say(`MAIL FROM:<${from}>`);
  for (const address of to) {
    const answer = await smtp.say(`RCPT TO:<${address}>`);
    if (!answer.startsWith('250')) return answer;
  }
  const data = await smtp.say('DATA');
  if (!data.startsWith('354')) return data;
  return smtp.say(`${message}\r\n.`);
}

/** A device as a user has registered it. */
export const printer = { name: 'printer', networks: ['127.0.0.0/30'], sender: 'user@mail.test', maxPerHour: 3 };

test('a known device sends without a login, as its user, within its limit', async () => {
  const service = await bed('smtp', { smtp: { devices: [printer] } });
  service.store.addUser('user@mail.test');
  const smtp = await ready(service);
  assert.match(await send(smtp, 'scanner@localhost', ['x@else.test'], 'From: scanner\r\nSubject: scan\r\n\r\nx'), /^250 2\.0\.0/);
  assert.equal(service.queued[0]?.envelope.from, 'user@mail.test');
  assert.deepEqual(service.sent, []);
  assert.match(
    await send(smtp, '', ['x@else.test', 'y@else.test', 'z@else.test'], 'x'),
    /^452 4\.7\.1 The limit of 3 recipients an hour/,
  );
  assert.match(await send(smtp, '', ['x@else.test', 'y@else.test'], 'x'), /^250/);
  assert.equal(service.queued[1]?.envelope.from, '');
});

test('the port for devices is for them alone', async () => {
  const service = await bed('devices', { smtp: { devices: [{ ...printer, networks: ['192.0.2.7'] }] } });
  const stranger = new LineClient(service.port);
  clients.push(stranger);
  assert.equal(await stranger.rest(), '554 5.7.1 This port is for known devices\r\n');
});
