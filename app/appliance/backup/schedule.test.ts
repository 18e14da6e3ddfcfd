import assert from 'node:assert/strict';
import { it } from 'node:test';
import { nextBackup } from './schedule.ts';

const at = (day: number, hour: number, minute = 0): number => new Date(2026, 10, day, hour, minute).getTime();
const daily = { every: 'daily', hour: 3 } as const;
// 22 November 2026 is a Sunday.
const weekly = { every: 'weekly', hour: 3 } as const;

it('says when the next backup is due', () => {
  const now = at(24, 12);
  const cases = [
    ['off', { every: 'off', hour: 3 } as const, {}, undefined],
    ['none yet: the coming night', daily, {}, at(25, 3)],
    ['made this night', daily, { lastBackupMs: at(24, 3, 5) }, at(25, 3)],
    ['by hand, after this night', daily, { lastBackupMs: at(24, 9) }, at(25, 3)],
    ['the computer was off this night', daily, { lastBackupMs: at(23, 3, 5), lastTryMs: at(23, 3) }, now],
    ['it failed this night', daily, { lastBackupMs: at(23, 3, 5), lastTryMs: at(24, 11, 30) }, at(24, 12, 30)],
    ['the first one failed', daily, { lastTryMs: at(24, 11, 30) }, at(24, 12, 30)],
    ['weekly, made on Sunday', weekly, { lastBackupMs: at(22, 3, 5) }, at(29, 3)],
    ['weekly, missed', weekly, { lastBackupMs: at(20, 3, 5) }, now],
  ] as const;
  for (const [name, schedule, past, expected] of cases)
    assert.equal(nextBackup(schedule, { lastBackupMs: undefined, lastTryMs: undefined, ...past }, now), expected, name);
});
