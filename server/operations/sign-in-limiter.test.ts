import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignInLimiter } from './sign-in-limiter.ts';

test('different guesses from one address end in a ban of that pair, which passes', async () => {
  let now = 0;
  const limiter = new SignInLimiter({ pairFailures: 3, banMs: 1000 }, undefined, () => now);
  const delays: number[] = [];
  for (const guess of ['a', 'b', 'c']) delays.push(await limiter.failed('anna', '203.0.113.5', guess));
  assert.deepEqual(delays, [50, 100, 200]);
  assert.match((await limiter.banOf('anna', '203.0.113.5'))?.reason ?? '', /3 wrong passwords for anna/);
  assert.equal(await limiter.banOf('anna', '203.0.113.6'), undefined, 'the owner elsewhere is not locked out');
  assert.equal(await limiter.banOf('otto', '203.0.113.5'), undefined);
  assert.equal(limiter.bans().length, 1);
  now = 1001;
  assert.equal(await limiter.banOf('anna', '203.0.113.5'), undefined);
});

test('the same wrong password again counts once', async () => {
  const limiter = new SignInLimiter({ pairFailures: 3 });
  for (let n = 0; n < 50; n += 1) assert.equal(await limiter.failed('anna', '203.0.113.5', 'old'), 50);
  assert.equal(await limiter.banOf('anna', '203.0.113.5'), undefined);
});

test('many users from one address: the address is banned; an IPv6 network is one address', async () => {
  const limiter = new SignInLimiter({ addressFailures: 5 });
  for (let n = 0; n < 5; n += 1) await limiter.failed(`user${n}`, `2001:db8:1:2::${n}`, 'guess');
  assert.notEqual(await limiter.banOf('anybody', '2001:db8:1:2:ffff::1'), undefined);
  assert.equal(await limiter.banOf('anybody', '2001:db8:1:3::1'), undefined);
  const [ban] = limiter.bans();
  assert.equal(await limiter.unban(ban!.key), true);
  assert.equal(await limiter.banOf('anybody', '2001:db8:1:2::1'), undefined);
});

test('private and trusted addresses are delayed, not banned', async () => {
  const limiter = new SignInLimiter({ pairFailures: 2, trusted: ['198.51.100.0/24'], maxDelayMs: 400 });
  for (const ip of ['192.168.1.9', '127.0.0.1', '::1', '::ffff:10.0.0.1', 'fd00::1', '198.51.100.7']) {
    const delays: number[] = [];
    for (let n = 0; n < 6; n += 1) delays.push(await limiter.failed('anna', ip, `guess ${n}`));
    assert.deepEqual(delays, [50, 100, 200, 400, 400, 400]);
    assert.equal(await limiter.banOf('anna', ip), undefined, ip);
  }
});

test('success clears the pair', async () => {
  const limiter = new SignInLimiter({ pairFailures: 3 });
  await limiter.failed('anna', '203.0.113.5', 'a');
  await limiter.failed('anna', '203.0.113.5', 'b');
  await limiter.succeeded('anna', '203.0.113.5');
  assert.equal(await limiter.failed('anna', '203.0.113.5', 'c'), 50);
});

test('a user who is guessed at from everywhere: strangers are refused, known places are not', async () => {
  const limiter = new SignInLimiter({ userFailures: 10, maxDelayMs: 400 });
  await limiter.succeeded('anna', '198.51.100.1');
  for (let n = 0; n < 10; n += 1) await limiter.failed('anna', `203.0.113.${n}`, `guess ${n}`);
  assert.equal((await limiter.banOf('anna', '203.0.113.99'))?.key, 'anna *');
  assert.equal(await limiter.banOf('anna', '198.51.100.1'), undefined);
  assert.equal(await limiter.banOf('anna', '192.168.1.2'), undefined);
  assert.equal(await limiter.banOf('otto', '203.0.113.99'), undefined);
  assert.equal(await limiter.unban('anna *'), true);
  assert.equal(await limiter.banOf('anna', '203.0.113.99'), undefined);
});

test('each further ban of a day lasts twice as long; letting somebody in starts anew', async () => {
  let now = 0;
  const limiter = new SignInLimiter({ pairFailures: 1, banMs: 1_000 }, undefined, () => now);
  const lasts: number[] = [];
  const slip = async (): Promise<void> => {
    await limiter.failed('anna', '203.0.113.5', `guess ${now}`);
    const ban = await limiter.banOf('anna', '203.0.113.5');
    lasts.push((ban?.until.getTime() ?? 0) - now);
    now += 10_000;
  };
  for (let n = 0; n < 3; n += 1) await slip();
  await limiter.unban('anna 203.0.113.5');
  await slip();
  assert.deepEqual(lasts, [1_000, 2_000, 4_000, 1_000]);
});

test('where an administrator comes from is never banned', async () => {
  const limiter = new SignInLimiter({ pairFailures: 1 });
  await limiter.trust('203.0.113.5');
  await limiter.failed('anna', '203.0.113.5', 'slip');
  assert.equal(await limiter.banOf('anna', '203.0.113.5'), undefined);
});
