/** `/users/:user/sieve`: scripts. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiClient, startApi } from './api-kit.ts';

let api: ApiClient;
before(async () => {
  api = await startApi();
});
after(() => api.close());

test('a script is kept, switched on, read, switched off and deleted', async () => {
  const user = await api.user();
  const path = `/users/${user}/sieve`;
  const script = `${path}/${encodeURIComponent('Büro & mehr')}`;
  assert.equal((await api.put(script, { text: 'keep;', active: true })).status, 200);
  assert.deepEqual((await api.get(script)).body, { success: true, name: 'Büro & mehr', active: true, text: 'keep;' });
  const listed = (await api.get(path)).body;
  assert.deepEqual(
    listed.results.map((one: { name: string; active: boolean; size: number }) => [one.name, one.active, one.size]),
    [['Büro & mehr', true, 5]],
  );
  assert.equal(listed.trouble, null);
  assert.ok(listed.extensions.includes('fileinto'));
  assert.equal((await api.put(script, { text: 'discard;' })).status, 200);
  assert.equal((await api.get(script)).body.active, true);
  assert.equal((await api.delete(script)).body.code, 'ScriptActive');
  assert.equal((await api.put(script, { active: false })).status, 200);
  assert.equal((await api.delete(script)).status, 200);
  assert.deepEqual(
    [(await api.get(script)).status, (await api.put(script, { active: true })).body.code],
    [404, 'ScriptNotFound'],
  );
});

test('what is wrong is refused with the line, and what was there stays', async () => {
  const user = await api.user();
  const script = `/users/${user}/sieve/main`;
  await api.put(script, { text: 'keep;' });
  const wrong = await api.put(script, { text: 'keep;\r\nfileinto "x";' });
  assert.deepEqual(
    [wrong.status, wrong.body.code, wrong.body.error],
    [400, 'SieveError', 'Line 2: fileinto needs: require "fileinto";'],
  );
  assert.equal((await api.get(script)).body.text, 'keep;');
  const check = async (text: string): Promise<unknown> => (await api.post(`/users/${user}/sieve/check`, { text })).body;
  assert.deepEqual(await check('keep;'), { success: true, valid: true });
  assert.deepEqual(await check('\n@'), { success: true, valid: false, line: 2, problem: '"@" has no meaning here' });
  assert.equal((await api.put(`/users/${user}/sieve/${'x'.repeat(129)}`, { text: '' })).body.code, 'InputValidationError');
});
