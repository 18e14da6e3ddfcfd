/** The administrator's ways in, from the computer itself and from others, over the real server with TLS. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { TOTP } from 'otpauth';
import { silentLogger } from '../../../../server/base/log.ts';
import { selfSigned } from '../../../../test/harness/self-signed.ts';
import { ControlServer } from '../server.ts';
import type { ControlSubject } from '../subject.ts';
import { AdminAccount } from './account.ts';
import { Patience } from './patience.ts';
import { findHash, hashOf, makeRecoveryCodes, makeRecoveryKey } from './recovery.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mallard-access-'));
const token = 'token-of-the-access-test';
const accountFile = path.join(folder, 'administrator.json');
mkdirSync(path.join(folder, 'ui'));
writeFileSync(path.join(folder, 'ui', 'index.html'), '<p>gui</p>');
const certificate = await selfSigned('desk.local');
let server: ControlServer;
let port = 0;

async function begin(): Promise<void> {
  await server?.close();
  for (const file of [accountFile, path.join(folder, 'sessions.json')]) rmSync(file, { force: true });
  server = new ControlServer({ subscribe: () => () => {}, status: () => ({}) } as unknown as ControlSubject, {
    token,
    sessionsFile: path.join(folder, 'sessions.json'),
    userSessionsFile: path.join(folder, 'user-sessions.json'),
    accountFile,
    gui: path.join(folder, 'ui'),
    log: silentLogger,
    hosts: () => new Set(['desk.local']),
    authority: () => undefined,
  });
  server.useCertificate(certificate);
  port = await server.listen(0, '127.0.0.1');
}
beforeEach(begin);
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly json: Record<string, unknown>;
  readonly cookie: string;
}
interface More {
  readonly body?: unknown;
  readonly cookie?: string;
  readonly token?: string;
  /** As if from another computer: by its name there, over TLS unless said otherwise. */
  readonly lan?: boolean;
  readonly plain?: boolean;
  readonly headers?: Record<string, string>;
}

function call(method: string, target: string, more: More = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = more.body === undefined ? undefined : JSON.stringify(more.body);
    const request = (more.lan === true && more.plain !== true ? httpsRequest : httpRequest)(
      {
        host: '127.0.0.1',
        port,
        method,
        path: target,
        agent: false,
        ca: certificate.cert,
        servername: 'desk.local',
        headers: {
          host: more.lan === true ? `desk.local:${port}` : `127.0.0.1:${port}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(more.cookie === undefined ? {} : { cookie: more.cookie }),
          ...(more.token === undefined ? {} : { authorization: `Bearer ${more.token}` }),
          ...more.headers,
        },
      },
      (response) => {
        let text = '';
        response.on('data', (piece: Buffer) => (text += piece.toString()));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            json: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {},
            cookie: (response.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '',
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

const good = 'a long enough password';

async function linkSession(): Promise<string> {
  const link = server.signInUrl().split('#signin=')[1] ?? '';
  return (await call('POST', '/control/session', { body: { link } })).cookie;
}

/** A password is set; answers the session that did it. */
async function withPassword(): Promise<string> {
  const cookie = await linkSession();
  assert.equal((await call('PUT', '/control/access/password', { cookie, body: { password: good } })).status, 200);
  return cookie;
}

const byPassword = (password: string, code?: string): Promise<Answer> =>
  call('POST', '/control/session/password', { lan: true, body: { password, ...(code === undefined ? {} : { code }) } });

test('from another computer: only HTTPS, never by link or token, not before there is a password', async () => {
  const page = await call('GET', '/people', { lan: true, plain: true });
  assert.deepEqual([page.status, page.headers.location], [307, `https://desk.local:${port}/people`]);
  const plain = await call('POST', '/control/session/password', { lan: true, plain: true, body: { password: good } });
  assert.deepEqual([plain.status, plain.json['code']], [403, 'InsecureTransport']);
  const link = server.signInUrl().split('#signin=')[1] ?? '';
  const byLink = await call('POST', '/control/session', { lan: true, body: { link } });
  assert.deepEqual([byLink.status, byLink.json['code']], [403, 'OnlyHere']);
  assert.equal((await call('GET', '/control/access', { lan: true, token })).status, 401);
  assert.deepEqual((await byPassword(good)).json['code'], 'NoPassword');
  assert.deepEqual((await call('GET', '/control/session', { lan: true })).json, {
    signedIn: false,
    here: false,
    passwordSet: false,
    passkey: false,
  });
  // The link was not used up by being refused.
  assert.equal((await call('POST', '/control/session', { body: { link } })).status, 200);
});

test('the password opens over TLS; the cookie is for TLS alone, the one of the link for this computer alone', async () => {
  const here = await withPassword();
  assert.equal(statSync(accountFile).mode & 0o777, 0o600);
  assert.match(readFileSync(accountFile, 'utf8'), /\$argon2id\$/);
  const signedIn = await byPassword(good);
  assert.deepEqual([signedIn.status, signedIn.json], [200, { signedIn: true, needsCode: false }]);
  assert.match(
    signedIn.headers['set-cookie']?.[0] ?? '',
    /^__Host-mallard-\d+=.*HttpOnly; SameSite=Strict; Path=\/; .*; Secure$/,
  );
  const { cookie } = signedIn;
  assert.equal((await call('GET', '/control/access', { lan: true, cookie })).status, 200);
  assert.equal((await call('GET', '/control/access', { cookie })).status, 401);
  assert.equal((await call('GET', '/control/access', { lan: true, cookie: `__Host-${here}` })).status, 401);
  const foreign = await call('DELETE', '/control/session', { lan: true, cookie, headers: { origin: 'https://evil.example' } });
  assert.deepEqual([foreign.status, foreign.json['code']], [403, 'ForbiddenOrigin']);
  const own = await call('DELETE', '/control/session', { lan: true, cookie, headers: { origin: `https://desk.local:${port}` } });
  assert.equal(own.status, 200);
});

test('wrong passwords cost growing time, and the right one waits too', async () => {
  await withPassword();
  const answers: number[] = [];
  for (let i = 0; i < 4; i += 1) answers.push((await byPassword('wrong')).status);
  assert.deepEqual(answers, [403, 403, 403, 429]);
  const waiting = await byPassword(good);
  assert.deepEqual([waiting.status, waiting.json['code']], [429, 'TooMany']);
  assert.ok(Number(waiting.headers['retry-after']) >= 1);
  // The computer itself is never shut out: a link asks for no password.
  assert.notEqual(await linkSession(), '');
});

test('weak passwords, a change without the former one, and the end of other sessions', async () => {
  const cookie = await linkSession();
  const weak = await call('PUT', '/control/access/password', { cookie, body: { password: 'short' } });
  assert.deepEqual([weak.status, weak.json['code']], [400, 'WeakPassword']);
  await call('PUT', '/control/access/password', { cookie, body: { password: good } });
  const other = (await byPassword(good)).cookie;
  const refused = await call('PUT', '/control/access/password', { cookie, body: { password: `${good}!` } });
  assert.deepEqual([refused.status, refused.json['code']], [403, 'WrongPassword']);
  const changed = await call('PUT', '/control/access/password', { cookie, body: { current: good, password: `${good}!` } });
  assert.equal(changed.status, 200);
  assert.equal((await call('GET', '/control/access', { lan: true, cookie: other })).status, 401);
  assert.equal((await call('GET', '/control/access', { cookie })).status, 200);
});

test('a code of an app is asked for, works once, and recovery codes stand in for it', async () => {
  const cookie = await withPassword();
  const begun = await call('POST', '/control/access/totp', { cookie, body: { current: good } });
  const totp = new TOTP({ secret: String(begun.json['secret']) });
  assert.equal((await call('POST', '/control/access/totp/confirm', { cookie, body: { code: '000' } })).json['code'], 'WrongCode');
  const now = Date.now();
  const confirmed = await call('POST', '/control/access/totp/confirm', {
    cookie,
    body: { code: totp.generate({ timestamp: now }) },
  });
  const codes = confirmed.json['recoveryCodes'] as string[];
  assert.equal(codes.length, 10);
  assert.deepEqual((await byPassword(good)).json, { signedIn: false, needsCode: true });
  // The one that turned it on is used up; the next step's is within the window.
  assert.equal((await byPassword(good, totp.generate({ timestamp: now }))).json['code'], 'WrongCode');
  assert.equal((await byPassword(good, totp.generate({ timestamp: now + 30_000 }))).json['signedIn'], true);
  assert.equal((await byPassword(good, codes[0]?.toUpperCase())).json['signedIn'], true);
  assert.equal((await byPassword(good, codes[0])).json['code'], 'WrongCode');
  assert.equal((await call('GET', '/control/access', { cookie })).json['recoveryCodesLeft'], 9);
  // A right password does not forgive wrong codes.
  await byPassword(good, '111111');
  assert.equal((await byPassword(good, '222222')).status, 403);
  assert.equal((await byPassword(good, '333333')).status, 429);
});

test('the recovery key sets a new password once, ends the second factor and all sessions', async () => {
  const cookie = await withPassword();
  const key = String((await call('POST', '/control/access/recovery-key', { cookie, body: { current: good } })).json['key']);
  assert.equal(readFileSync(accountFile, 'utf8').includes(key), false);
  const body = { key: key.replaceAll('-', ' ').toUpperCase(), password: 'another long password' };
  const recovered = await call('POST', '/control/session/recovery', { lan: true, body });
  assert.equal(recovered.status, 200);
  assert.equal((await call('GET', '/control/access', { cookie })).status, 401);
  assert.equal((await call('POST', '/control/session/recovery', { lan: true, body })).status, 403);
  assert.equal((await byPassword('another long password')).json['signedIn'], true);
});

test('reset with the token; sessions are listed and ended one by one', async () => {
  const cookie = await withPassword();
  const browser = 'Mozilla/5.0 (X11; Linux) Firefox/150';
  const other = await call('POST', '/control/session/password', {
    lan: true,
    body: { password: good },
    headers: { 'user-agent': browser },
  });
  const list = (await call('GET', '/control/access', { cookie })).json['sessions'] as Record<string, unknown>[];
  assert.deepEqual(
    list.map(({ method, current, browser: name }) => [method, current, name]),
    [
      ['password', false, browser],
      ['link', true, ''],
    ],
  );
  assert.equal((await call('DELETE', `/control/access/sessions/${String(list[0]?.['id'])}`, { cookie })).status, 200);
  assert.equal((await call('GET', '/control/access', { lan: true, cookie: other.cookie })).status, 401);
  assert.equal((await call('POST', '/control/access/reset', { cookie, body: { password: `${good} 2` } })).status, 401);
  assert.equal((await call('POST', '/control/access/reset', { token, body: { password: `${good} 2` } })).status, 200);
  assert.equal((await call('GET', '/control/access', { cookie })).status, 401);
  assert.equal((await byPassword(`${good} 2`)).json['signedIn'], true);
});

test('passkeys need a name, and an invented answer opens nothing', async () => {
  const cookie = await withPassword();
  const byAddress = await call('POST', '/control/access/passkeys/options', { cookie, body: { current: good } });
  assert.deepEqual([byAddress.status, byAddress.json['code']], [400, 'BadRequest']);
  const lan = (await byPassword(good)).cookie;
  const asked = await call('POST', '/control/access/passkeys/options', { lan: true, cookie: lan, body: { current: good } });
  const options = asked.json['options'] as { rp: { id: string }; challenge: string };
  assert.equal(options.rp.id, 'desk.local');
  const clientDataJSON = Buffer.from(
    JSON.stringify({ type: 'webauthn.create', challenge: options.challenge, origin: 'https://desk.local' }),
  );
  const response = {
    id: 'x',
    rawId: 'x',
    type: 'public-key',
    response: { clientDataJSON: clientDataJSON.toString('base64url') },
  };
  const added = await call('POST', '/control/access/passkeys', { lan: true, cookie: lan, body: { name: 'mine', response } });
  assert.equal(added.status, 400);
  assert.equal((await call('POST', '/control/session/passkey', { lan: true, body: { response } })).status, 401);
});

test('a damaged account file is no open door', () => {
  const file = path.join(folder, 'damaged.json');
  writeFileSync(file, '{"password":');
  assert.throws(() => new AdminAccount(file), /is damaged/);
});

test('patience: by address, doubling, forgotten after an hour, a little for all when many fail', () => {
  let now = 0;
  const patience = new Patience(() => now);
  const waits = Array.from({ length: 6 }, () => {
    patience.failed('10.0.0.1');
    return patience.waitMs('10.0.0.1');
  });
  assert.deepEqual(waits, [0, 0, 1000, 2000, 4000, 8000]);
  assert.equal(patience.waitMs('10.0.0.2'), 0);
  for (let i = 0; i < 60; i += 1) patience.failed('10.0.0.1');
  assert.equal(patience.waitMs('10.0.0.1'), 15 * 60_000);
  assert.equal(patience.waitMs('10.0.0.2'), 30_000);
  patience.failed('2001:db8:1:2::3');
  patience.failed('2001:db8:1:2::4');
  patience.failed('2001:db8:1:2:5::6');
  assert.ok(patience.waitMs('2001:db8:1:2::9') >= 1000);
  now += 3_600_001;
  assert.equal(patience.waitMs('10.0.0.1'), 0);
});

test('recovery texts are found as people type them', () => {
  const key = makeRecoveryKey();
  assert.match(key, /^([a-z2-9]{5}-){5}[a-z2-9]{5}$/);
  const codes = makeRecoveryCodes();
  assert.equal(findHash(` ${codes[3]?.toUpperCase().replace('-', ' ')}`, codes.map(hashOf)), 3);
  assert.equal(findHash('x', codes.map(hashOf)), -1);
});
