import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Uid } from '../../mail/ids.ts';
import { UidSet } from '../../mail/uid-set.ts';
import { type MailboxUpdate, SessionMailbox } from './session-mailbox.ts';
import { MemoryView } from './testing/memory-view.ts';

/** An update as a client would see it. */
function show(update: MailboxUpdate): string {
  switch (update.kind) {
    case 'expunge':
      return `${update.seq} EXPUNGE`;
    case 'vanished':
      return `VANISHED ${update.uids}`;
    case 'exists':
      return `${update.count} EXISTS`;
    case 'recent':
      return `${update.count} RECENT`;
    case 'flags':
      return `FLAGS ${update.keywords.join(' ')}`;
    case 'fetch':
      return `${update.seq} FETCH ${update.uid} ${update.flags?.join(' ') ?? '-'}${update.recent ? ' R' : ''} @${update.modseq}`;
  }
}

/** Everything there is to tell, as after NOOP. */
function poll(box: SessionMailbox, allowExpunge = true): string[] {
  return box.take({ allowExpunge }, box.arrivedThrough).map(show);
}

function mailbox(count: number, flags: string[] = []): { view: MemoryView; box: SessionMailbox } {
  const view = new MemoryView();
  if (count > 0) view.append(count, flags);
  return { view, box: new SessionMailbox(view, false) };
}

const seqs = (box: SessionMailbox): (number | undefined)[] => Array.from({ length: box.count + 2 }, (_, seq) => box.uidOf(seq));

describe('sequence numbers', () => {
  test('stand still until the expunge is told', () => {
    const { view, box } = mailbox(5);
    view.expunge(2, 4);
    assert.equal(box.count, 5);
    assert.deepEqual(seqs(box), [undefined, 1, 2, 3, 4, 5, undefined]);
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6].map((uid) => box.seqOf(uid as Uid)),
      [1, 2, 3, 4, 5, undefined],
    );
    assert.deepEqual(box.flagsOf(2 as Uid), []);
    assert.deepEqual(poll(box, false), []);
    assert.deepEqual(poll(box), ['4 EXPUNGE', '2 EXPUNGE']);
    assert.deepEqual(seqs(box), [undefined, 1, 3, 5, undefined]);
    assert.deepEqual(poll(box), []);
  });

  test('an arrival counts only when it is announced', () => {
    const { view, box } = mailbox(2);
    view.append(2);
    assert.equal(box.count, 2);
    assert.equal(box.seqOf(3 as Uid), undefined);
    assert.equal(box.flagsOf(3 as Uid), undefined);
    assert.equal(box.maxUid, 2);
    assert.deepEqual(box.all().toArray(), [1, 2]);
    assert.deepEqual(poll(box), ['4 EXISTS']);
    assert.equal(box.seqOf(3 as Uid), 3);
  });

  test('what comes and goes unannounced is never told', () => {
    const { view, box } = mailbox(1);
    view.append(3);
    view.expunge(3);
    assert.deepEqual(poll(box), ['3 EXISTS']);
    assert.deepEqual(seqs(box), [undefined, 1, 2, 4, undefined]);
    view.append(1);
    view.expunge(5);
    assert.deepEqual(poll(box), []);
  });

  test('arrivals behind untold expunges', () => {
    const { view, box } = mailbox(3);
    view.expunge(1, 3);
    view.append(2);
    assert.deepEqual(poll(box, false), ['5 EXISTS']);
    assert.deepEqual(seqs(box), [undefined, 1, 2, 3, 4, 5, undefined]);
    view.expunge(4);
    assert.deepEqual(poll(box), ['4 EXPUNGE', '3 EXPUNGE', '1 EXPUNGE']);
    assert.deepEqual(seqs(box), [undefined, 2, 5, undefined]);
  });

  test('VANISHED names UIDs', () => {
    const { view, box } = mailbox(6);
    view.expunge(2, 3, 6);
    assert.deepEqual(box.take({ allowExpunge: true, vanished: true }).map(show), ['VANISHED 2:3,6']);
  });

  test('several expunges in one entry, in any order', () => {
    const { view, box } = mailbox(6);
    view.apply({ kind: 'expunge', uids: UidSet.of(5) }, { kind: 'expunge', uids: UidSet.of(2, 3) });
    assert.equal(box.count, 6);
    assert.deepEqual(seqs(box), [undefined, 1, 2, 3, 4, 5, 6, undefined]);
    assert.deepEqual(poll(box), ['5 EXPUNGE', '3 EXPUNGE', '2 EXPUNGE']);
  });

  test('sets of numbers', () => {
    const { view, box } = mailbox(6);
    view.expunge(2, 5);
    view.append(1);
    assert.equal(box.uidsOfSeqs(UidSet.range(2, 99)).toString(), '2:6');
    assert.equal(box.present(UidSet.range(4, 99)).toString(), '4:6');
    assert.equal(box.maxUid, 6);
    view.expunge(6);
    assert.equal(box.maxUid, 6, 'an untold expunge is still the largest UID');
    poll(box);
    assert.equal(box.present(UidSet.range(1, 99)).toString(), '1,3:4,7');
    assert.equal(box.uidsOfSeqs(UidSet.of(1, 3)).toString(), '1,4');
  });

  test('any history gives the numbers of a plain list', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), n: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant('expunge' as const), n: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ kind: fc.constant('store' as const), n: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ kind: fc.constant('tell' as const), n: fc.integer({ min: 0, max: 1 }) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), fc.array(step, { maxLength: 30 }), (start, steps) => {
        const { view, box } = mailbox(start);
        // The client's picture, changed by what it hears alone.
        let told = box.all().toArray();
        let count = told.length;
        const flags = new Map<number, string>(told.map((uid) => [uid, '']));
        const hear = (updates: MailboxUpdate[]): void => {
          for (const update of updates) {
            if (update.kind === 'expunge') {
              assert.ok(update.seq <= told.length);
              told.splice(update.seq - 1, 1);
              count -= 1;
            } else if (update.kind === 'exists') {
              ({ count } = update);
              told = box.all().toArray();
              assert.equal(told.length, count);
              for (const uid of told) if (!flags.has(uid)) flags.set(uid, box.flagsOf(uid as Uid)!.join(' '));
            } else if (update.kind === 'fetch') {
              assert.equal(told[update.seq - 1], update.uid);
              flags.set(update.uid, update.flags!.join(' '));
            }
          }
        };
        for (const { kind, n } of steps) {
          if (kind === 'append') view.append(n);
          else if (kind === 'expunge') view.expunge(n);
          else if (kind === 'store') view.store(UidSet.of(n), n % 2 === 0 ? 'add' : 'replace', n % 3 === 0 ? '\\Seen' : 'word');
          else hear(box.take({ allowExpunge: n === 1 }, box.arrivedThrough));
          assert.equal(box.count, count);
          assert.deepEqual(
            Array.from({ length: count }, (_, i) => box.uidOf(i + 1)),
            told,
          );
          assert.deepEqual(
            told.map((uid) => box.seqOf(uid as Uid)),
            told.map((_, i) => i + 1),
          );
        }
        hear(box.take({ allowExpunge: true }, box.arrivedThrough));
        assert.deepEqual(
          told,
          Array.from({ length: view.count }, (_, i) => view.uidAt(i)),
        );
        assert.deepEqual(
          told.map((uid) => flags.get(uid)),
          told.map((uid) => box.flagsOf(uid as Uid)!.join(' ')),
        );
        assert.equal(box.hasUpdates, false);
      }),
      { numRuns: 300 },
    );
  });
});

describe('flags', () => {
  test('the current state is told once', () => {
    const { view, box } = mailbox(3);
    view.store(UidSet.of(2), 'add', '\\Seen');
    view.store(UidSet.of(2), 'add', '\\Flagged');
    view.store(UidSet.of(3), 'add', '\\Seen');
    assert.deepEqual(poll(box, false), ['2 FETCH 2 \\Flagged \\Seen @4', '3 FETCH 3 \\Seen @5']);
    assert.deepEqual(poll(box), []);
  });

  test('sequence numbers follow the expunges of the same answer', () => {
    const { view, box } = mailbox(3);
    view.store(UidSet.range(1, 3), 'add', '\\Seen');
    view.expunge(1);
    assert.deepEqual(poll(box, false), ['1 FETCH 1 \\Seen @3', '2 FETCH 2 \\Seen @3', '3 FETCH 3 \\Seen @3']);
    view.store(UidSet.of(3), 'remove', '\\Seen');
    assert.deepEqual(poll(box), ['1 EXPUNGE', '2 FETCH 3  @5']);
  });

  test('a message that is gone needs no flags', () => {
    const { view, box } = mailbox(2);
    view.store(UidSet.of(1), 'add', '\\Deleted');
    view.expunge(1);
    assert.deepEqual(poll(box), ['1 EXPUNGE']);
  });

  test('a new keyword is named before it is used', () => {
    const { view, box } = mailbox(1, ['Old']);
    view.store(UidSet.of(1), 'add', 'New');
    assert.deepEqual(poll(box), ['FLAGS Old New', '1 FETCH 1 New Old @3']);
    view.append(1, ['Third']);
    assert.deepEqual(poll(box), ['2 EXISTS', 'FLAGS Old New Third']);
  });

  test('a limit leaves the rest for the next time', () => {
    const { view, box } = mailbox(5);
    view.store(UidSet.range(1, 5), 'add', '\\Seen');
    const some = (): string[] => box.take({ allowExpunge: false, limit: 2 }).map((update) => show(update).slice(0, 7));
    assert.deepEqual(some(), ['1 FETCH', '2 FETCH']);
    assert.deepEqual(some(), ['3 FETCH', '4 FETCH']);
    assert.equal(box.hasUpdates, true);
    assert.deepEqual(some(), ['5 FETCH']);
    assert.equal(box.hasUpdates, false);
  });

  test('a FETCH response with FLAGS counts as telling', () => {
    const { view, box } = mailbox(2);
    view.store(UidSet.range(1, 2), 'add', '\\Seen');
    box.flagsTold(1 as Uid);
    assert.deepEqual(poll(box), ['2 FETCH 2 \\Seen @3']);
  });
});

describe('own .SILENT stores', () => {
  test('are silent', () => {
    const { view, box } = mailbox(3);
    const expected = box.expect(UidSet.range(1, 2));
    view.store(UidSet.range(1, 2), 'add', '\\Seen');
    box.settle(expected, 'add', ['\\Seen'], false);
    assert.deepEqual(poll(box), []);
  });

  test('tell the MODSEQ to who wants it', () => {
    const { view, box } = mailbox(2);
    const expected = box.expect(UidSet.of(1));
    view.store(UidSet.of(1), 'add', '\\Seen');
    box.settle(expected, 'add', ['\\Seen'], true);
    assert.deepEqual(poll(box), ['1 FETCH 1 - @3']);
  });

  test('do not hide what others did before, meanwhile or after', () => {
    const { view, box } = mailbox(4);
    view.store(UidSet.of(1), 'add', '\\Flagged');
    const expected = box.expect(UidSet.range(1, 4));
    view.store(UidSet.of(2), 'add', '\\Draft');
    view.store(UidSet.range(1, 4), 'add', '\\Seen');
    view.store(UidSet.of(3), 'add', '\\Answered');
    box.settle(expected, 'add', ['\\Seen'], false);
    assert.deepEqual(poll(box), [
      '1 FETCH 1 \\Flagged \\Seen @5',
      '2 FETCH 2 \\Seen \\Draft @5',
      '3 FETCH 3 \\Answered \\Seen @6',
    ]);
  });

  test('are undone by others: told', () => {
    const { view, box } = mailbox(1);
    const expected = box.expect(UidSet.of(1));
    view.store(UidSet.of(1), 'add', '\\Seen');
    view.store(UidSet.of(1), 'remove', '\\Seen');
    box.settle(expected, 'add', ['\\Seen'], false);
    assert.deepEqual(poll(box), ['1 FETCH 1  @4']);
  });
});

describe('\\Recent', () => {
  test('is shown where it was claimed, and leaves with the message', () => {
    const { view, box } = mailbox(2);
    box.claim(2 as Uid, 2 as Uid);
    assert.deepEqual(poll(box), ['1 RECENT']);
    view.append(2);
    box.claim(3 as Uid, 4 as Uid);
    assert.deepEqual(poll(box), ['4 EXISTS', '3 RECENT']);
    assert.ok(box.isRecent(3 as Uid) && !box.isRecent(1 as Uid));
    view.store(UidSet.of(4), 'add', '\\Seen');
    assert.deepEqual(poll(box), ['4 FETCH 4 \\Seen R @4']);
    view.expunge(2, 4);
    assert.equal(box.recentCount, 3);
    poll(box);
    assert.equal(box.recentCount, 1);
  });
});

test('change is called for what the client has not heard', () => {
  const { view, box } = mailbox(1);
  let calls = 0;
  box.onChange = () => {
    calls += 1;
  };
  view.append(1);
  view.store(UidSet.of(2), 'add', '\\Seen');
  assert.equal(calls, 1, 'flags of an unannounced message are no news');
  box.close();
  view.append(1);
  assert.equal(calls, 1);
  assert.equal(view.listenerCount, 0);
});
