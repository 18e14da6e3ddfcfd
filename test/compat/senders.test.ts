import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { UserId } from '../../server/mail/ids.ts';
import { type ApiClient, startApi } from './api-kit.ts';

let api: ApiClient;
before(async () => {
  api = await startApi();
});
after(() => api.close());

test('senders are allowed and blocked for everybody, for a tag and for a user', async () => {
  const user = (await api.user({ tags: ['office'] })) as UserId;
  const other = (await api.user()) as UserId;
  const { senders } = api.store;
  const ofUser = `/users/${user}/senders`;
  const add = async (path: string, sender: string, action: string): Promise<string> =>
    String((await api.post(path, { sender, action })).body.id);
  await add('/senders', '*@Bad.example', 'block');
  await add('/senders', '192.0.2.0/24', 'block');
  const blocked = await add(ofUser, 'Spam@Shop.example', 'block');
  await add(ofUser, 'nice@bad.example', 'allow');
  await add(ofUser, 'shop.example', 'allow');
  assert.equal((await api.post('/domainaccess/office/block', { domain: 'rival.example' })).status, 200);

  const table: readonly [UserId | undefined, string, string | undefined, string | undefined][] = [
    [undefined, 'x@bad.example', undefined, 'block'],
    [undefined, 'x@sub.bad.example', undefined, 'block'],
    [undefined, 'x@notbad.example', undefined, undefined],
    [undefined, 'x@good.example', '192.0.2.7', 'block'],
    [user, 'nice@bad.example', undefined, 'block'],
    [user, 'spam@shop.example', undefined, 'allow'],
    [user, 'x@rival.example', undefined, 'block'],
    [other, 'x@rival.example', undefined, undefined],
    [other, 'spam@shop.example', undefined, undefined],
  ];
  for (const [who, sender, ip, expected] of table)
    assert.equal(await senders.judge(who, [sender], ip), expected, `${who ?? 'all'} ${sender} ${ip ?? ''}`);

  const listed = (await api.get(ofUser)).body;
  assert.equal(listed.total, 3);
  assert.deepEqual((await api.delete(`${ofUser}/${blocked}`)).body, { success: true });
  assert.equal((await api.delete(`${ofUser}/${blocked}`)).body.code, 'NotFound');
  assert.equal((await api.post(ofUser, { sender: '192.0.2.1', action: 'block' })).body.code, 'InputValidationError');
  assert.equal((await api.post('/senders', { sender: 'no such thing', action: 'block' })).body.code, 'InputValidationError');
});
