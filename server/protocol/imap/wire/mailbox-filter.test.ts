import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isFault } from '../../../base/fault.ts';
import { expectNotifyArguments, trySearchSources } from './mailbox-filter.ts';
import { ArgumentParser } from './parser.ts';

function parser(line: string): ArgumentParser {
  return new ArgumentParser({ tag: 'a', name: 'X', argumentsAt: 1, lines: [Buffer.from(`X${line}`)], literals: [] });
}

describe('NOTIFY arguments and search sources', () => {
  test('NONE', () => assert.deepEqual(expectNotifyArguments(parser(' NONE')), { set: false }));

  test('SET', () => {
    const line = ' SET STATUS (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange))';
    assert.deepEqual(expectNotifyArguments(parser(`${line} (subtree (Lists "a b") (MailboxName)) (personal NONE)`)), {
      set: true,
      status: true,
      groups: [
        {
          filter: { kind: 'selected' },
          events: {
            names: ['MESSAGENEW', 'MESSAGEEXPUNGE', 'FLAGCHANGE'],
            messageNewItems: [{ item: 'UID' }, { item: 'FLAGS' }],
          },
        },
        { filter: { kind: 'subtree', mailboxes: ['Lists', 'a b'] }, events: { names: ['MAILBOXNAME'], messageNewItems: [] } },
        { filter: { kind: 'personal' }, events: { names: [], messageNewItems: [] } },
      ],
    });
  });

  for (const bad of [
    '',
    ' SET',
    ' FOO',
    ' SET (foo NONE)',
    ' SET (selected (MessageNew))',
    ' SET (selected (FlagChange))',
    ' SET (personal (MessageNew (UID) MessageExpunge))',
    ' SET (selected NONE) (selected-delayed NONE)',
  ]) {
    test(`refuses${bad}`, () =>
      assert.throws(
        () => expectNotifyArguments(parser(bad)),
        (error) => isFault(error, 'SYNTAX'),
      ));
  }

  test('sources', () => {
    assert.deepEqual(trySearchSources(parser(' IN (mailboxes (INBOX x) subtree-one y selected) ALL')), [
      { kind: 'mailboxes', mailboxes: ['INBOX', 'x'] },
      { kind: 'subtree-one', mailboxes: ['y'] },
      { kind: 'selected' },
    ]);
    assert.equal(trySearchSources(parser(' RETURN () ALL')), undefined);
    assert.throws(() => trySearchSources(parser(' IN (selected-delayed) ALL')));
  });
});
