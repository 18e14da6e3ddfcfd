/** `/users/:user/2fa`: one-time codes, keys, and what they mean for signing in. The authenticator is a real P-256 key, written apart from the server's library. */
import assert from 'node:assert/strict';
import { type KeyObject, createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { before, test } from 'node:test';
import { TOTP } from 'otpauth';
import { secondFactor } from '../../server/api/contract/second-factor.ts';
import { type Api, startApi } from './api.ts';
import { checkBadInputs, long, wrong } from './constraints.ts';

let api: Api;
before(async () => {
  api = await startApi();
});

const codeOf = (seed: unknown, steps = 0): string =>
  new TOTP({ secret: String(seed) }).generate({ timestamp: Date.now() + steps * 30_000 });
const otherThan = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

async function enableTotp(user: string): Promise<{ seed: string; recoveryCodes: string[] }> {
  const setup = await api.ok(`POST /users/${user}/2fa/totp/setup`, { issuer: 'Mallard' }, secondFactor.setupTotp);
  const enabled = await api.ok(`POST /users/${user}/2fa/totp/enable`, { token: codeOf(setup['seed']) }, secondFactor.enableTotp);
  return { seed: String(setup['seed']), recoveryCodes: enabled['recoveryCodes'] as string[] };
}

test('one-time codes: set up, switched on, asked for at sign-in, off', async () => {
  const { id, username, password } = await api.user();
  const at = `/users/${id}/2fa/totp`;
  await api.fails(`POST ${at}/check`, 400, 'TotpDisabled', { body: { token: '123456' } });
  await api.fails(`POST ${at}/enable`, 400, 'TotpDisabled', { body: { token: '123456' } });
  await api.fails(`DELETE ${at}`, 400, 'TotpDisabled');
  const setup = await api.ok(`POST ${at}/setup`, { issuer: 'Mallard', label: 'me' }, secondFactor.setupTotp);
  assert.match(String(setup['qrcode']), /^data:image\/png;base64,iVBOR/);
  await api.fails(`POST ${at}/enable`, 400, 'InvalidToken', { body: { token: otherThan(codeOf(setup['seed'])) } });
  await api.ok(`POST ${at}/enable`, { token: codeOf(setup['seed']) }, secondFactor.enableTotp);
  assert.deepEqual((await api.ok(`GET /users/${id}`))['enabled2fa'], ['totp']);
  await api.fails(`POST ${at}/setup`, 400, 'TotpEnabled', { body: { issuer: 'Mallard' } });

  // Mail programs can't ask for a code.
  await api.fails('POST /authenticate', 403, 'InvalidAuthScope', { body: { username, password, scope: 'imap' } });
  assert.deepEqual((await api.ok('POST /preauth', { username }))['require2fa'], ['totp']);
  const entered = await api.ok('POST /authenticate', { username, password, token: true });
  assert.deepEqual(entered['require2fa'], ['totp']);
  const token = String(entered['token']);
  await api.fails('GET /users/me', 403, 'MissingPrivileges', { token });
  await api.fails('DELETE /users/me/2fa', 403, 'MissingPrivileges', { token });
  await api.fails('POST /users/me/2fa/totp/check', 403, 'InvalidToken', {
    token,
    body: { token: otherThan(codeOf(setup['seed'])) },
  });
  const code = codeOf(setup['seed']);
  assert.equal((await api.call('POST /users/me/2fa/totp/check', { token, body: { token: code } })).status, 200);
  assert.equal((await api.call('GET /users/me', { token })).status, 200, 'the token is a full one now');
  await api.fails(`POST ${at}/check`, 403, 'InvalidToken', { body: { token: code } });
  await api.ok(`POST ${at}/check`, { token: codeOf(setup['seed'], 1) }, secondFactor.checkTotp);

  await api.ok(`DELETE ${at}`, undefined, secondFactor.disableTotp);
  assert.equal((await api.ok('POST /authenticate', { username, password }))['require2fa'], false);
});

test('guessing stops', async () => {
  const { id } = await api.user();
  const { seed } = await enableTotp(id);
  const bad = otherThan(codeOf(seed));
  for (let guess = 0; guess < 10; guess += 1)
    await api.fails(`POST /users/${id}/2fa/totp/check`, 403, 'InvalidToken', { body: { token: bad } });
  await api.fails(`POST /users/${id}/2fa/totp/check`, 403, 'RateLimitedError', { body: { token: codeOf(seed) } });
});

test('a recovery code is good once', async () => {
  const { id, username, password } = await api.user();
  const { recoveryCodes } = await enableTotp(id);
  assert.equal(new Set(recoveryCodes).size, 10);
  const token = String((await api.ok('POST /authenticate', { username, password, token: true }))['token']);
  const body = { code: recoveryCodes[3]?.toUpperCase() };
  assert.equal((await api.call('POST /users/me/2fa/recovery/check', { token, body })).status, 200);
  assert.equal((await api.call('GET /users/me', { token })).status, 200);
  await api.fails(`POST /users/${id}/2fa/recovery/check`, 403, 'InvalidToken', { body });
});

test('somebody else’s factor, and all of them off', async () => {
  const { id } = await api.user();
  await api.ok(`PUT /users/${id}/2fa/custom`, {}, secondFactor.enableCustom);
  await api.fails(`PUT /users/${id}/2fa/custom`, 400, 'CustomEnabled', { body: {} });
  assert.deepEqual((await api.ok(`GET /users/${id}`))['enabled2fa'], ['custom']);
  await api.ok(`DELETE /users/${id}/2fa/custom`, undefined, secondFactor.disableCustom);
  await api.fails(`DELETE /users/${id}/2fa/custom`, 400, 'CustomDisabled');
  await enableTotp(id);
  await api.ok(`PUT /users/${id}/2fa/custom`, {});
  await api.ok(`DELETE /users/${id}/2fa`, undefined, secondFactor.disable);
  assert.deepEqual((await api.ok(`GET /users/${id}`))['enabled2fa'], []);
  await enableTotp(id);
  await api.ok(`PUT /users/${id}`, { disable2fa: true });
  await api.fails(`POST /users/${id}/2fa/totp/check`, 400, 'TotpDisabled', { body: { token: '123456' } });
});

const ORIGIN = 'https://mail.example.test';

class Authenticator {
  readonly id = randomBytes(32);
  readonly #key: KeyObject;
  readonly #cose: Buffer;
  #uses = 0;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    // COSE_Key: {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y}
    this.#cose = Buffer.concat([
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(x, 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(y, 'base64url'),
    ]);
    this.#key = privateKey;
  }

  register(challenge: unknown, origin = ORIGIN): Record<string, string> {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.id.length);
    const data = this.#data(0x41, Buffer.concat([Buffer.alloc(16), length, this.id, this.#cose]));
    // {"fmt": "none", "attStmt": {}, "authData": …}
    const head = Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746158', 'hex');
    return {
      challenge: String(challenge),
      rawId: this.id.toString('hex'),
      clientDataJSON: clientData('webauthn.create', challenge, origin).toString('hex'),
      attestationObject: Buffer.concat([head, Buffer.from([data.length]), data]).toString('hex'),
    };
  }

  prove(challenge: unknown, origin = ORIGIN): Record<string, string> {
    const data = this.#data(0x01, Buffer.alloc(0));
    const client = clientData('webauthn.get', challenge, origin);
    const signature = sign('sha256', Buffer.concat([data, createHash('sha256').update(client).digest()]), this.#key);
    return {
      challenge: String(challenge),
      rawId: this.id.toString('hex'),
      clientDataJSON: client.toString('hex'),
      authenticatorData: data.toString('hex'),
      signature: signature.toString('hex'),
    };
  }

  /** As a copy that was made at the beginning. */
  rewind(): void {
    this.#uses = 0;
  }

  #data(flags: number, rest: Buffer): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE((this.#uses += 1));
    return Buffer.concat([createHash('sha256').update('mail.example.test').digest(), Buffer.from([flags]), counter, rest]);
  }
}

function clientData(type: string, challenge: unknown, origin: string): Buffer {
  return Buffer.from(
    JSON.stringify({ type, challenge: Buffer.from(String(challenge), 'hex').toString('base64url'), origin, crossOrigin: false }),
  );
}

test('a key is registered, proves itself, and is removed', async () => {
  const { id, username, password } = await api.user();
  const at = `/users/${id}/2fa/webauthn`;
  await api.fails(`POST ${at}/authentication-challenge`, 400, 'WebAuthnDisabled', { body: { origin: ORIGIN } });
  const ask = async () => {
    const answer = await api.ok(
      `POST ${at}/registration-challenge`,
      { description: 'Blue key', origin: ORIGIN },
      secondFactor.askRegistration,
    );
    return answer['registrationOptions'] as { challenge: string; excludeCredentials?: unknown[]; rp: { id: string } };
  };
  const key = new Authenticator();
  const options = await ask();
  assert.equal(options.rp.id, 'mail.example.test');
  await api.fails(`POST ${at}/registration-attestation`, 403, 'AuthFail', {
    body: key.register(options.challenge, 'https://evil.example'),
  });
  await api.fails(`POST ${at}/registration-attestation`, 404, 'ChallengeNotFound', { body: key.register(options.challenge) });
  const again = await ask();
  const registered = await api.ok(`POST ${at}/registration-attestation`, key.register(again.challenge), secondFactor.register);
  assert.deepEqual(
    [registered['rawId'], registered['description'], registered['authenticatorAttachment']],
    [key.id.toString('hex'), 'Blue key', 'cross-platform'],
  );
  assert.equal((await ask()).excludeCredentials?.length, 1);
  const { credentials } = (await api.ok(`GET ${at}/credentials`, undefined, secondFactor.credentials)) as {
    credentials: { id: string }[];
  };
  assert.deepEqual(
    credentials.map((one) => one.id),
    [registered['id']],
  );

  const entered = await api.ok('POST /authenticate', { username, password, token: true });
  assert.deepEqual(entered['require2fa'], ['webauthn']);
  const token = String(entered['token']);
  const challenge = async (): Promise<unknown> => {
    const { body } = await api.call('POST /users/me/2fa/webauthn/authentication-challenge', { token, body: { origin: ORIGIN } });
    assert.deepEqual(secondFactor.askAuthentication.output?.safeParse(body).error?.issues ?? [], []);
    return (body['authenticationOptions'] as { challenge: string }).challenge;
  };
  const prove = async (body: Record<string, unknown>) =>
    api.call('POST /users/me/2fa/webauthn/authentication-assertion', { token, body });
  const stranger = new Authenticator();
  assert.equal((await prove(stranger.prove(await challenge()))).body['code'], 'CredentialsNotFound');
  assert.equal((await prove({ ...stranger.prove(await challenge()), rawId: key.id.toString('hex') })).body['code'], 'AuthFail');
  const proof = key.prove(await challenge());
  const proved = await prove(proof);
  assert.deepEqual([proved.status, proved.body['response']], [200, { authenticated: true, credential: registered['id'] }]);
  assert.equal((await prove(proof)).body['code'], 'ChallengeNotFound', 'a proof counts once');
  assert.equal((await api.call('GET /users/me', { token })).status, 200);

  await api.ok(`DELETE ${at}/credentials/${String(registered['id'])}`, undefined, secondFactor.removeCredential);
  assert.equal((await api.ok(`DELETE ${at}/credentials/${String(registered['id'])}`))['deleted'], false);
  assert.deepEqual((await api.ok(`GET /users/${id}`))['enabled2fa'], []);
});

test('a key alone comes with recovery codes; a copy of it, and a token of its own', async () => {
  const { id, username, password } = await api.user();
  const at = `/users/${id}/2fa/webauthn`;
  const register = async (key: Authenticator) => {
    const asked = await api.ok(`POST ${at}/registration-challenge`, {
      description: 'k',
      origin: ORIGIN,
      authenticatorAttachment: 'platform',
    });
    const { challenge } = asked['registrationOptions'] as { challenge: string };
    return api.ok(`POST ${at}/registration-attestation`, key.register(challenge), secondFactor.register);
  };
  const key = new Authenticator();
  const { recoveryCodes, id: credential } = await register(key);
  assert.equal(new Set(recoveryCodes as string[]).size, 10);
  assert.equal((await register(new Authenticator()))['recoveryCodes'], undefined, 'the first ones still hold');

  const enter = async (): Promise<string> =>
    String((await api.ok('POST /authenticate', { username, password, token: true }))['token']);
  const challenge = async (token: string): Promise<unknown> => {
    const { body } = await api.call('POST /users/me/2fa/webauthn/authentication-challenge', { token, body: { origin: ORIGIN } });
    return (body['authenticationOptions'] as { challenge: string }).challenge;
  };
  const token = await enter();
  const asked = await challenge(token);
  const proved = await api.call('POST /users/me/2fa/webauthn/authentication-assertion', {
    token,
    body: { ...key.prove(asked), token: true },
  });
  assert.equal(proved.status, 200, proved.text);
  assert.equal((await api.call('GET /users/me', { token: String(proved.body['token']) })).status, 200);
  // A copy counts on its own, and its counter gives it away.
  key.rewind();
  const copied = await api.call('POST /users/me/2fa/webauthn/authentication-assertion', {
    token,
    body: key.prove(await challenge(token)),
  });
  assert.deepEqual([copied.status, copied.body['code']], [403, 'AuthFail']);

  const second = await enter();
  const body = { code: (recoveryCodes as string[])[0] };
  assert.equal((await api.call('POST /users/me/2fa/recovery/check', { token: second, body })).status, 200);
  assert.equal((await api.call('GET /users/me', { token: second })).status, 200);
  // One-time codes on and off again: the key's recovery codes are those of the last time they were made.
  const { recoveryCodes: newer } = await enableTotp(id);
  await api.ok(`DELETE /users/${id}/2fa/totp`);
  const third = await enter();
  const code = newer[0];
  assert.equal((await api.call('POST /users/me/2fa/recovery/check', { token: third, body: { code } })).status, 200);
  const { credentials } = (await api.ok(`GET ${at}/credentials`)) as unknown as { credentials: { id: string }[] };
  for (const one of credentials) await api.ok(`DELETE ${at}/credentials/${one.id}`);
  await api.fails(`POST /users/${id}/2fa/recovery/check`, 400, 'TotpDisabled', { body: { code: newer[1] } });
  assert.ok(credentials.some((one) => one.id === credential));
});

test('wrong inputs are refused by field', async () => {
  const { id } = await api.user();
  const at = `/users/${id}/2fa`;
  await checkBadInputs(api, {
    call: `POST ${at}/totp/setup`,
    good: { issuer: 'x' },
    required: ['issuer'],
    bad: { issuer: ['', long(256)], label: [long(256)] },
  });
  const tokens = ['12345', '1234567', 'abcdef', {}];
  for (const what of ['enable', 'check'])
    await checkBadInputs(api, {
      call: `POST ${at}/totp/${what}`,
      good: { token: '123456' },
      required: ['token'],
      bad: { token: tokens },
    });
  const asked = { origin: ['', 'no url', 'mail.example.test'], authenticatorAttachment: ['wireless'], rpId: ['no host!'] };
  await checkBadInputs(api, {
    call: `POST ${at}/webauthn/registration-challenge`,
    good: { description: 'x', origin: ORIGIN },
    required: ['description', 'origin'],
    bad: { ...asked, description: ['', long(1_025)] },
  });
  await checkBadInputs(api, {
    call: `POST ${at}/webauthn/authentication-challenge`,
    good: { origin: ORIGIN },
    required: ['origin'],
    bad: asked,
  });
  const hex = ['', 'xyz', 'abc'];
  const common = {
    challenge: [...hex, 'ab'.repeat(1_025)],
    rawId: [...hex, 'ab'.repeat(1_025)],
    clientDataJSON: hex,
    rpId: ['no host!'],
  };
  const good = { challenge: 'ab', rawId: 'ab', clientDataJSON: 'ab' };
  await checkBadInputs(api, {
    call: `POST ${at}/webauthn/registration-attestation`,
    good: { ...good, attestationObject: 'ab' },
    required: ['challenge', 'rawId', 'clientDataJSON', 'attestationObject'],
    bad: { ...common, attestationObject: hex },
  });
  await checkBadInputs(api, {
    call: `POST ${at}/webauthn/authentication-assertion`,
    good: { ...good, authenticatorData: 'ab', signature: 'ab' },
    required: ['challenge', 'rawId', 'clientDataJSON', 'authenticatorData', 'signature'],
    bad: { ...common, authenticatorData: hex, signature: hex, token: wrong.boolean },
  });
  for (const call of [
    'POST ID/2fa/totp/check',
    'PUT ID/2fa/custom',
    'DELETE ID/2fa',
    'DELETE ID/2fa/totp',
    'GET ID/2fa/webauthn/credentials',
  ])
    await api.fails(
      call.replace('ID', '/users/0123456789abcdef01234567'),
      404,
      'UserNotFound',
      call.startsWith('P') ? { body: { token: '123456' } } : {},
    );
});
