import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkScramProof, deriveScramKeys } from './scram.ts';
import { FOREIGN_HASHES } from './foreign-hashes.ts';
import { VECTORS } from './foreign-hash-vectors.ts';
import { Gate } from './gate.ts';
import { Passwords, isKnownHash } from './password.ts';
import { tryPhc } from './phc.ts';
import { isFault } from '../base/fault.ts';

const cheap = { cost: { memoryKib: 64, passes: 1, lanes: 1 } };

test('a hash opens to its password only, and is a PHC string with its parameters', async () => {
  const passwords = new Passwords(cheap);
  const stored = await passwords.hash('päss wörd');
  assert.match(stored, /^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
  assert.deepEqual(await passwords.verify('päss wörd', stored), { ok: true, outdated: false });
  assert.deepEqual(await passwords.verify('pa\u0308ss\u00a0wo\u0308rd', stored), { ok: true, outdated: false });
  assert.deepEqual(await passwords.verify('pass word', stored), { ok: false, outdated: false });
  assert.deepEqual(await passwords.verify('x'.repeat(2000), stored), { ok: false, outdated: false });
});

test('a hash with other parameters is outdated, but only for who knows the password', async () => {
  const stored = await new Passwords(cheap).hash('secret');
  const passwords = new Passwords({ cost: { memoryKib: 128, passes: 1, lanes: 1 } });
  assert.deepEqual(await passwords.verify('secret', stored), { ok: true, outdated: true });
  assert.deepEqual(await passwords.verify('other', stored), { ok: false, outdated: false });
});

test('a positive check is remembered for its time, a negative one is not', async () => {
  let now = 1000;
  const passwords = new Passwords({ cost: { memoryKib: 32_768, passes: 2, lanes: 1 }, rememberMs: 500, now: () => now });
  const stored = await passwords.hash('secret');
  const timed = async (password: string): Promise<number> => {
    const from = performance.now();
    await passwords.verify(password, stored);
    return performance.now() - from;
  };
  const first = await timed('secret');
  // The best of a few: another process may take the processor at any moment.
  const again = Math.min(await timed('secret'), await timed('secret'), await timed('secret'));
  const wrong = await timed('wrong');
  now += 501;
  const later = await timed('secret');
  assert.ok(again < first / 4 && again < later / 4 && again < wrong / 4, `${first} ${again} ${wrong} ${later}`);
});

test('checking nothing costs what checking a real hash costs', async () => {
  const passwords = new Passwords({ cost: { memoryKib: 16_384, passes: 1, lanes: 1 }, rememberMs: 0 });
  const stored = await passwords.hash('secret');
  await passwords.verifyNothing('warm up');
  const from = performance.now();
  await passwords.verify('wrong', stored);
  const between = performance.now();
  assert.deepEqual(await passwords.verifyNothing('wrong'), { ok: false, outdated: false });
  const end = performance.now();
  assert.ok(end - between > (between - from) / 5);
});

test('foreign hashes: each form opens to its password and not to another', async () => {
  const passwords = new Passwords(cheap);
  const vectors = VECTORS;
  const seen = new Set<string>();
  for (const [password, stored] of vectors) {
    assert.equal(isKnownHash(stored), true, stored);
    assert.deepEqual(
      await passwords.verify(password, stored),
      { ok: true, outdated: !stored.startsWith('$argon2id$v=19$m=64,t=1') },
      stored,
    );
    assert.equal((await passwords.verify(`x${password}`, stored)).ok, false, stored);
    seen.add(FOREIGN_HASHES.find((one) => one.matches(stored))?.name ?? 'argon2');
  }
  assert.deepEqual([...seen].sort(), ['argon2', ...FOREIGN_HASHES.map((one) => one.name)].sort());
});

test('what is no hash, or asks for too much, is not known', async () => {
  const passwords = new Passwords(cheap);
  for (const text of [
    '',
    'secret',
    '$2y$31$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234',
    '$argon2id$v=19$m=99999999,t=3,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNoaGFzaA',
    '$scrypt$ln=31,r=8,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA',
    '{CRYPT}secret',
  ]) {
    assert.equal(isKnownHash(text), false, text);
    assert.equal((await passwords.verify('secret', text)).ok, false, text);
  }
  assert.equal(tryPhc('$x$y'), undefined);
});

test('SCRAM keys check the proof of RFC 7677 §3 and no other', () => {
  const keys = {
    salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'),
    iterations: 4096,
    storedKey: Buffer.from('WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=', 'base64'),
    serverKey: Buffer.from('wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=', 'base64'),
  };
  const auth =
    'n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,' +
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');
  assert.equal(checkScramProof('sha256', keys, auth, proof)?.toString('base64'), '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  proof[0] = proof[0]! ^ 1;
  assert.equal(checkScramProof('sha256', keys, auth, proof), undefined);
  assert.equal(checkScramProof('sha256', keys, auth, Buffer.alloc(3)), undefined);
});

test('SCRAM keys differ by salt and have the right sizes', async () => {
  const [one, two] = [await deriveScramKeys('sha1', 'x', 10), await deriveScramKeys('sha1', 'x', 10)];
  assert.notDeepEqual(one.storedKey, two.storedKey);
  assert.equal(one.storedKey.length, 20);
  assert.equal((await deriveScramKeys('sha256', 'x', 10)).serverKey.length, 32);
});

test('the gate runs so many at once, queues so many, refuses the rest, and survives a failing task', async () => {
  const gate = new Gate({ parallel: 2, waiting: 1 });
  let running = 0;
  let most = 0;
  const release: (() => void)[] = [];
  const task = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => release.push(resolve));
    running -= 1;
  };
  const first = [gate.run(task), gate.run(task), gate.run(task)];
  await assert.rejects(gate.run(task), (error) => isFault(error, 'UNAVAILABLE'));
  while (release.length > 0 || running > 0) {
    release.shift()?.();
    await Promise.resolve();
    await new Promise(setImmediate);
  }
  await Promise.all(first);
  assert.equal(most, 2);
  await assert.rejects(gate.run(() => Promise.reject(new Error('no'))));
  assert.equal(await gate.run(() => Promise.resolve(7)), 7);
});
