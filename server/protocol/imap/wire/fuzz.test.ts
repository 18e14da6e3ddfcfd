/** Bounded and seeded: whatever comes in, the reader and the argument parsers answer with values or faults, never with anything else, and end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Fault } from '../../../base/fault.ts';
import { expectAppendArguments, expectReplaceArguments } from './append-args.ts';
import { expectFetchArguments } from './fetch-items.ts';
import { expectListArguments, expectLsubArguments } from './list-args.ts';
import { ArgumentParser } from './parser.ts';
import { AUTHENTICATED_LIMITS, ImapReader, type ReaderLimits } from './reader.ts';
import { expectSearchProgram } from './search-keys.ts';
import { trySearchReturn } from './search-return.ts';
import { expectSelectArguments } from './select-args.ts';
import { expectSortArguments, expectThreadArguments } from './sort-keys.ts';
import { expectStatusArguments } from './status-items.ts';
import { expectStoreArguments } from './store-args.ts';
import { traceCommand } from './trace.ts';

const LIMITS: ReaderLimits = {
  ...AUTHENTICATED_LIMITS,
  lineBytes: 500,
  literalBytes: 300,
  messageBytes: 1000,
  literals: 20,
  skipBytes: 5000,
};

const PARSERS: readonly ((parser: ArgumentParser) => unknown)[] = [
  (parser) => expectFetchArguments(parser, true),
  (parser) => {
    trySearchReturn(parser);
    return expectSearchProgram(parser);
  },
  expectSortArguments,
  expectThreadArguments,
  expectStoreArguments,
  expectStatusArguments,
  expectSelectArguments,
  expectListArguments,
  expectLsubArguments,
  expectAppendArguments,
  expectReplaceArguments,
];

const SEEDS = [
  'a UID FETCH 1:*,$ (FLAGS BODY.PEEK[1.2.HEADER.FIELDS (From "To")]<0.10> BINARY[1]) (CHANGEDSINCE 1 VANISHED)\r\n',
  'a SEARCH RETURN (MIN PARTIAL 1:2) CHARSET UTF-8 OR (SUBJECT NIL) NOT FROM {3+}\r\nabc UID 1:* MODSEQ "/flags/\\\\Seen" all 5\r\n',
  'a SORT (REVERSE DATE SUBJECT) UTF-8 SINCE 1-Feb-1994 LARGER 10\r\n',
  'a STORE 1:3 (UNCHANGEDSINCE 9) +FLAGS.SILENT (\\Seen $Junk)\r\n',
  'a LIST (SUBSCRIBED) "" ("a*" {2+}\r\n%b) RETURN (STATUS (MESSAGES) CHILDREN)\r\n',
  'a SELECT "Entw&APw-rfe" (QRESYNC (1 2 1:5 (1 2)) CONDSTORE)\r\n',
  'a APPEND x (\\Seen) "17-Jul-1996 02:44:25 -0700" CATENATE (URL "x" TEXT {3+}\r\nabc) ~{2+}\r\nab\r\n',
  'a STATUS INBOX (MESSAGES UIDNEXT)\r\n',
];
const SPICE = [
  '(',
  ')',
  '"',
  '\\',
  '{3+}\r\n',
  '{3}\r\n',
  '~{0+}\r\n',
  '[',
  ']',
  '<',
  '>',
  ' ',
  '\r\n',
  '\0',
  '\u00ff',
  '*',
  ':',
  ',',
  '$',
  'NIL',
  'NOT ',
  '%',
  '99999999999',
];

/** xorshift32: the same run every time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function mutate(next: (below: number) => number): Buffer {
  let text = SEEDS[next(SEEDS.length)]! + SEEDS[next(SEEDS.length)]!;
  for (let i = next(6); i >= 0; i -= 1) {
    const at = next(text.length + 1);
    const spice = SPICE[next(SPICE.length)]!;
    const removed = next(3) === 0 ? next(10) : 0;
    text = text.slice(0, at) + (next(4) === 0 ? spice.repeat(1 + next(80)) : spice) + text.slice(at + removed);
  }
  return Buffer.from(text, 'latin1');
}

describe('hostile input', () => {
  test('gives commands or faults, and every parser values or faults', () => {
    const next = random(20261124);
    let commands = 0;
    let values = 0;
    let faults = 0;
    for (let round = 0; round < 4000; round += 1) {
      const input = mutate(next);
      const reader = new ImapReader(LIMITS);
      let events = 0;
      for (let at = 0; at < input.length; ) {
        const end = Math.min(input.length, at + 1 + next(200));
        reader.push(input.subarray(at, end));
        at = end;
        for (let event = reader.next(); event.kind !== 'more'; event = reader.next()) {
          events += 1;
          assert.ok(events <= input.length * 2 + 2, `endless events for ${JSON.stringify(input.toString('latin1'))}`);
          if (event.kind === 'literal') {
            if (next(5) === 0) reader.refuse();
            else reader.accept();
          }
          if (event.kind !== 'command') continue;
          commands += 1;
          traceCommand(event.command, { known: true });
          for (const parse of PARSERS) {
            try {
              parse(new ArgumentParser(event.command, { utf8: next(2) === 0 }));
              values += 1;
            } catch (error) {
              if (!(error instanceof Fault) || error.kind !== 'syntax') throw error;
              faults += 1;
            }
          }
        }
      }
    }
    // The mutations must leave enough that parses, or this finds nothing.
    assert.ok(commands > 3000 && values > 500 && faults > 10_000, `${commands} commands, ${values} values, ${faults} faults`);
  });
});
