import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MailboxInfo } from '../../operations/contract.ts';
import { listMailboxes, listSubscribed } from './list-mailboxes.ts';
import { expectListArguments } from './wire/list-args.ts';
import { ArgumentParser } from './wire/parser.ts';

function mailbox(path: string, more: Partial<MailboxInfo> = {}): MailboxInfo {
  return {
    id: path as never,
    user: 'u' as never,
    path,
    uidValidity: 1,
    uidNext: 1 as never,
    modseq: 1 as never,
    counts: { messages: 0, unseen: 0, deleted: 0, bytes: 0 },
    subscribed: false,
    noSelect: false,
    hidden: false,
    retentionMs: 0,
    createdAtMs: 0,
    ...more,
  };
}

const tree = [
  mailbox('INBOX', { subscribed: true }),
  mailbox('Sent', { specialUse: '\\Sent', subscribed: true }),
  mailbox('a'),
  mailbox('a/b', { noSelect: true }),
  mailbox('a/b/c', { subscribed: true }),
  mailbox('secret', { hidden: true, subscribed: true }),
];

function list(args: string, ghosts: string[] = []): string[] {
  const line = Buffer.from(` ${args}`);
  const parsed = expectListArguments(new ArgumentParser({ tag: '', name: '', argumentsAt: 0, lines: [line], literals: [] }));
  return listMailboxes(tree, ghosts, parsed).map(({ path, attributes, childInfo }) =>
    [...attributes, path, ...childInfo].join(' '),
  );
}

describe('LIST', () => {
  const cases: [string, string[]][] = [
    ['"" %', ['\\HasNoChildren INBOX', '\\HasNoChildren \\Sent Sent', '\\HasChildren a']],
    ['"" a/*', ['\\Noselect \\HasChildren a/b', '\\HasNoChildren a/b/c']],
    ['a/ %', ['\\Noselect \\HasChildren a/b']],
    ['"" iNbOx', ['\\HasNoChildren INBOX']],
    ['"" secret', []],
    [
      '(SUBSCRIBED) "" *',
      ['\\Subscribed \\HasNoChildren INBOX', '\\Subscribed \\HasNoChildren \\Sent Sent', '\\Subscribed \\HasNoChildren a/b/c'],
    ],
    ['(SPECIAL-USE) "" *', ['\\HasNoChildren \\Sent Sent']],
    ['"" (a INBOX) RETURN (SUBSCRIBED)', ['\\Subscribed \\HasNoChildren INBOX', '\\HasChildren a']],
    // CHILDINFO only where the inferior is not shown itself (RFC 5258 §3.5).
    [
      '(SUBSCRIBED RECURSIVEMATCH) "" %',
      ['\\Subscribed \\HasNoChildren INBOX', '\\Subscribed \\HasNoChildren \\Sent Sent', '\\HasChildren a SUBSCRIBED'],
    ],
    ['(SUBSCRIBED RECURSIVEMATCH) "" a*', ['\\Subscribed \\HasNoChildren a/b/c']],
  ];
  for (const [args, expected] of cases) test(args, () => assert.deepEqual(list(args), expected));

  test('names that are subscribed and not there', () => {
    assert.deepEqual(list('(SUBSCRIBED) "" gone*', ['gone/x']), ['\\NonExistent \\Subscribed \\HasNoChildren gone/x']);
    assert.deepEqual(list('(SUBSCRIBED RECURSIVEMATCH) "" gone%', ['gone/x']), ['\\NonExistent \\HasNoChildren gone SUBSCRIBED']);
    assert.deepEqual(list('"" gone*', ['gone/x']), []);
  });
});

describe('LSUB', () => {
  const lsub = (pattern: string, ghosts: string[] = []): string[] =>
    listSubscribed(tree, ghosts, '', pattern).map(({ path, attributes }) => [...attributes, path].join(' '));
  const cases: [string, string[]][] = [
    ['*', ['INBOX', 'Sent', 'a/b/c']],
    ['%', ['INBOX', 'Sent', '\\Noselect a']],
    ['a/%', ['\\Noselect a/b']],
    ['a/b/%', ['a/b/c']],
    ['a', []],
  ];
  for (const [pattern, expected] of cases) test(pattern, () => assert.deepEqual(lsub(pattern), expected));
  test('names outlive their mailboxes', () => assert.deepEqual(lsub('g%', ['gone', 'ghost/x']), ['gone', '\\Noselect ghost']));
});
