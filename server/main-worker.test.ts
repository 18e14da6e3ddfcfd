import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selfSigned } from '../test/harness/self-signed.ts';
import { unavailable } from './base/fault.ts';
import { listen, ListenFault } from './base/listener.ts';
import { silentLogger } from './base/log.ts';
import { resolveConfig } from './config/load.ts';
import type { PartialConfig } from './config/schema.ts';
import { StartAborted, startWorker, type StartService, type WorkerParts } from './main-worker.ts';
import type { OpenedStore } from './operations/create.ts';

const closeAtOnce: StartService = ({ name, config, tls }) => {
  const { host, port } = config.services[name];
  return listen({
    service: name,
    host,
    port,
    tls: name.endsWith('s') ? 'implicit' : 'starttls',
    tlsProvider: tls,
    limits: { maxConnections: 10, maxConnectionsPerAddress: 10 },
    log: silentLogger,
    handler: { accept: (connection) => connection.destroy(), busyLine: () => '' },
  });
};

function parts(failures: number): { parts: WorkerParts; closed: () => number; tries: () => number } {
  let tries = 0;
  let closed = 0;
  return {
    tries: () => tries,
    closed: () => closed,
    parts: {
      retryMs: 1,
      assemble: () => ({
        services: { imap: closeAtOnce, imaps: closeAtOnce },
        counts: () => ({ received: 0, sent: 0 }),
        start: () => {},
        stop: () => Promise.resolve(),
      }),
      createOperations: () => {
        tries += 1;
        if (tries <= failures) return Promise.reject(unavailable('away'));
        const close = async (): Promise<void> => {
          closed += 1;
        };
        return Promise.resolve({ operations: {}, close } as unknown as OpenedStore);
      },
    },
  };
}

const onlyImap = (imapPort: number, imaps = false): PartialConfig => ({
  services: {
    imap: { host: '127.0.0.1', port: imapPort },
    imaps: { host: '127.0.0.1', port: 0, ...(imaps ? {} : { enabled: false }) },
    ...Object.fromEntries(
      ['pop3', 'pop3s', 'lmtp', 'smtp', 'submission', 'submissions', 'api'].map((name) => [name, { enabled: false }]),
    ),
  },
});

test('waits for the database, starts what is enabled, stops everything', async () => {
  const fake = parts(3);
  const config = resolveConfig({ ...onlyImap(0, true), tls: await selfSigned('localhost') });
  const worker = await startWorker(config, fake.parts, silentLogger);
  assert.equal(fake.tries(), 4);
  assert.deepEqual(
    Object.entries(worker.endpoints).map(([name, endpoint]) => [name, endpoint.host, endpoint.tls, endpoint.port > 0]),
    [
      ['imap', '127.0.0.1', 'starttls', true],
      ['imaps', '127.0.0.1', 'implicit', true],
    ],
  );
  assert.throws(() => worker.setCertificate({ cert: 'x', key: 'y' }));
  await worker.stop();
  assert.equal(fake.closed(), 1);
});

test('without a certificate there is neither STARTTLS nor a service with implicit TLS', async () => {
  const fake = parts(0);
  const worker = await startWorker(resolveConfig(onlyImap(0, true)), fake.parts, silentLogger);
  assert.deepEqual(Object.keys(worker.endpoints), ['imap']);
  assert.equal(worker.endpoints.imap?.tls, 'none');
  await worker.stop();
});

test('a port that is taken stops the start and closes what was open', async () => {
  const holder = await startWorker(resolveConfig(onlyImap(0)), parts(0).parts, silentLogger);
  const fake = parts(0);
  const taken = resolveConfig(onlyImap(holder.endpoints.imap?.port ?? 0));
  await assert.rejects(startWorker(taken, fake.parts, silentLogger), ListenFault);
  assert.equal(fake.closed(), 1);
  await holder.stop();
});

test('a stop while waiting for the database ends the start', async () => {
  const stopping = new AbortController();
  const fake = parts(Number.POSITIVE_INFINITY);
  const starting = startWorker(resolveConfig(onlyImap(0)), fake.parts, silentLogger, stopping.signal);
  stopping.abort();
  await assert.rejects(starting, StartAborted);
});
