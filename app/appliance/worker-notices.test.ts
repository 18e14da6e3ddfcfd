import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkerNotices } from './worker-notices.ts';

test('a limit that stops a sender is told once an hour, by whom it is; other lines are not', () => {
  const notices = new WorkerNotices();
  const line = (at: number, fields: Record<string, unknown>) => ({
    at,
    level: 'warn' as const,
    service: 'delivery',
    message: 'x',
    fields,
  });
  const limit = { event: 'sending-limit', username: 'ann', what: 'recipients a day', limit: 2000 };
  assert.match(notices.of(line(1_000, limit))?.message ?? '', /^ann has reached the limit of 2000 recipients a day/);
  assert.equal(notices.of(line(60_000, limit)), undefined);
  assert.ok(notices.of(line(60_000, { ...limit, username: 'bob' })));
  assert.ok(notices.of(line(3_700_000, limit)));
  assert.equal(notices.of(line(0, { event: 'quota', username: 'ann', percent: 81, level: 80 }))?.level, 'warn');
  assert.equal(notices.of(line(0, { event: 'constructor' })), undefined);
  assert.equal(notices.of(line(0, {})), undefined);
});
