import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SignInLimiter } from './sign-in-limiter.ts';

test('different guesses from one address end in a ban of that pair, which passes', () => {
  let now = 0;
  const limiter = new SignInLimiter({ pairFailures: 3, banMs: 1000 }, () => now);
  const delays = ['a', 'b', 'c'].map((guess) => limiter.failed('anna', '203.0.113.5', guess));
  assert.deepEqual(delays, [50, 100, 200]);
  assert.match(limiter.banOf('anna', '203.0.113.5')?.reason ?? '', /3 wrong passwords for anna/);
  assert.equal(limiter.banOf('anna', '203.0.113.6'), undefined, 'the owner elsewhere is not locked out');
  assert.equal(limiter.banOf('otto', '203.0.113.5'), undefined);
  assert.equal(limiter.bans().length, 1);
  now = 1001;
  assert.equal(limiter.banOf('anna', '203.0.113.5'), undefined);
});

test('the same wrong password again counts once', () => {
  const limiter = new SignInLimiter({ pairFailures: 3 });
  for (let n = 0; n < 50; n += 1) assert.equal(limiter.failed('anna', '203.0.113.5', 'old'), 50);
  assert.equal(limiter.banOf('anna', '203.0.113.5'), undefined);
});

test('many users from one address: the address is banned; an IPv6 network is one address', () => {
  const limiter = new SignInLimiter({ addressFailures: 5 });
  for (let n = 0; n < 5; n += 1) limiter.failed(`user${n}`, `2001:db8:1:2::${n}`, 'guess');
  assert.notEqual(limiter.banOf('anybody', '2001:db8:1:2:ffff::1'), undefined);
  assert.equal(limiter.banOf('anybody', '2001:db8:1:3::1'), undefined);
  const [ban] = limiter.bans();
  assert.equal(limiter.unban(ban!.key), true);
  assert.equal(limiter.banOf('anybody', '2001:db8:1:2::1'), undefined);
});

test('private and trusted addresses are delayed, not banned', () => {
  const limiter = new SignInLimiter({ pairFailures: 2, trusted: ['198.51.100.0/24'], maxDelayMs: 400 });
  for (const ip of ['192.168.1.9', '127.0.0.1', '::1', '::ffff:10.0.0.1', 'fd00::1', '198.51.100.7']) {
    const delays = Array.from({ length: 6 }, (_, n) => limiter.failed('anna', ip, `guess ${n}`));
    assert.deepEqual(delays, [50, 100, 200, 400, 400, 400]);
    assert.equal(limiter.banOf('anna', ip), undefined, ip);
  }
});

test('success clears the pair', () => {
  const limiter = new SignInLimiter({ pairFailures: 3 });
  limiter.failed('anna', '203.0.113.5', 'a');
  limiter.failed('anna', '203.0.113.5', 'b');
  limiter.succeeded('anna', '203.0.113.5');
  assert.equal(limiter.failed('anna', '203.0.113.5', 'c'), 50);
});
