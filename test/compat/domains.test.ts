/** Alias domains, lists of domains, DKIM keys and settings over the HTTP API. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiClient, type Body, startApi } from './api-kit.ts';

let api: ApiClient;
before(async () => {
  api = await startApi();
});
after(() => api.close());

test('an alias domain makes all addresses of the other reachable', async () => {
  const user = await api.user({ username: 'alias', address: 'alias@main.example' });
  const made = await api.post('/domainaliases', { alias: 'Уайлддак.орг', domain: 'main.example' });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const { id } = made.body;
  assert.deepEqual((await api.get('/domainaliases', { query: 'main' })).body.results, [
    { id, alias: 'уайлддак.орг', domain: 'main.example' },
  ]);
  assert.equal((await api.get('/domainaliases/resolve/xn--80aalaxjd5d.xn--c1avg')).body.id, id);
  const { created, ...read } = (await api.get(`/domainaliases/${id}`)).body;
  assert.ok(Date.parse(created) > 0);
  assert.deepEqual(read, { success: true, id, alias: 'уайлддак.орг', domain: 'main.example' });
  const found = await api.store.operations.accounts.resolveRecipient('alias@уайлддак.орг');
  assert.equal(found.kind === 'user' && found.account.user, user);
  assert.deepEqual(codeOf(await api.post('/domainaliases', { alias: 'xn--80aalaxjd5d.xn--c1avg', domain: 'other.example' })), [
    400,
    'AliasExists',
  ]);
  assert.deepEqual(codeOf(await api.post('/domainaliases', { alias: 'no domain', domain: 'other.example' })), [
    400,
    'InputValidationError',
  ]);
  assert.deepEqual((await api.delete(`/domainaliases/${id}`)).body, { success: true });
  for (const path of [`/domainaliases/${id}`, '/domainaliases/resolve/gone.example'])
    assert.deepEqual(codeOf(await api.get(path)), [404, 'AliasNotFound']);
});

test('domains that are allowed or blocked by tag', async () => {
  const blocked = (await api.post('/domainaccess/Trial/block', { domain: 'bad.example' })).body.id;
  const allowed = (await api.post('/domainaccess/trial/allow', { domain: 'good.bad.example' })).body.id;
  assert.deepEqual((await api.get('/domainaccess/trial/block')).body, {
    success: true,
    results: [{ id: blocked, domain: 'bad.example', action: 'block' }],
  });
  assert.deepEqual((await api.get('/domainaccess/TRIAL/allow')).body.results, [
    { id: allowed, domain: 'good.bad.example', action: 'allow' },
  ]);
  const { access } = api.store.domains;
  assert.equal(await access.judge(['trial'], 'mx.bad.example'), 'block');
  assert.equal(await access.judge(['trial'], 'good.bad.example'), 'allow');
  assert.equal(await access.judge(['other'], 'bad.example'), undefined);
  assert.deepEqual((await api.delete(`/domainaccess/${blocked}`)).body, { success: true, deleted: blocked });
  assert.deepEqual(codeOf(await api.delete(`/domainaccess/${blocked}`)), [404, 'DomainNotFound']);
});

test('DKIM keys: made, shown for DNS, replaced, deleted', async () => {
  const made = await api.post('/dkim', { domain: 'main.example', selector: 'k1', description: 'first' });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const { id } = made.body;
  assert.equal(made.body.dnsTxt.name, 'k1._domainkey.main.example');
  assert.match(made.body.dnsTxt.value, /^v=DKIM1/);
  assert.equal((await api.get('/dkim/resolve/main.example')).body.id, id);
  assert.equal((await api.get(`/dkim/${id}`)).body.description, 'first');
  assert.equal((await api.get('/dkim', { query: 'main' })).body.total, 1);
  const key = Buffer.alloc(32, 7).toString('base64');
  assert.equal((await api.post('/dkim', { domain: 'main.example', selector: 'k2', privateKey: key })).status, 200);
  assert.deepEqual(codeOf(await api.post('/dkim', { domain: 'main.example', selector: 'k3', privateKey: 'nonsense' })), [
    400,
    'InputValidationError',
  ]);
  assert.deepEqual((await api.delete(`/dkim/${id}`)).body, { success: true });
  assert.deepEqual(codeOf(await api.get(`/dkim/${id}`)), [404, 'DkimNotFound']);
});

test('settings: listed with defaults, set with units, in force at once', async () => {
  const list = (await api.get('/settings', { filter: 'quota' })).body;
  assert.equal(list.settings[0].key, 'const:max:storage');
  assert.deepEqual((await api.post('/settings/const:max:storage', { value: '2GB' })).body, {
    success: true,
    key: 'const:max:storage',
  });
  assert.deepEqual((await api.get('/settings/const:max:storage')).body, {
    success: true,
    key: 'const:max:storage',
    value: 2 * 1024 ** 3,
  });
  const user = await api.user();
  assert.equal((await api.get(`/users/${user}`)).body.limits.quota.allowed, 2 * 1024 ** 3);
  assert.equal((await api.get('/settings')).body.settings.find((one: Body) => one.key === 'const:max:storage').custom, true);
  assert.deepEqual(codeOf(await api.get('/settings/const:nothing')), [404, 'SettingNotFound']);
  for (const [key, value] of [
    ['const:nothing', 1],
    ['const:max:storage', 'much'],
    ['const:max:filters', '5GB'],
  ] as const)
    assert.deepEqual(codeOf(await api.post(`/settings/${key}`, { value })), [400, 'InputValidationError'], key);
});

function codeOf(answer: { readonly status: number; readonly body: Body }): unknown[] {
  return [answer.status, answer.body.code];
}
