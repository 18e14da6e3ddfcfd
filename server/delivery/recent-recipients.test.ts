import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeMailStore } from './delivery-test-kit.ts';
import { rememberRecipients } from './recent-recipients.ts';

test('a found user is looked up once a moment, everything else every time', async () => {
  const store = new FakeMailStore();
  store.addUser('one@mail.test');
  const { resolveRecipient } = store.operations.accounts;
  let asked = 0;
  let now = 0;
  const resolve = rememberRecipients((address) => ((asked += 1), resolveRecipient(address)), { freshMs: 10, now: () => now });
  assert.deepEqual([(await resolve('one@mail.test')).kind, (await resolve('one@mail.test')).kind, asked], ['user', 'user', 1]);
  now = 10;
  await resolve('one@mail.test');
  assert.equal(asked, 2);
  assert.equal((await resolve('two@mail.test')).kind, 'unknown');
  store.addUser('two@mail.test', { disabled: true });
  assert.equal((await resolve('two@mail.test')).kind, 'user');
  await resolve('two@mail.test');
  assert.equal(asked, 5);
});
