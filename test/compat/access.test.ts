/** Who may call what, and how a caller shows who it is. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { authentication } from '../../server/api/contract/authentication.ts';
import { health } from '../../server/api/contract/health.ts';
import { storeOf } from '../harness/worker.ts';
import { type Api, ROOT_TOKEN, startApi } from './api.ts';
import { checkBadInputs, long, pagingInputs, wrong } from './constraints.ts';

let api: Api;
before(async () => {
  api = await startApi();
});

test('a token comes by header, as a bearer or in the query; the query counts first', async () => {
  const status = async (path: string, headers: Record<string, string> = {}) =>
    (await api.call(path, { token: null, headers })).status;
  assert.equal(await status('GET /users', { 'x-access-token': ROOT_TOKEN }), 200);
  assert.equal(await status('GET /users', { authorization: `Bearer ${ROOT_TOKEN}` }), 200);
  assert.equal(await status(`GET /users?accessToken=${ROOT_TOKEN}`, { 'x-access-token': 'wrong' }), 200);
  assert.equal(await status('GET /users?accessToken=wrong', { 'x-access-token': ROOT_TOKEN }), 403);
  await api.fails('GET /users', 403, 'InvalidToken', { token: null });
  await api.fails('GET /users', 403, 'InvalidToken', { token: 'f'.repeat(40) });
});

test('without a root token only programs of this machine are let in', async () => {
  const store = await storeOf(api.worker);
  const { createIdentify } = await import('../../server/api/access.ts');
  const identify = createIdentify(undefined, store.accounts.tokens);
  const role = async (headers: Record<string, string>, ip: string) =>
    (await identify({ host: 'localhost:8080', ...headers }, undefined, ip))?.role;
  assert.deepEqual(
    await Promise.all([
      role({}, '127.0.0.1'),
      role({}, '::1'),
      role({}, '192.0.2.1'),
      role({ origin: 'https://evil.example' }, '127.0.0.1'),
      role({ 'sec-fetch-site': 'cross-site' }, '127.0.0.1'),
      role({ host: 'evil.example' }, '127.0.0.1'),
      role({ 'x-forwarded-for': '192.0.2.1' }, '127.0.0.1'),
    ]),
    ['root', 'root', undefined, undefined, undefined, undefined, undefined],
  );
});

test('sign in, use the token, sign out', async () => {
  const { id, username, password } = await api.user();
  const other = await api.user();
  const entered = await api.ok('POST /authenticate', { username, password, token: true }, authentication.authenticate);
  assert.deepEqual(
    [entered['id'], entered['username'], entered['scope'], entered['require2fa'], entered['requirePasswordChange']],
    [id, username, 'master', false, false],
  );
  const token = String(entered['token']);
  assert.match(token, /^[0-9a-f]{40}$/);
  assert.equal((await api.call('GET /users/me', { token })).body['id'], id);
  assert.equal((await api.call(`GET /users/${id.toUpperCase()}`, { token })).status, 200);
  assert.equal((await api.call('GET /users/me/mailboxes', { token })).status, 200);
  for (const call of [
    'GET /settings',
    `GET /users/${other.id}`,
    `DELETE /users/${id}`,
    `POST /users/${id}/password/reset`,
    'POST /users',
    'GET /dkim',
  ])
    await api.fails(call, 403, 'MissingPrivileges', { token, ...(call.startsWith('POST') ? { body: {} } : {}) });
  // What is the administrator's stays as it is.
  await api.call('PUT /users/me', {
    token,
    body: { name: 'Mine', quota: 1, tags: ['x'], disabledScopes: ['imap'], internalData: { a: 1 } },
  });
  const user = await api.ok(`GET /users/${id}`);
  assert.deepEqual([user['name'], user['tags'], user['disabledScopes'], user['internalData']], ['Mine', [], [], {}]);
  assert.equal((await api.call('DELETE /authenticate', { token })).status, 200);
  await api.fails('GET /users/me', 403, 'InvalidToken', { token });
  await api.fails('DELETE /authenticate', 403, 'InvalidToken', {});
  await api.fails('GET /users/me', 404, 'UserNotFound');
});

test('a new password, a logout and closing the account end tokens', async () => {
  for (const change of [
    ['PUT /users/ID', { password: 'another secret' }],
    ['PUT /users/ID', { suspended: true }],
    ['PUT /users/ID/logout', { reason: 'because' }],
    ['DELETE /users/ID', undefined],
  ] as const) {
    const { id, username, password } = await api.user();
    const token = String((await api.ok('POST /authenticate', { username, password, token: true }))['token']);
    assert.equal((await api.call('GET /users/me', { token })).status, 200);
    await api.ok(change[0].replace('ID', id), change[1]);
    const ended = Date.now();
    while ((await api.call('GET /users/me', { token })).status === 200) assert.ok(Date.now() - ended < 10_000, change[0]);
  }
});

test('wrong name and wrong password are told alike; both are logged for whom they concern', async () => {
  const { id, username, password } = await api.user({ disabledScopes: ['imap'] });
  const wrongPassword = await api.fails('POST /authenticate', 403, 'AuthFailed', {
    body: { username, password: 'wrong', ip: '192.0.2.7', sess: 's1' },
  });
  const nobody = await api.fails('POST /authenticate', 403, 'AuthFailed', {
    body: { username: 'nobody-at-all', password: 'wrong' },
  });
  assert.equal(wrongPassword['error'], nobody['error']);
  await api.fails('POST /authenticate', 403, 'InvalidAuthScope', { body: { username, password, scope: 'imap' } });
  await api.ok('POST /authenticate', { username: `${username}@example.test`, password, scope: 'smtp', protocol: 'SMTP' });
  const preauth = await api.ok('POST /preauth', { username }, authentication.preauth);
  assert.deepEqual([preauth['id'], preauth['require2fa']], [id, false]);
  await api.fails('POST /preauth', 403, 'AuthFailed', { body: { username: 'nobody-at-all' } });
  await api.fails('POST /preauth', 403, 'InvalidAuthScope', { body: { username, scope: 'imap' } });

  const store = await storeOf(api.worker);
  await store.accounts.authLog.settled();
  type Event = { id: string; result: string; ip: string | null; sess: string | null; protocol: string };
  const events = async (query: string) =>
    (await api.ok(`GET /users/${id}/authlog${query}`, undefined, authentication.log))['results'] as Event[];
  let all = await events('');
  while (all.length < 3) all = await events('');
  assert.deepEqual(all.map(({ result }) => result).sort(), ['fail', 'success', 'wrong scope']);
  assert.deepEqual(
    (await events('?filterip=192.0.2.7')).map(({ ip, sess }) => [ip, sess]),
    [['192.0.2.7', 's1']],
  );
  assert.equal((await events('?action=other')).length, 0);
  const one = await api.ok(`GET /users/${id}/authlog/${all[0]?.id}`, undefined, authentication.event);
  assert.equal(one['id'], all[0]?.id);
  await api.fails(`GET /users/${id}/authlog/0123456789abcdef01234567`, 404, 'EventNotFound');
});

test('wrong inputs of signing in', async () => {
  const { id } = await api.user();
  const names = ['', 'a b', 'ömy', long(129), 5];
  await checkBadInputs(api, {
    call: 'POST /authenticate',
    good: { username: 'somebody', password: 'x' },
    required: ['username', 'password'],
    bad: { username: names, password: [long(257), 5], scope: ['web'], token: wrong.boolean },
  });
  await checkBadInputs(api, {
    call: 'POST /preauth',
    good: { username: 'somebody' },
    required: ['username'],
    bad: { username: names, scope: ['web'] },
  });
  await checkBadInputs(api, {
    call: `GET /users/${id}/authlog`,
    bad: { ...pagingInputs, action: [long(101)], filterip: wrong.ip },
  });
});

test('health, the unknown, and the API’s own description', async () => {
  await api.ok('GET /health', undefined, health.check);
  assert.equal((await api.call('GET /health', { token: null })).status, 200);
  await api.fails('GET /nothing/here', 404, 'NotFound');
  await api.fails('PATCH /users', 404, 'NotFound');
  const document = await api.call('GET /openapi.json', { token: null });
  assert.equal(document.body['openapi'], '3.1.0');
  const page = await api.call('GET /docs', { token: null });
  assert.match(page.text, /<summary><b>POST<\/b> <code>\/users<\/code>/);
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
});

test('numbers for Prometheus', async () => {
  await api.user();
  await api.ok('GET /users');
  await api.fails('GET /metrics', 403, 'InvalidToken', { token: null });
  const { text, headers } = await api.call('GET /metrics');
  assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(text, /^mallard_api_call_seconds_count\{operation="getUsers",status="200"\} [1-9]/m);
  assert.match(text, /^process_resident_memory_bytes \d/m);
  assert.match(text, /^mallard_users [1-9]/m);
  assert.match(text, /^mallard_queue_\w+ \d/m);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const line of lines) assert.match(line, /^[a-z_:][a-zA-Z0-9_:]*(?:\{[^}]*\})? (?:N[aA][nN]|[-+0-9.e]+)(?: \d+)?$/);
});

test('mail programs find their settings without a token', async () => {
  const asked = await api.call('GET /.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=ann@example.test', { token: null });
  assert.deepEqual([asked.status, asked.headers.get('content-type')], [200, 'text/xml; charset=utf-8']);
  assert.match(asked.text, /<clientConfig version="1\.1">[\s\S]*<domain>example\.test<\/domain>/);
  assert.equal((await api.call('GET /mail/config-v1.1.xml', { token: null })).status, 200);
  const body = '<Autodiscover><Request><EMailAddress>ann@example.test</EMailAddress></Request></Autodiscover>';
  const headers = { 'content-type': 'text/xml' };
  const discovered = await api.call('POST /autodiscover/autodiscover.xml', { token: null, body, headers });
  assert.match(discovered.text, /<Action>settings<\/Action>/);
  await api.fails('POST /autodiscover/autodiscover.xml', 400, 'InputValidationError', { token: null, body: '<x/>', headers });
});

test('a configuration may open the API to programs of this machine, and to pages of chosen origins', async () => {
  const open = await startApi({ config: { api: { openToThisComputer: true, origins: ['https://webmail.example.org/'] } } });
  const call = async (origin?: string) => {
    const { status, headers } = await fetch(`${open.url}/users`, { headers: origin === undefined ? {} : { origin } });
    return [status, headers.get('access-control-allow-origin')];
  };
  assert.deepEqual(
    [await call(), await call('https://webmail.example.org'), await call('https://evil.example')],
    [
      [200, null],
      [403, 'https://webmail.example.org'],
      [403, null],
    ],
  );
  const asked = await fetch(`${open.url}/users`, {
    method: 'OPTIONS',
    headers: { origin: 'https://webmail.example.org', 'access-control-request-method': 'PUT' },
  });
  assert.deepEqual(
    [asked.status, asked.headers.get('access-control-allow-origin'), asked.headers.get('access-control-allow-headers')],
    [204, 'https://webmail.example.org', 'X-Access-Token, Authorization, Content-Type, Last-Event-ID'],
  );
});
