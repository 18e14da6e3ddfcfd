import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AUTHENTICATED_LIMITS, ImapReader, type ReaderEvent, type ReaderLimits } from './reader.ts';

const LIMITS: ReaderLimits = {
  lineBytes: 60,
  literalBytes: 20,
  messageBytes: 100,
  messageTotalBytes: 150,
  commandBytes: 90,
  literals: 3,
  nonSyncBytes: 50,
  tagBytes: 10,
  skipBytes: 200,
};

/** A session that takes every literal; each event as one line of text. */
function read(chunks: readonly Buffer[], limits: ReaderLimits = LIMITS, refuse = false): string[] {
  const reader = new ImapReader(limits);
  const told: string[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let event = reader.next(); event.kind !== 'more'; event = reader.next()) {
      told.push(describeEvent(event));
      if (event.kind !== 'literal') continue;
      if (refuse) told.push(`refused ${reader.refuse()}`);
      else reader.accept();
    }
  }
  return told;
}

function describeEvent(event: ReaderEvent): string {
  switch (event.kind) {
    case 'command': {
      const { tag, name, lines, literals, argumentsAt } = event.command;
      const rest = lines.map((line, i) => (i === 0 ? line.subarray(argumentsAt) : line).toString('latin1'));
      const args = rest.map((line, i) => line + (literals[i] === undefined ? '' : `«${literals[i].bytes.toString('latin1')}»`));
      return `${tag} ${name}${args.join('')}`;
    }
    case 'literal':
      return `literal ${event.sizeBytes}${event.sync ? '' : '+'}${event.binary ? ' binary' : ''}${event.message ? ' message' : ''}`;
    case 'fault':
      return `fault ${event.reason} ${event.tag ?? '-'} ${event.name ?? '-'}${event.fatal ? ' fatal' : ''}`;
    case 'line':
      return `line ${event.line.toString('latin1')}`;
    case 'more':
      return 'more';
  }
}

const one = (text: string): Buffer[] => [Buffer.from(text, 'latin1')];

describe('reader', () => {
  const cases: [string, string, string[]][] = [
    ['a command', 'a1 NOOP\r\n', ['a1 NOOP']],
    ['lower case, bare LF', 'a1 noop\n', ['a1 NOOP']],
    ['a UID command', 'a uid fetch 1 FLAGS\r\n', ['a UID FETCH 1 FLAGS']],
    ['two commands', 'a NOOP\r\nb CHECK\r\n', ['a NOOP', 'b CHECK']],
    ['empty lines between commands', '\r\n\r\na NOOP\r\n\n', ['a NOOP']],
    ['no end yet', 'a NOOP', []],
    ['a literal', 'a LOGIN {3}\r\nfoo {2}\r\nba\r\n', ['literal 3', 'literal 2', 'a LOGIN «foo» «ba»']],
    ['a non-synchronizing literal', 'a LOGIN {3+}\r\nf\r\n x\r\n', ['literal 3+', 'a LOGIN «f\r\n» x']],
    ['an empty literal', 'a LOGIN {0}\r\n x\r\n', ['literal 0', 'a LOGIN «» x']],
    ['literal8', 'a APPEND x ~{3+}\r\n\0\r\n\r\n', ['literal 3+ binary message', 'a APPEND x «\0\r\n»']],
    ['APPEND with a literal mailbox', 'a APPEND {1}\r\nx {2}\r\nhi\r\n', ['literal 1', 'literal 2 message', 'a APPEND «x» «hi»']],
    ['APPEND with a long mailbox', `a APPEND {21}\r\n${'b NOOP'}\r\n`, ['fault literal-too-big a APPEND', 'b NOOP']],
    ['REPLACE', 'a REPLACE 4 {1}\r\nx {2}\r\nhi\r\n', ['literal 1', 'literal 2 message', 'a REPLACE 4 «x» «hi»']],
    ['a brace within the line', 'a SEARCH BODY "{3}"\r\n', ['a SEARCH BODY "{3}"']],
    ['bad tags', '+ NOOP\r\n* NOOP\r\na(b NOOP\r\nabcdefghijk NOOP\r\n', Array.from({ length: 4 }, () => 'fault bad-tag - -')],
    ['no command', 'a\r\na \r\na (\r\n', Array.from({ length: 3 }, () => 'fault no-command a -')],
    ['UID alone', 'a UID\r\n', ['a UID']],
    ['NUL in a line', 'a NO\0OP\r\nb NOOP\r\n', ['fault nul a NO', 'b NOOP']],
    ['NUL and a literal', 'a LOGIN \0 {3+}\r\nfoo x\r\nb NOOP\r\n', ['fault nul a LOGIN', 'b NOOP']],
    ['a long line', `a NOOP ${'x'.repeat(60)}\r\nb NOOP\r\n`, ['fault line-too-long a NOOP', 'b NOOP']],
    ['a line just fitting', `a NOOP ${'x'.repeat(53)}\r\n`, [`a NOOP ${'x'.repeat(53)}`]],
    ['a line just fitting, LF', `a NOOP ${'x'.repeat(53)}\n`, [`a NOOP ${'x'.repeat(53)}`]],
    ['a line one too long', `a NOOP ${'x'.repeat(54)}\n`, ['fault line-too-long a NOOP']],
    [
      'a long line that ends in a literal',
      `a LOGIN ${'x'.repeat(60)} {6+}\r\nb NOOP {2+}\r\nxx\r\nc NOOP\r\n`,
      ['fault line-too-long a LOGIN', 'c NOOP'],
    ],
    ['an endless line', `a NOOP ${'x'.repeat(300)}`, ['fault line-too-long a NOOP', 'fault line-too-long - - fatal']],
    ['a literal too big, synchronizing', 'a LOGIN {10000000000}\r\nb NOOP\r\n', ['fault literal-too-big a LOGIN', 'b NOOP']],
    [
      'a literal too big, to skip',
      `a LOGIN {21+}\r\n${'x'.repeat(21)} y\r\nb NOOP\r\n`,
      ['fault literal-too-big a LOGIN', 'b NOOP'],
    ],
    ['a literal too big to skip', 'a LOGIN {10000000000+}\r\nb NOOP\r\n', ['fault literal-too-big a LOGIN fatal']],
    ['beyond 2^64', 'a LOGIN {99999999999999999999}\r\n', ['fault literal-too-big a LOGIN']],
    ['LITERAL- limit', `a APPEND x {51+}\r\n${'x'.repeat(51)}\r\nb NOOP\r\n`, ['fault literal-too-big a APPEND', 'b NOOP']],
    [
      'too many literals',
      'a X {1+}\r\na {1+}\r\nb {1+}\r\nc {1+}\r\nd\r\nb NOOP\r\n',
      ['literal 1+', 'literal 1+', 'literal 1+', 'fault too-many-literals a X', 'b NOOP'],
    ],
    [
      'a command too big',
      `a X {20+}\r\n${'x'.repeat(20)} ${'y'.repeat(58)}\r\nb NOOP\r\n`,
      ['literal 20+', 'a X «xxxxxxxxxxxxxxxxxxxx» ' + 'y'.repeat(58), 'b NOOP'],
    ],
    [
      'a command too big by its last line',
      `a X {20}\r\n${'x'.repeat(20)} {20}\r\n${'x'.repeat(20)} ${'y'.repeat(59)}\r\nb NOOP\r\n`,
      ['literal 20', 'literal 20', 'fault command-too-big a X', 'b NOOP'],
    ],
    [
      'messages too big together',
      `a APPEND x {100}\r\n${'x'.repeat(100)} {60}\r\nb NOOP\r\n`,
      ['literal 100 message', 'fault command-too-big a APPEND', 'b NOOP'],
    ],
  ];
  for (const [name, input, expected] of cases) {
    test(name, () => {
      assert.deepEqual(read(one(input)), expected);
      assert.deepEqual(read([...Buffer.from(input, 'latin1')].map((octet) => Buffer.from([octet]))), expected, 'octet by octet');
    });
  }

  test('any chunking gives the same events', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'a LOGIN ',
        'a APPEND x ',
        'b NOOP',
        '\r\n',
        '\n',
        '\r',
        '{3}\r\n',
        '{5+}\r\n',
        '~{2+}\r\n',
        '{30+}\r\n',
        '{300+}\r\n',
      ),
      fc.constantFrom(' ', 'UID ', '"', '\0', '{', '}', '*', 'xyz'),
      fc.integer({ min: 1, max: 120 }).map((n) => 'x'.repeat(n)),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 25 }),
        fc.array(fc.nat(1000), { maxLength: 20 }),
        fc.boolean(),
        (pieces, cuts, refuse) => {
          const input = Buffer.from(pieces.join(''), 'latin1');
          const at = [0, ...cuts.map((cut) => cut % (input.length + 1)).sort((a, b) => a - b), input.length];
          const chunks = at.slice(1).map((end, i) => input.subarray(at[i], end));
          assert.deepEqual(read(chunks, LIMITS, refuse), read([input], LIMITS, refuse));
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('refusing a literal ends its command', () => {
    const sync = 'a APPEND x {5}\r\nb NOOP\r\n';
    assert.deepEqual(read(one(sync), LIMITS, true), ['literal 5 message', 'refused true', 'b NOOP']);
    const nonSync = 'a APPEND x {5+}\r\nhello (y {3+}\r\nabc)\r\nb NOOP\r\n';
    assert.deepEqual(read(one(nonSync), LIMITS, true), ['literal 5+ message', 'refused true', 'b NOOP']);
    assert.deepEqual(read(one('a APPEND x {50+}\r\n'), { ...LIMITS, skipBytes: 10 }, true), [
      'literal 50+ message',
      'refused false',
    ]);
  });

  test('a sink gets the octets and nothing is held', () => {
    const reader = new ImapReader(AUTHENTICATED_LIMITS);
    reader.push(Buffer.from('a APPEND x {6}\r\nabc'));
    assert.equal(reader.next().kind, 'literal');
    const pieces: string[] = [];
    reader.accept({ write: (piece) => pieces.push(piece.toString()) });
    assert.equal(reader.next().kind, 'more');
    reader.push(Buffer.from('def\r\n'));
    const event = reader.next();
    assert.deepEqual(pieces, ['abc', 'def']);
    assert.ok(event.kind === 'command');
    assert.deepEqual(event.command.literals, [{ bytes: Buffer.alloc(0), sizeBytes: 6, binary: false, streamed: true }]);
  });

  test('lines as they are', () => {
    const reader = new ImapReader(LIMITS);
    reader.push(Buffer.from('a IDLE\r\nDONE {3+}\r\nb NOOP\r\n'));
    assert.equal(describeEvent(reader.next()), 'a IDLE');
    reader.expectLine(20);
    assert.equal(describeEvent(reader.next()), 'line DONE {3+}');
    assert.equal(describeEvent(reader.next()), 'b NOOP');
    reader.expectLine(5);
    reader.push(Buffer.from('abcdefghijkl {3+}\r\nc NOOP\r\n'));
    assert.equal(describeEvent(reader.next()), 'fault line-too-long - -');
    assert.equal(describeEvent(reader.next()), 'c NOOP');
    assert.ok(reader.isIdle);
  });

  test('what is pending can be dropped or taken', () => {
    const reader = new ImapReader(LIMITS);
    reader.push(Buffer.from('a STARTTLS\r\nb NOOP\r\nc NO'));
    assert.equal(describeEvent(reader.next()), 'a STARTTLS');
    assert.equal(reader.discardPending(), 12);
    assert.equal(reader.next().kind, 'more');
    reader.push(Buffer.from('d NO'));
    assert.equal(reader.next().kind, 'more');
    assert.equal(reader.isIdle, false);
    reader.push(Buffer.from('OP\r\nrest'));
    assert.equal(describeEvent(reader.next()), 'd NOOP');
    assert.equal(reader.takePending().toString(), 'rest');
    assert.equal(reader.bufferedBytes, 0);
  });

  test('the limits can change between commands', () => {
    const reader = new ImapReader(LIMITS);
    reader.push(Buffer.from(`a NOOP ${'x'.repeat(100)}\r\n`));
    reader.limits = AUTHENTICATED_LIMITS;
    assert.equal(reader.next().kind, 'command');
  });

  test('time is linear in the octets, whatever the chunks', () => {
    const reader = new ImapReader({ ...AUTHENTICATED_LIMITS, messageBytes: 1 << 24 });
    const started = performance.now();
    for (let i = 0; i < 200_000; i += 1) {
      reader.push(Buffer.from('x'));
      if (reader.next().kind === 'command') assert.fail();
    }
    const lines = Buffer.from('a NOOP\r\n'.repeat(50_000));
    const fresh = new ImapReader(AUTHENTICATED_LIMITS);
    fresh.push(lines);
    let commands = 0;
    while (fresh.next().kind === 'command') commands += 1;
    assert.equal(commands, 50_000);
    assert.ok(performance.now() - started < 3000);
  });
});
