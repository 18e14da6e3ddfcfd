import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { silentLogger } from '../../../server/base/log.ts';
import { LogStore } from '../logs/store.ts';
import { MetricsStore } from '../metrics/store.ts';
import { Settings } from '../settings/store.ts';
import { type ControlEvent, eventSchema, routes, type Status } from './contract.ts';
import { ControlFault } from './fault.ts';
import { hostName } from './source.ts';
import { ControlServer } from './server.ts';
import type { ControlSubject, WorkerApi } from './subject.ts';
import { playedBackups } from '../../../test/harness/played-backups.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mallard-control-'));
const token = 'control-token-of-the-test';
const status: Status = {
  state: 'running',
  version: '0.0.0',
  dataDir: folder,
  gui: 'http://127.0.0.1:1',
  api: null,
  services: [],
  endpoints: {},
  pid: 1,
  rssBytes: 1,
  since: null,
  notices: [],
};

const settings = new Settings({ file: path.join(folder, 'settings.sqlite'), overrides: new Map([['pop3.port', 0]]) });
const logs = new LogStore({ file: path.join(folder, 'logs.sqlite'), limits: { maxBytes: 1 << 30, maxAgeMs: 1e9 }, flushMs: 1 });
const metrics = new MetricsStore({ file: path.join(folder, 'metrics.sqlite'), keepMs: 1e10 });
const asked: string[] = [];
const listeners = new Set<(event: ControlEvent) => void>();
let workerApi: WorkerApi | undefined;

const subject: ControlSubject = {
  settings,
  logs,
  metrics,
  ...playedBackups(() => {}),
  status: () => status,
  startService: async (name) => void asked.push(`start ${name}`),
  stopService: async (name) => void asked.push(`stop ${name}`),
  restartService: async (name) => {
    if (name !== 'mongod') throw new ControlFault(404, 'UnknownService', `no ${name}`, 'mongod');
    asked.push(`restart ${name}`);
  },
  workerApi: () => workerApi,
  preflight: () => [{ name: 'disk', state: 'ok', message: '7 GB free' }],
  testListener: async () => ({ ok: true, runs: [] }),
  supportBundle: async () => Buffer.from('PK'),
  startMode: async () => ({
    mode: 'manual',
    serviceKnown: true,
    install: ['mallard stop', 'sudo mallard service install'],
    remove: ['sudo mallard service remove'],
  }),
  setStartMode: async (mode) => void asked.push(`start mode ${mode}`),
  certificate: () => undefined,
  renewCertificate: async () => void asked.push('renew certificate'),
  shutdown: () => void asked.push('shutdown'),
  subscribe: (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
const gui = path.join(folder, 'ui');
mkdirSync(path.join(gui, 'assets'), { recursive: true });
writeFileSync(path.join(gui, 'index.html'), '<p>gui</p>');
writeFileSync(path.join(gui, 'assets', 'a-1234.js'), 'let a;');
const server = new ControlServer(subject, {
  token,
  sessionsFile: path.join(folder, 'sessions.json'),
  userSessionsFile: path.join(folder, 'user-sessions.json'),
  accountFile: path.join(folder, 'administrator.json'),
  gui,
  log: silentLogger,
  hosts: () => new Set(['desk.local']),
  authority: () => 'CERTIFICATE',
});
const port = await server.listen(0, '127.0.0.1');
after(async () => {
  await server.close();
  for (const store of [settings, logs, metrics]) store.close();
  rmSync(folder, { recursive: true, force: true });
});

type Answer = { status: number; headers: IncomingMessage['headers']; text: string; json: () => Record<string, unknown> };

/** node:http and not fetch, which lets nobody set Host and Origin. */
function call(
  method: string,
  target: string,
  more: { headers?: Record<string, string>; body?: unknown; auth?: boolean } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = more.body === undefined ? undefined : JSON.stringify(more.body);
    const headers = {
      ...(more.auth === false ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...more.headers,
    };
    const request = httpRequest({ host: '127.0.0.1', port, method, path: target, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: () => JSON.parse(text) as never }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

test('without token or session nothing is told', async () => {
  const closed: [string, string][] = [
    ['GET', '/control/status'],
    ['GET', '/control/logs'],
    ['GET', '/control/events'],
    ['PUT', '/control/settings'],
    ['POST', '/control/shutdown'],
    ['POST', '/control/sign-in-link'],
    ['GET', '/api/users'],
  ];
  for (const [method, target] of closed) {
    for (const headers of [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: `Basic ${token}` },
      { cookie: `mallard-${port}=x` },
    ]) {
      const answer = await call(method, target, { auth: false, headers: headers as Record<string, string> });
      assert.equal(answer.status, 401, `${method} ${target} ${JSON.stringify(headers)}`);
      assert.equal(answer.json()['code'], 'Unauthorized');
    }
  }
  assert.deepEqual(asked, []);
  assert.deepEqual((await call('GET', '/control/status')).json(), status);
});

test('a foreign Host or Origin is refused even with the token', async () => {
  const hosts: [string, number][] = [
    ['localhost', 200],
    ['127.0.0.1:1234', 200],
    ['[::1]:80', 200],
    // A name for other computers, without TLS.
    ['DESK.local', 403],
    ['evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['127.1', 421],
    ['evil.example:80@localhost', 421],
  ];
  for (const [host, expected] of hosts)
    assert.equal((await call('GET', '/control/status', { headers: { host } })).status, expected, host);
  const origins: [Record<string, string>, number][] = [
    [{ origin: `http://127.0.0.1:${port}` }, 200],
    [{ origin: `http://127.0.0.1:${port + 1}` }, 403],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
  ];
  for (const [headers, expected] of origins) {
    assert.equal((await call('GET', '/control/status', { headers })).status, expected, JSON.stringify(headers));
  }
  assert.equal(hostName('0x7f000001'), undefined);
  assert.equal(hostName('user@host'), undefined);
});

test('a sign-in link works once, the cookie afterwards, until signing out', async () => {
  const { url } = (await call('POST', '/control/sign-in-link')).json() as { url: string };
  const link = url.split('#signin=')[1] ?? '';
  const body = { link };
  const answer = await call('POST', '/control/session', { auth: false, body });
  assert.equal(answer.status, 200);
  const setCookie = answer.headers['set-cookie']?.[0] ?? '';
  assert.match(setCookie, /HttpOnly; SameSite=Strict; Path=\//);
  const headers = { cookie: `other=1; ${setCookie.split(';')[0]}` };
  assert.equal((await call('POST', '/control/session', { auth: false, body })).status, 401);
  assert.equal((await call('GET', '/control/status', { auth: false, headers })).status, 200);
  assert.deepEqual((await call('GET', '/control/session', { auth: false, headers })).json(), {
    signedIn: true,
    here: true,
    passwordSet: false,
    passkey: false,
  });
  // A link is made with the token only: a stolen cookie must not be able to outlive its session.
  assert.equal((await call('POST', '/control/sign-in-link', { auth: false, headers })).status, 401);
  assert.equal((await call('DELETE', '/control/session', { auth: false, headers })).status, 200);
  assert.equal((await call('GET', '/control/status', { auth: false, headers })).status, 401);
});

test('settings are listed, changed and refused with what is allowed', async () => {
  const answer = await call('PUT', '/control/settings', {
    body: { values: { 'imap.port': 1143, 'log.maxDays': 7, 'pop3.port': 1110 } },
  });
  assert.deepEqual(answer.json(), { changed: ['imap.port', 'log.maxDays'], restart: 'worker', overridden: ['pop3.port'] });
  assert.equal((await call('GET', '/control/settings/imap.port')).json()['value'], 1143);
  const refused: [unknown, number, string, RegExp][] = [
    [{ values: { 'imap.port': 'x' } }, 400, 'InvalidSetting', /1 to 65535/],
    [{ values: { 'imap.prot': 1 } }, 400, 'UnknownSetting', /imap\.port/],
    [{ values: { 'imap.port': 993 } }, 400, 'SettingConflict', /no other service/],
  ];
  for (const [body, code, name, allowed] of refused) {
    const refusal = await call('PUT', '/control/settings', { body });
    assert.equal(refusal.status, code);
    assert.equal(refusal.json()['code'], name);
    assert.match(String(refusal.json()['allowed']), allowed);
  }
  await call('PUT', '/control/settings', { body: { values: { 'mongo.uri': 'mongodb://me:hunter2@db/' } } });
  const all = await call('GET', '/control/settings');
  assert.equal(all.text.includes('hunter2'), false);
  routes.settings.answer.parse(all.json());
  const back = await call('PUT', '/control/settings', { body: { values: { 'imap.port': null, 'mongo.uri': null } } });
  assert.deepEqual(back.json(), { changed: ['imap.port', 'mongo.uri'], restart: 'appliance', overridden: [] });
});

test('bad requests are told apart', async () => {
  const table: [string, string, object, number][] = [
    ['GET', '/control/nothing', {}, 404],
    ['DELETE', '/control/status', {}, 405],
    ['PUT', '/control/settings', { headers: { 'content-type': 'text/plain' } }, 415],
    ['PUT', '/control/settings', { body: { other: 1 } }, 400],
    ['PUT', '/control/settings', { body: { values: { x: 'y'.repeat(2_000_000) } } }, 413],
    ['GET', '/control/logs?level=loud', {}, 400],
    ['GET', '/control/logs?limit=5000', {}, 400],
    ['GET', '/control/logs?unknown=1', {}, 400],
    ['POST', '/control/services/%E0/start', {}, 400],
    ['POST', '/control/services/nothing/restart', {}, 404],
    ['GET', '/assets/missing.js', {}, 404],
    ['GET', '/../../etc/passwd.txt', {}, 404],
    ['POST', '/', {}, 405],
    ['GET', '/api/users', {}, 503],
  ];
  for (const [method, target, more, expected] of table)
    assert.equal((await call(method, target, more)).status, expected, `${method} ${target}`);
});

test('services are commanded by name', async () => {
  asked.length = 0;
  for (const what of ['worker-1/start', 'worker-1/stop', 'mongod/restart'])
    assert.equal((await call('POST', `/control/services/${what}`)).status, 200);
  await call('POST', '/control/shutdown');
  assert.deepEqual(asked, ['start worker-1', 'stop worker-1', 'restart mongod', 'shutdown']);
});

test('pages carry the security headers; places inside the GUI get its page', async () => {
  for (const target of ['/', '/users/anna', '/assets/a-1234.js']) {
    const page = await call('GET', target, { auth: false });
    assert.equal(page.status, 200, target);
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'; script-src 'self';/);
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
  }
  assert.equal((await call('GET', '/', { auth: false })).text, '<p>gui</p>');
  assert.match((await call('GET', '/assets/a-1234.js', { auth: false })).headers['cache-control'] ?? '', /immutable/);
  assert.equal((await call('GET', '/control/authority.crt', { auth: false })).text, 'CERTIFICATE');
});

test('pages are compressed for who takes it', async () => {
  const plain = await call('GET', '/assets/a-1234.js', { auth: false });
  const packed = await call('GET', '/assets/a-1234.js', { auth: false, headers: { 'accept-encoding': 'gzip, br' } });
  assert.deepEqual(
    [plain.headers['content-encoding'], plain.headers['content-length'], plain.text],
    [undefined, String('let a;'.length), 'let a;'],
  );
  assert.deepEqual([packed.headers['content-encoding'], packed.headers['vary']], ['gzip', 'accept-encoding']);
});

test('events: the state first, then changes and the wanted log lines', async () => {
  const events: ControlEvent[] = [];
  let buffer = '';
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const request = httpRequest(
    {
      host: '127.0.0.1',
      port,
      path: '/control/events?logs=1&level=warn&service=imap',
      headers: { authorization: `Bearer ${token}` },
      agent: false,
    },
    (response) => {
      response.on('data', (piece: Buffer) => {
        buffer += piece.toString();
        for (let at = buffer.indexOf('\n\n'); at >= 0; at = buffer.indexOf('\n\n')) {
          const data = /^data: (.*)$/m.exec(buffer.slice(0, at))?.[1];
          buffer = buffer.slice(at + 2);
          if (data !== undefined) events.push(eventSchema.parse(JSON.parse(data)));
          if (events.length === 1) {
            for (const level of ['info', 'warn'] as const) logs.append({ at: 1, level, service: 'imap', message: level });
            logs.append({ at: 1, level: 'error', service: 'smtp', message: 'other' });
            logs.flush();
            for (const listener of listeners) listener({ type: 'settings', changed: ['imap.port'] });
          }
          if (events.length === 3) resolve();
        }
      });
    },
  );
  request.end();
  await enough;
  request.destroy();
  assert.deepEqual(
    events.map((event) => (event.type === 'log' ? event.lines.map((line) => line.message) : event.type)),
    ['status', ['warn'], 'settings'],
  );
});

test('/api goes to the worker with its token, without cookies, and comes back whole', async () => {
  const seen: { url: string | undefined; headers: IncomingMessage['headers']; body: string }[] = [];
  const worker = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      seen.push({ url: request.url, headers: request.headers, body });
      response.writeHead(404, { 'content-type': 'application/json', 'set-cookie': 'a=b', 'x-own': '1' });
      response.end('{"error":"x"}');
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => worker.once('listening', resolve));
  workerApi = { host: '127.0.0.1', port: (worker.address() as AddressInfo).port, token: 'worker-token' };
  const answer = await call('POST', '/api/users?a=%20b&accessToken=x', { body: { name: 'anna' }, headers: { cookie: 'c=d' } });
  assert.deepEqual(
    [answer.status, answer.text, answer.headers['x-own'], answer.headers['set-cookie']],
    [404, '{"error":"x"}', '1', undefined],
  );
  const [first] = seen;
  assert.deepEqual(
    [first?.url, first?.body, first?.headers['x-access-token']],
    ['/users?a=+b', '{"name":"anna"}', 'worker-token'],
  );
  assert.deepEqual([first?.headers.cookie, first?.headers.authorization], [undefined, undefined]);
  worker.close();
  await new Promise((resolve) => worker.once('close', resolve));
  assert.equal((await call('GET', '/api/users')).status, 502);
  workerApi = undefined;
});

test('mail programs find their settings under any name, without signing in; nothing else is opened by that', async () => {
  const seen: string[] = [];
  const worker = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'text/xml').end('<xml/>');
  });
  await new Promise<void>((resolve) => worker.listen(0, '127.0.0.1', resolve));
  workerApi = { host: '127.0.0.1', port: (worker.address() as AddressInfo).port, token: 'worker-token' };
  const headers = { host: 'autoconfig.example.org' };
  const config = '/.well-known/autoconfig/mail/config-v1.1.xml';
  assert.equal(
    (await call('GET', `${config}?emailaddress=a%40example.org&accessToken=x`, { auth: false, headers })).text,
    '<xml/>',
  );
  assert.equal((await call('POST', '/Autodiscover/Autodiscover.xml', { auth: false, headers, body: {} })).status, 200);
  assert.equal((await call('GET', `${config}/../../../../users`, { auth: false, headers })).status, 421);
  assert.equal((await call('DELETE', config, { auth: false, headers })).status, 421);
  assert.deepEqual(seen, [`GET ${config}?emailaddress=a%40example.org`, 'POST /autodiscover/autodiscover.xml']);
  workerApi = undefined;
  worker.close();
});

test('metrics', async () => {
  metrics.record({ 'rss.mongod': 5 });
  const answer = routes.metrics.answer.parse((await call('GET', '/control/metrics?series=rss.mongod,none')).json());
  assert.deepEqual(
    [answer.names, Object.keys(answer.series), answer.series['rss.mongod']?.[0]?.mean],
    [['rss.mongod'], ['rss.mongod'], 5],
  );
  assert.equal((await call('GET', '/control/metrics?from=5&to=4')).status, 400);
});
