/** `/users/:user/asps`: application passwords, their profile, and the end of sessions that used them. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { ImapFlow } from 'imapflow';
import { parse } from 'plist';
import { appPasswords } from '../../server/api/contract/app-passwords.ts';
import { startWorker, type TestWorker } from '../harness/worker.ts';
import { type Api, startApi } from './api.ts';
import { checkBadInputs, long, wrong } from './constraints.ts';

let api: Api;
before(async () => {
  api = await startApi({ services: ['imap'] });
});

const NOBODY = '0123456789abcdef01234567';

test('made, listed, used, revoked', async () => {
  const { id: user, username } = await api.user({ name: 'Person' });
  const at = `/users/${user}/asps`;
  assert.deepEqual((await api.ok(`GET ${at}`, undefined, appPasswords.list))['results'], []);
  const made = await api.ok(`POST ${at}`, { description: 'Phone', scopes: ['imap'], ttl: 3_600 }, appPasswords.create);
  assert.match(String(made['password']), /^[a-z]{16}$/);
  assert.deepEqual([made['name'], made['address'], made['mobileconfig']], ['Person', `${username}@example.test`, undefined]);
  const one = await api.ok(`GET ${at}/${String(made['id'])}`, undefined, appPasswords.get);
  assert.deepEqual([one['description'], one['scopes'], one['lastUse']], ['Phone', ['imap'], { time: false, event: false }]);
  const left = Date.parse(String(one['expires'])) - Date.now();
  assert.ok(left > 3_500_000 && left <= 3_600_000);

  const enter = (scope: string, password = made['password']) =>
    api.call('POST /authenticate', { body: { username, password, scope } });
  assert.equal((await enter('imap')).status, 200);
  assert.equal((await enter('smtp')).body['code'], 'InvalidAuthScope');
  assert.equal((await enter('master')).body['code'], 'AuthFailed');
  const spelled = String(made['password'])
    .replace(/(.{4})/g, '$1 ')
    .toUpperCase();
  assert.equal((await enter('imap', spelled)).status, 200, 'groups of four, any case');

  const own = await api.ok(`POST ${at}`, { description: 'Own', password: 'abcdefghijklmnop', scopes: ['*'] });
  assert.equal(own['password'], 'abcdefghijklmnop');
  assert.equal((await enter('pop3', 'abcdefghijklmnop')).status, 200);
  await api.fails(`POST ${at}`, 400, 'InputValidationError', { body: { description: 'Again', password: 'abcdefghijklmnop' } });

  await api.ok(`DELETE ${at}/${String(made['id'])}`, undefined, appPasswords.remove);
  assert.equal((await enter('imap')).status, 403);
  for (const call of [`GET ${at}/${String(made['id'])}`, `DELETE ${at}/${String(made['id'])}`])
    await api.fails(call, 404, 'AspNotFound');
  assert.equal(((await api.ok(`GET ${at}`))['results'] as unknown[]).length, 1);
  for (const call of [`GET /users/${NOBODY}/asps`, `POST /users/${NOBODY}/asps`])
    await api.fails(call, 404, 'UserNotFound', call.startsWith('POST') ? { body: { description: 'x' } } : {});
  await api.fails(`POST ${at}`, 404, 'AddressNotFound', { body: { description: 'x', address: 'other@example.test' } });
});

test('a profile says how to reach the account', async () => {
  const { id: user, username } = await api.user({ name: 'Person' });
  const made = await api.ok(
    `POST /users/${user}/asps`,
    { description: 'Tablet & co', generateMobileconfig: true, scopes: ['imap', 'smtp'] },
    appPasswords.create,
  );
  const profile = parse(Buffer.from(String(made['mobileconfig']), 'base64').toString()) as unknown as {
    PayloadDisplayName: string;
    PayloadContent: Record<string, unknown>[];
  };
  const [mail = {}] = profile.PayloadContent;
  assert.deepEqual(
    [
      profile.PayloadDisplayName,
      mail['EmailAccountType'],
      mail['EmailAddress'],
      mail['IncomingMailServerUsername'],
      mail['IncomingPassword'],
      mail['OutgoingPassword'],
      mail['IncomingMailServerHostName'],
    ],
    [
      'Tablet & co',
      'EmailTypeIMAP',
      `${username}@example.test`,
      username,
      made['password'],
      made['password'],
      'mail.example.test',
    ],
  );
  await api.fails(`POST /users/${user}/asps`, 400, 'InvalidAuthScope', {
    body: { description: 'x', generateMobileconfig: true, scopes: ['imap'] },
  });
});

test('only from where it may be used', async () => {
  const { id: user, username } = await api.user();
  const { password } = await api.ok(`POST /users/${user}/asps`, {
    description: 'Office',
    networks: ['192.0.2.0/24', '2001:db8::/32'],
  });
  const from = async (ip: string) =>
    (await api.call('POST /authenticate', { body: { username, password, scope: 'imap', ip } })).status;
  assert.deepEqual([await from('192.0.2.9'), await from('198.51.100.1'), await from('2001:db8::1')], [200, 403, 200]);
});

test('revoking ends the idle sessions that it opened at once, on another worker too, and no others', async () => {
  const other = await startWorker({ mongodbUri: api.worker.mongodbUri, redisUri: api.worker.redisUri });
  try {
    const { id: user, username, password: master } = await api.user();
    const { id, password } = await api.ok(`POST /users/${user}/asps`, { description: 'Desk', scopes: ['imap'] });
    const open = async (worker: TestWorker, pass: string) => {
      const client = new ImapFlow({
        host: '127.0.0.1',
        port: worker.port('imap'),
        secure: false,
        auth: { user: username, pass },
        logger: false,
      });
      client.on('error', () => {});
      await client.connect();
      await client.mailboxOpen('INBOX');
      return { client, closed: new Promise<number>((resolve) => client.once('close', () => resolve(Date.now()))) };
    };
    const workers = [api.worker, other];
    const sessions = await Promise.all(workers.map((worker) => open(worker, String(password))));
    for (const { client } of sessions) void client.idle().catch(() => {});
    const others = await Promise.all(workers.map((worker) => open(worker, master)));
    const revokedAt = Date.now();
    await api.ok(`DELETE /users/${user}/asps/${String(id)}`);
    // It takes milliseconds; a loaded machine gets some seconds, which is still far below the poll that would find out without a push.
    for (const { closed } of sessions) assert.ok((await closed) - revokedAt < 10_000);
    for (const { client } of others) {
      await client.noop();
      assert.equal(client.usable, true);
    }
    // A protocol that is closed to the user ends its sessions, whatever opened them; tokens go on.
    const { token } = await api.ok('POST /authenticate', { username, password: master, token: true });
    await api.ok(`PUT /users/${user}`, { disabledScopes: ['imap'] });
    for (const { closed } of others) assert.ok((await closed) > 0);
    assert.equal((await api.call('GET /users/me', { token: String(token) })).status, 200);
  } finally {
    await other.stop();
  }
});

test('wrong inputs are refused by field', async () => {
  const { id: user } = await api.user();
  const at = `/users/${user}/asps`;
  await checkBadInputs(api, {
    call: `POST ${at}`,
    good: { description: 'x' },
    required: ['description'],
    bad: {
      description: ['', long(256), 5],
      scopes: [...wrong.list, ['web'], ['imap', 'imap']],
      address: ['no address'],
      password: ['short', 'ABCDEFGHIJKLMNOP', 'abcdefghijklmno1'],
      generateMobileconfig: wrong.boolean,
      ttl: [-1, 'long'],
      networks: [...wrong.list, ['1.2.3.4'], ['1.2.3.4/99']],
    },
  });
  await checkBadInputs(api, { call: `GET ${at}`, bad: { showAll: ['maybe'] } });
  for (const call of [`GET ${at}/12`, `DELETE ${at}/12`]) await api.fails(call, 400, 'InputValidationError');
});
