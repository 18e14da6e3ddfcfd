import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Failure, ServiceState } from './contract.ts';
import { advance, initialMachine, type Machine, type MachineEvent } from './state-machine.ts';

const limits = { backoffFirstMs: 1000, backoffLongestMs: 60_000, crashesToFail: 5, crashWindowMs: 600_000 };
const failure: Failure = { kind: 'exited', message: 'it ended', lastLines: ['last words'], at: 0 };
const ended: MachineEvent = { type: 'ended', failure, final: false };

function run(
  events: readonly (MachineEvent | number)[],
  from: Machine = initialMachine(0),
): { machine: Machine; story: string[] } {
  let machine = from;
  let now = 0;
  const story: string[] = [];
  for (const event of events) {
    if (typeof event === 'number') {
      now += event;
      continue;
    }
    const step = advance(machine, event, limits, now);
    machine = step.machine;
    story.push(...step.path.map((one) => one.state));
    story.push(
      ...step.effects.map((effect) => (effect.type === 'schedule-retry' ? `retry in ${effect.delayMs}` : `(${effect.type})`)),
    );
  }
  return { machine, story };
}

test('the ways through a life', () => {
  const start: MachineEvent = { type: 'start' };
  const ready: MachineEvent = { type: 'ready' };
  const retry: MachineEvent = { type: 'retry' };
  const stop: MachineEvent = { type: 'stop' };
  const stopped: MachineEvent = ended;
  const table: [string, (MachineEvent | number)[], string[]][] = [
    ['up and down', [start, ready, stop, stopped], ['starting', '(launch)', 'ready', 'stopping', '(terminate)', 'stopped']],
    ['start twice is once', [start, start, ready, start], ['starting', '(launch)', 'ready']],
    ['stop while starting', [start, stop, ready, stopped], ['starting', '(launch)', 'stopping', '(terminate)', 'stopped']],
    [
      'a crash and a retry',
      [start, ready, ended, retry, ready],
      ['starting', '(launch)', 'ready', 'crashed', 'backoff', 'retry in 1000', 'starting', '(launch)', 'ready'],
    ],
    [
      'stop during backoff',
      [start, ended, stop, retry],
      ['starting', '(launch)', 'crashed', 'backoff', 'retry in 1000', 'stopped', '(cancel-retry)'],
    ],
    [
      'start during backoff is now',
      [start, ended, start],
      ['starting', '(launch)', 'crashed', 'backoff', 'retry in 1000', 'starting', '(cancel-retry)', '(launch)'],
    ],
    ['a final failure is not tried again', [start, { ...ended, final: true }], ['starting', '(launch)', 'crashed', 'failed']],
    [
      'a person leads out of failed',
      [start, { ...ended, final: true }, retry, start],
      ['starting', '(launch)', 'crashed', 'failed', 'starting', '(launch)'],
    ],
    ['stop clears failed', [start, { ...ended, final: true }, stop], ['starting', '(launch)', 'crashed', 'failed', 'stopped']],
    ['what never ran cannot crash', [ended, ready, retry, stop], []],
  ];
  for (const [name, events, story] of table) assert.deepEqual(run(events).story, story, name);
});

test('pauses double, then it has failed with its reason', () => {
  const { machine, story } = run([
    { type: 'start' },
    ended,
    { type: 'retry' },
    ended,
    { type: 'retry' },
    ended,
    { type: 'retry' },
    ended,
    { type: 'retry' },
    ended,
  ]);
  assert.deepEqual(
    story.filter((word) => word.startsWith('retry')),
    ['retry in 1000', 'retry in 2000', 'retry in 4000', 'retry in 8000'],
  );
  assert.equal(machine.state, 'failed');
  assert.equal(machine.restarts, 4);
  assert.deepEqual(machine.failure?.lastLines, ['last words']);
});

test('crashes that are long past do not count', () => {
  const events: (MachineEvent | number)[] = [{ type: 'start' }];
  for (let at = 0; at < 20; at += 1) events.push(200_000, ended, { type: 'retry' }, { type: 'ready' });
  const { machine, story } = run(events);
  assert.equal(machine.state, 'ready');
  assert.equal(machine.failure, undefined);
  assert.ok(!story.includes('failed'));
});

test('any events: a pause is bounded, stop always leads to rest, a launch is never doubled', () => {
  const event = fc.oneof(
    fc.constantFrom<MachineEvent>({ type: 'start' }, { type: 'ready' }, { type: 'retry' }, { type: 'stop' }, ended, {
      ...ended,
      final: true,
    }),
    fc.integer({ min: 0, max: 700_000 }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let machine = initialMachine(0);
      let now = 0;
      let alive = false;
      for (const one of events) {
        if (typeof one === 'number') {
          now += one;
          continue;
        }
        const step = advance(machine, one, limits, now);
        for (const effect of step.effects) {
          if (effect.type === 'launch') assert.equal(alive, false, 'launched twice');
          if (effect.type === 'schedule-retry') assert.ok(effect.delayMs <= limits.backoffLongestMs);
        }
        machine = step.machine;
        alive = (['starting', 'ready', 'stopping'] satisfies ServiceState[] as ServiceState[]).includes(machine.state);
        assert.ok(machine.crashes.length <= limits.crashesToFail);
        assert.equal(machine.retryAt !== undefined, machine.state === 'backoff');
      }
      for (const last of [{ type: 'stop' } as const, ended]) machine = advance(machine, last, limits, now).machine;
      assert.equal(machine.state, 'stopped');
    }),
  );
});
