import assert from 'node:assert/strict';
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { test } from 'node:test';
import { deriveScramKeys } from '../auth/scram.ts';
import type { AccountOperations, AuthenticationResult } from '../operations/contract-accounts.ts';
import { runSasl, saslMechanisms, type SaslContext } from './sasl.ts';

const account = { user: 'u', username: 'ann', address: 'ann@x.test', quotaBytes: 0 };
const refused: AuthenticationResult = { ok: false, reason: 'wrong', code: 'AUTHENTICATIONFAILED' };
const accounts = {
  authenticate: async (name: string, password: string) =>
    name === 'ann' && password === 'sécret' ? { ok: true, account } : refused,
  authenticateToken: async (token: string, username: string | undefined, protocol: string) =>
    token === 'good' && (username ?? 'ann') === 'ann' && protocol === 'smtp' ? { ok: true, account } : refused,
  startScram: async (_name: string, hash: 'sha1' | 'sha256') => ({
    keys: await deriveScramKeys(hash, 'sécret', 4096),
    finish: async (holds: boolean) => (holds ? { ok: true, account } : refused),
  }),
} as unknown as AccountOperations;

type Client = (challenge: string) => string | undefined;
const noBindings = new Map<string, Buffer>();

function context(client: Client, bindings: ReadonlyMap<string, Buffer> = noBindings): SaslContext {
  return {
    accounts,
    protocol: 'smtp',
    from: { ip: '127.0.0.1', connection: 'c' },
    bindings,
    ask: async (challenge) => {
      const answer = client(challenge.toString());
      return answer === undefined ? 'cancelled' : Buffer.from(answer);
    },
  };
}

/** The client's side of SCRAM, written from RFC 5802 §3. Remembers whether the server's signature was right. */
function scramClient(hash: 'sha1' | 'sha256', password: string, gs2 = 'n,,', binding: Buffer = Buffer.alloc(0)) {
  const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest();
  const bare = 'n=ann,r=clientnonce';
  let signature = '';
  const state = { first: `${gs2}${bare}`, serverProved: false };
  const client: Client = (challenge) => {
    if (challenge === '') return state.first;
    if (challenge.startsWith('v=')) {
      state.serverProved = challenge === `v=${signature}`;
      return '';
    }
    const [, nonce = '', salt = '', iterations = ''] = /^r=(.*),s=(.*),i=(\d+)$/.exec(challenge) ?? [];
    const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), hash === 'sha1' ? 20 : 32, hash);
    const clientKey = hmac(salted, 'Client Key');
    const channel = Buffer.concat([Buffer.from(gs2), binding]).toString('base64');
    const withoutProof = `c=${channel},r=${nonce}`;
    const message = `${bare},${challenge},${withoutProof}`;
    const mask = hmac(createHash(hash).update(clientKey).digest(), message);
    signature = hmac(hmac(salted, 'Server Key'), message).toString('base64');
    return `${withoutProof},p=${Buffer.from(clientKey.map((byte, at) => byte ^ (mask[at] ?? 0))).toString('base64')}`;
  };
  return Object.assign(state, { client });
}

test('what is offered, the safest first', () => {
  assert.deepEqual(saslMechanisms(noBindings, { login: true }), [
    'SCRAM-SHA-256',
    'SCRAM-SHA-1',
    'PLAIN',
    'LOGIN',
    'OAUTHBEARER',
    'XOAUTH2',
  ]);
  assert.deepEqual(saslMechanisms(new Map([['tls-exporter', Buffer.alloc(32)]]), { login: false }).slice(0, 2), [
    'SCRAM-SHA-256-PLUS',
    'SCRAM-SHA-1-PLUS',
  ]);
});

test('PLAIN and LOGIN, with and without an initial response', async () => {
  const answers =
    (...list: (string | undefined)[]): Client =>
    () =>
      list.shift();
  const outcome = async (mechanism: string, initial: string | undefined, client: Client): Promise<string> => {
    const result = await runSasl(mechanism, initial === undefined ? undefined : Buffer.from(initial), context(client));
    return result.kind === 'done' ? String(result.result.ok) : result.kind;
  };
  assert.deepEqual(
    [
      await outcome('PLAIN', '\0ann\0sécret', answers()),
      await outcome('PLAIN', undefined, answers('ann\0ann\0sécret')),
      await outcome('PLAIN', '\0ann\0no', answers()),
      await outcome('PLAIN', 'bob\0ann\0sécret', answers()),
      await outcome('PLAIN', 'ann', answers()),
      await outcome('PLAIN', undefined, answers(undefined)),
      await outcome('LOGIN', 'ann', answers('sécret')),
      await outcome('LOGIN', undefined, answers('ann', 'sécret')),
      await outcome('LOGIN', undefined, answers('ann', undefined)),
      await outcome('LOGIN', undefined, answers('', 'x')),
    ],
    ['true', 'true', 'false', 'other-user', 'malformed', 'cancelled', 'true', 'true', 'cancelled', 'malformed'],
  );
});

for (const hash of ['sha1', 'sha256'] as const) {
  const name = hash === 'sha1' ? 'SCRAM-SHA-1' : 'SCRAM-SHA-256';
  test(`${name}: both sides prove themselves`, async () => {
    const right = scramClient(hash, 'sécret');
    const outcome = await runSasl(name, Buffer.from(right.first), context(right.client));
    assert.deepEqual([outcome.kind === 'done' && outcome.result.ok, right.serverProved], [true, true]);
    const wrong = scramClient(hash, 'secret');
    const failed = await runSasl(name, undefined, context(wrong.client));
    assert.deepEqual([failed.kind === 'done' && failed.result.ok, wrong.serverProved], [false, false]);
  });
}

test('channel binding: to this connection and no other, and no downgrade', async () => {
  const binding = Buffer.alloc(32, 7);
  const bindings = new Map([['tls-exporter', binding]]);
  const attempt = async (mechanism: string, gs2: string, bound: Buffer): Promise<boolean> => {
    const { client } = scramClient('sha256', 'sécret', gs2, bound);
    const outcome = await runSasl(mechanism, undefined, context(client, bindings));
    return outcome.kind === 'done' && outcome.result.ok;
  };
  assert.equal(await attempt('SCRAM-SHA-256-PLUS', 'p=tls-exporter,,', binding), true);
  assert.equal(await attempt('SCRAM-SHA-256-PLUS', 'p=tls-exporter,,', Buffer.alloc(32, 8)), false);
  assert.equal(await attempt('SCRAM-SHA-256-PLUS', 'n,,', Buffer.alloc(0)), false);
  // It believes that we can't bind, and we can: somebody in between took -PLUS off the list.
  assert.equal(await attempt('SCRAM-SHA-256', 'y,,', Buffer.alloc(0)), false);
  assert.equal(await attempt('SCRAM-SHA-256', 'n,,', Buffer.alloc(0)), true);
});

test('messages that are none', async () => {
  const malformed = ['', 'n,,n=,r=x', 'x,,n=a,r=x', 'n,,m=1,n=a,r=x'];
  for (const first of malformed) {
    assert.equal(
      (
        await runSasl(
          'SCRAM-SHA-256',
          Buffer.from(first),
          context(() => ''),
        )
      ).kind,
      'malformed',
      first,
    );
  }
  assert.equal(
    (
      await runSasl(
        'SCRAM-SHA-256',
        Buffer.from('n,a=bob,n=ann,r=x'),
        context(() => ''),
      )
    ).kind,
    'other-user',
  );
  assert.equal(
    (
      await runSasl(
        'SCRAM-SHA-256',
        Buffer.from('n,,n=ann,r=x'),
        context(() => 'nonsense'),
      )
    ).kind,
    'malformed',
  );
});

test('OAUTHBEARER and XOAUTH2: a token that is not good is explained before the exchange fails', async () => {
  const asked: string[] = [];
  const outcome = async (mechanism: string, initial: string | undefined, ...answers: string[]): Promise<string> => {
    const client: Client = (challenge) => {
      asked.push(challenge);
      return answers.shift()?.replaceAll('^', '\u0001');
    };
    const first = initial === undefined ? undefined : Buffer.from(initial.replaceAll('^', '\u0001'));
    const result = await runSasl(mechanism, first, context(client));
    return result.kind === 'done' ? String(result.result.ok) : result.kind;
  };
  assert.equal(await outcome('OAUTHBEARER', 'n,a=ann,^auth=Bearer good^^'), 'true');
  assert.equal(await outcome('XOAUTH2', 'user=ann^auth=Bearer good^^'), 'true');
  assert.deepEqual(asked, []);
  assert.equal(await outcome('OAUTHBEARER', undefined, 'n,,^auth=Bearer good^^'), 'true');
  assert.deepEqual(asked.splice(0), ['']);
  assert.equal(await outcome('OAUTHBEARER', 'n,a=ann,^auth=Bearer bad^^', '^'), 'false');
  // What the client answers makes no difference: the exchange has failed.
  assert.equal(await outcome('XOAUTH2', 'user=otto^auth=Bearer good^^'), 'false');
  assert.deepEqual(
    asked.map((text) => JSON.parse(text)),
    [
      { status: 'invalid_token', scope: 'smtp' },
      { status: 'invalid_token', scope: 'smtp' },
    ],
  );
  assert.equal(await outcome('OAUTHBEARER', 'n,a=ann,^auth=Basic good^^'), 'malformed');
});
