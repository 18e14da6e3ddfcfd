/** `server/main.ts` as a process: both ways to configure it, how it says that it is ready or can't be, and every way to stop it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { after, test } from 'node:test';
import tls from 'node:tls';
import { LineClient } from '../../server/delivery/delivery-test-kit.ts';
import { freePort } from '../harness/free-port.ts';
import { selfSigned } from '../harness/self-signed.ts';
import { sharedServers, tempDir } from '../harness/servers.ts';
import { waitFor } from '../harness/wait-for.ts';

const script = path.resolve(import.meta.dirname, '../../server/main.ts');
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

type Message = { readonly type?: string; readonly message?: string; readonly [field: string]: unknown };
type Run = {
  readonly child: ChildProcess;
  readonly log: Message[];
  readonly reports: Message[];
  readonly exited: Promise<number | null>;
  readonly logged: (message: string) => Promise<Message>;
  /** What came on descriptor 3. */
  readonly reported: () => Promise<Message>;
};

function run(args: readonly string[], withReports = false): Run {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['pipe', 'pipe', 'pipe', ...(withReports ? (['pipe'] as const) : [])],
  });
  children.add(child);
  const log: Message[] = [];
  const reports: Message[] = [];
  const into = (stream: NodeJS.ReadableStream | null | undefined, target: Message[]): void => {
    let text = '';
    stream?.on('data', (bytes: Buffer) => {
      const lines = `${text}${bytes.toString()}`.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) target.push(line.startsWith('{') ? (JSON.parse(line) as Message) : { message: line });
    });
  };
  into(child.stdout, log);
  into(child.stderr, log);
  if (withReports) into(child.stdio[3] as NodeJS.ReadableStream, reports);
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const seen = async (find: () => Message | undefined, what: string): Promise<Message> => {
    const ended = exited.then((code) =>
      Promise.reject(new Error(`the worker ended with ${code} before ${what}:\n${JSON.stringify(log, null, 1)}`)),
    );
    return Promise.race([waitFor(find, { timeoutMs: 120_000, what }), ended]);
  };
  const logged = (message: string): Promise<Message> =>
    seen(() => log.find((line) => line.message === message), `the log line ${message}`);
  const reported = (): Promise<Message> => seen(() => reports[0], 'its report');
  return { child, log, reports, exited, logged, reported };
}

const off = { enabled: false };
const services = (lmtp: object): object => ({
  lmtp: { host: '127.0.0.1', port: 0, ...lmtp },
  ...Object.fromEntries(
    ['imap', 'imaps', 'pop3', 'pop3s', 'smtp', 'submission', 'submissions', 'api'].map((name) => [name, off]),
  ),
});

test('with a TOML file: one service on any port, ready in the log, SIGTERM drains, SIGHUP reads the certificate again', async () => {
  const { mongodbUri, redisUri } = await sharedServers();
  const folder = tempDir('worker');
  const write = async (name: string): Promise<void> => {
    const { cert, key } = await selfSigned(name);
    writeFileSync(path.join(folder, 'cert.pem'), cert);
    writeFileSync(path.join(folder, 'key.pem'), key);
  };
  await write('first.test');
  const file = path.join(folder, 'mallard.toml');
  const disabled = ['imap', 'pop3', 'lmtp', 'smtp', 'submission', 'submissions', 'api', 'imaps'];
  writeFileSync(
    file,
    [
      'hostname = "mail.test"',
      `mongo = { uri = "${mongodbUri}" }`,
      `redis = { uri = "${redisUri}" }`,
      '[tls]',
      'cert = "cert.pem"',
      'key = "key.pem"',
      '[services]',
      ...disabled.map((name) => `${name} = { enabled = false }`),
      'pop3s = { host = "127.0.0.1", port = 0 }',
    ].join('\n'),
  );
  const worker = run(['--config', file]);
  const ready = await worker.logged('ready');
  const endpoints = ready['endpoints'] as Record<string, { port: number; tls: string }>;
  assert.deepEqual(Object.keys(endpoints), ['pop3s']);
  const port = endpoints['pop3s']?.port ?? 0;
  const nameServed = async (): Promise<{ client: tls.TLSSocket; name: unknown }> => {
    const client = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(client, 'secureConnect');
    return { client, name: client.getPeerCertificate().subject.CN };
  };
  const first = await nameServed();
  assert.equal(first.name, 'first.test');
  await write('second.test');
  worker.child.kill('SIGHUP');
  await worker.logged('certificate read again');
  const second = await nameServed();
  assert.equal(second.name, 'second.test');
  const goodbye: Buffer[] = [];
  first.client.on('data', (bytes: Buffer) => goodbye.push(bytes));
  worker.child.kill('SIGTERM');
  assert.equal(await worker.exited, 0);
  assert.match(Buffer.concat(goodbye).toString(), /^\+OK mail\.test POP3 Mallard\r\n-ERR \[SYS\/TEMP\] /);
  await assert.rejects(once(connect(port, '127.0.0.1'), 'connect'));
  second.client.destroy();
});

test('with JSON on stdin: ready on descriptor 3, a certificate by command, and the end of stdin stops it', async () => {
  const { mongodbUri, redisUri } = await sharedServers();
  const worker = run(['--config', '-'], true);
  const config = { mongo: { uri: mongodbUri }, redis: { uri: redisUri }, services: services({}) };
  worker.child.stdin?.write(`${JSON.stringify(config)}\n`);
  const report = await worker.reported();
  const endpoints = report['endpoints'] as Record<string, { port: number; tls: string }>;
  assert.deepEqual([report.type, endpoints['lmtp']?.tls], ['ready', 'none']);
  const client = new LineClient(endpoints['lmtp']?.port ?? 0);
  await client.reply();
  assert.doesNotMatch(await client.say('LHLO x'), /STARTTLS/);
  worker.child.stdin?.write(
    `{"type":"nonsense"}\n${JSON.stringify({ type: 'certificate', ...(await selfSigned('mail.test')) })}\n`,
  );
  await worker.logged('certificate replaced');
  assert.match(await client.say('LHLO x'), /STARTTLS/);
  worker.child.stdin?.end();
  assert.match(await client.reply(), /^421 /);
  assert.equal(await worker.exited, 0);
});

test('a port in use and a wrong setting are told by name, and end with 78', async () => {
  const { mongodbUri, redisUri } = await sharedServers();
  const blocker = run(['--config', '-'], true);
  blocker.child.stdin?.write(
    `${JSON.stringify({ mongo: { uri: mongodbUri }, redis: { uri: redisUri }, services: services({}) })}\n`,
  );
  const { endpoints } = (await blocker.reported()) as Message & { endpoints: Record<string, { port: number }> };
  const taken = endpoints['lmtp']?.port;
  const second = run(['--config', '-'], true);
  second.child.stdin?.write(
    `${JSON.stringify({ mongo: { uri: mongodbUri }, redis: { uri: redisUri }, services: services({ port: taken }) })}\n`,
  );
  assert.equal(await second.exited, 78);
  const { type, reason, service, port, code } = second.reports[0] ?? {};
  assert.deepEqual(
    { type, reason, service, port, code },
    { type: 'failed', reason: 'listen', service: 'lmtp', port: taken, code: 'EADDRINUSE' },
  );
  blocker.child.kill('SIGKILL');

  const wrong = run(['--config', '-'], true);
  wrong.child.stdin?.write('{"services":{"imap":{"prot":143}}}\n');
  assert.equal(await wrong.exited, 78);
  assert.match(
    String(wrong.reports[0]?.['problems']),
    /^services\.imap\.prot: there is no such setting; allowed here: enabled, host, port/,
  );
  assert.equal(await run([]).exited, 64);
});

test('a database that is away at the start is waited for, and a stop meanwhile ends the waiting', async () => {
  const mongodbPort = await freePort();
  const worker = run(['--config', '-'], true);
  const config = {
    mongo: { uri: `mongodb://127.0.0.1:${mongodbPort}/x` },
    redis: { uri: 'redis://127.0.0.1:1' },
    services: services({}),
  };
  worker.child.stdin?.write(`${JSON.stringify(config)}\n`);
  const waiting = await worker.logged('waiting for the database');
  assert.deepEqual([waiting['attempt'], typeof waiting['reason']], [1, 'string']);
  worker.child.kill('SIGTERM');
  assert.equal(await worker.exited, 0);
  assert.deepEqual(worker.reports, []);
});
