import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { silentLogger } from '../../../server/base/log.ts';
import { ControlServer } from './server.ts';
import type { ControlSubject } from './subject.ts';
import { UserSessions } from './user-sessions.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mallard-gate-'));
const tokenOfAnna = 'a'.repeat(40);
const seen: { method: string; url: string; token: unknown; cookie: unknown; body: string }[] = [];

/** A worker that knows one person. */
const worker = createServer((request, response) => {
  let body = '';
  request.on('data', (piece: Buffer) => (body += piece.toString()));
  request.on('end', () => {
    const { url = '', method = '', headers } = request;
    seen.push({ method, url, token: headers['x-access-token'], cookie: headers.cookie, body });
    const send = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json', 'content-security-policy': 'worker-policy' });
      response.end(JSON.stringify(value));
    };
    if (url !== '/authenticate' || method === 'DELETE') return send(200, { success: true, url });
    const { password } = JSON.parse(body) as { password: string };
    if (password === 'many') return send(429, { error: 'Too many', code: 'RateLimitedError' });
    if (password !== 'right') return send(403, { error: 'Authentication failed', code: 'AuthFailed' });
    send(200, { success: true, id: '1', token: tokenOfAnna, require2fa: ['totp'], requirePasswordChange: false });
  });
});
await new Promise<void>((resolve) => worker.listen(0, '127.0.0.1', resolve));

const gui = path.join(folder, 'ui');
mkdirSync(gui);
writeFileSync(path.join(gui, 'index.html'), '<p>gui</p>');
const userSessionsFile = path.join(folder, 'user-sessions.json');
const subject = {
  workerApi: () => ({ host: '127.0.0.1', port: (worker.address() as AddressInfo).port, token: 'root' }),
  status: () => ({
    endpoints: { imaps: { host: '127.0.0.1', port: 993, tls: 'implicit' } },
    reachableAs: ['desk'],
    dataDir: '/d',
  }),
} as unknown as ControlSubject;
const server = new ControlServer(subject, {
  token: 'control-token',
  sessionsFile: path.join(folder, 'sessions.json'),
  userSessionsFile,
  accountFile: path.join(folder, 'administrator.json'),
  gui,
  log: silentLogger,
  hosts: () => new Set(),
  authority: () => undefined,
});
const base = `http://127.0.0.1:${await server.listen(0, '127.0.0.1')}`;
after(async () => {
  await server.close();
  worker.close();
  rmSync(folder, { recursive: true, force: true });
});

const signIn = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${base}/me/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

test('a person signs in: the browser gets a cookie for /me, the token stays here', async () => {
  const answer = await signIn({ username: 'anna@example.org', password: 'right', keep: true });
  assert.deepEqual(await answer.json(), { needs: ['totp'], requirePasswordChange: false });
  const cookie = answer.headers.get('set-cookie') ?? '';
  assert.match(cookie, /^mallard-me-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/me; Max-Age=\d+$/);
  const asked = JSON.parse(seen.at(-1)?.body ?? '') as Record<string, unknown>;
  assert.equal(asked['ip'], '127.0.0.1');
  assert.equal(seen.at(-1)?.token, 'root');
  assert.ok(!readFileSync(userSessionsFile, 'utf8').includes(tokenOfAnna), 'the file opens nothing');

  const given = { cookie: cookie.split(';')[0] ?? '' };
  const own = await fetch(`${base}/me/api/users/me?ip=192.0.2.1&accessToken=root&x=1`, { headers: given });
  assert.equal(own.status, 200);
  assert.deepEqual(
    [seen.at(-1)?.url, seen.at(-1)?.token, seen.at(-1)?.cookie],
    ['/users/me?ip=127.0.0.1&x=1', tokenOfAnna, undefined],
  );
  assert.match(own.headers.get('content-security-policy') ?? '', /sandbox/);
  const page = await fetch(`${base}/me/api/users/me/mailboxes/1/messages/2/message.html`, { headers: given });
  assert.equal(page.headers.get('content-security-policy'), 'worker-policy');
  assert.deepEqual(await (await fetch(`${base}/me/server`, { headers: given })).json(), {
    endpoints: { imaps: { host: '127.0.0.1', port: 993, tls: 'implicit' } },
    reachableAs: ['desk'],
  });
  assert.equal((await fetch(`${base}/me/server`)).status, 401);
  // The cookie opens nothing of the administrator's.
  assert.equal((await fetch(`${base}/control/status`, { headers: given })).status, 401);
  assert.equal((await fetch(`${base}/api/users`, { headers: given })).status, 401);

  await fetch(`${base}/me/session`, { method: 'DELETE', headers: given });
  assert.deepEqual([seen.at(-1)?.method, seen.at(-1)?.token], ['DELETE', tokenOfAnna]);
  assert.equal((await fetch(`${base}/me/api/users/me`, { headers: given })).status, 401);
});

test('refusals, and what comes from another site', async () => {
  const table: [unknown, Record<string, string>, number, string][] = [
    [{ username: 'anna', password: 'wrong' }, {}, 403, 'SignInRefused'],
    [{ username: 'anna', password: 'many' }, {}, 429, 'TooMany'],
    [{ username: 'anna' }, {}, 400, 'BadRequest'],
    [{ username: 'anna', password: 'right' }, { origin: 'http://evil.example' }, 403, 'ForbiddenOrigin'],
  ];
  for (const [body, headers, status, code] of table) {
    const answer = await signIn(body, headers);
    assert.equal(answer.status, status);
    assert.equal(((await answer.json()) as { code: string }).code, code);
    assert.equal(answer.headers.get('set-cookie'), null);
  }
  assert.equal((await fetch(`${base}/me/session`, { method: 'PUT' })).status, 405);
  assert.equal((await fetch(`${base}/me/api/users/me`)).status, 401);
  assert.equal(await (await fetch(`${base}/me/mail`)).text(), '<p>gui</p>');
});

test('sessions outlive a restart, end in time, and a changed file opens nothing', () => {
  let now = 1_000_000;
  const options = { file: path.join(folder, 'apart.json'), now: () => now, ttlMs: 1000 };
  const made = new UserSessions(options).make('token', { keep: false, secure: true });
  assert.match(made, /; Secure$/);
  const cookie = made.split(';')[0];
  assert.equal(new UserSessions(options).tokenOf(cookie), 'token');
  now += 2000;
  assert.equal(new UserSessions(options).tokenOf(cookie), undefined);
  now -= 2000;
  writeFileSync(options.file, readFileSync(options.file, 'utf8').replace(/"sealed":"...../, '"sealed":"AAAAA'));
  assert.equal(new UserSessions(options).tokenOf(cookie), undefined);
});
