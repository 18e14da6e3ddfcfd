import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rewriteSender, tryOriginalSender } from './srs.ts';

const secret = Buffer.alloc(32, 7);
const now = Date.UTC(2026, 10, 24);
const DAY = 86_400_000;

test('a rewritten sender leads back, for three weeks, in any case of letters', () => {
  for (const sender of ['ann@there.test', 'a=b+c@there.test', 'SRS0=x=y=z=w@there.test', 'андрис@уайлддак.орг']) {
    const rewritten = rewriteSender(sender, 'mail.test', secret, now);
    assert.match(rewritten, /^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=.*@mail\.test$/);
    assert.equal(tryOriginalSender(rewritten, secret, now), sender);
    assert.equal(tryOriginalSender(rewritten, secret, now + 21 * DAY), sender);
    assert.equal(tryOriginalSender(rewritten, secret, now + 22 * DAY), undefined);
  }
  const shouted = rewriteSender('ann@there.test', 'mail.test', secret, now).toUpperCase();
  assert.equal(tryOriginalSender(shouted, secret, now), 'ANN@THERE.TEST');
});

test('nobody else can make one, and what is none stays what it is', () => {
  const rewritten = rewriteSender('ann@there.test', 'mail.test', secret, now);
  const forged = [
    rewritten.replace('=ann@', '=bob@'),
    rewritten.replace('there.test', 'else.test'),
    rewriteSender('ann@there.test', 'mail.test', Buffer.alloc(32, 8), now),
    'SRS0=aaaaaaaa=aa=there.test=ann@mail.test',
    'SRS0=@mail.test',
    'ann@mail.test',
  ];
  for (const address of forged) assert.equal(tryOriginalSender(address, secret, now), undefined, address);
  assert.equal(rewriteSender('', 'mail.test', secret, now), '');
  assert.equal(rewriteSender(`${'x'.repeat(300)}@there.test`, 'mail.test', secret, now), '', 'too long to be rewritten');
});

test('the stamp’s cycle of 1024 days changes nothing', () => {
  for (let day = 0; day < 1_100; day += 37) {
    const at = now + day * DAY;
    const rewritten = rewriteSender('ann@there.test', 'mail.test', secret, at);
    assert.equal(tryOriginalSender(rewritten, secret, at + 20 * DAY), 'ann@there.test', `${day}`);
    assert.equal(tryOriginalSender(rewritten, secret, at + 100 * DAY), undefined, `${day}`);
  }
});
