import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SmtpReader } from './reader.ts';

/** Feeds the pieces: commands until one is DATA or BDAT n, as a session would. */
function run(pieces: readonly Buffer[], maxLineBytes = 100): string[] {
  const reader = new SmtpReader({ maxLineBytes });
  const events: string[] = [];
  let message: Buffer[] = [];
  for (const piece of pieces) {
    // The reader owns what it gets and changes it in place.
    reader.push(Buffer.from(piece));
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      if (event.kind === 'data') message.push(Buffer.from(event.bytes));
      else if (event.kind === 'end') {
        events.push(`message ${JSON.stringify(Buffer.concat(message).toString('latin1'))}`);
        message = [];
      } else if (event.kind === 'fault') events.push(`fault ${event.fault}`);
      else {
        const line = event.line.toString('latin1');
        events.push(line);
        if (line === 'DATA') reader.expectData();
        const chunk = /^BDAT (\d+)/.exec(line);
        if (chunk !== null) reader.expectChunk(Number(chunk[1]));
      }
    }
  }
  return events;
}

const whole = (text: string): string[] => run([Buffer.from(text, 'latin1')]);

const table: readonly (readonly [string, string, readonly string[]])[] = [
  ['two commands in one packet', 'NOOP\r\nQUIT\r\n', ['NOOP', 'QUIT']],
  ['a simple message', 'DATA\r\nA\r\n.\r\nQUIT\r\n', ['DATA', 'message "A\\r\\n"', 'QUIT']],
  ['an empty message', 'DATA\r\n.\r\nQUIT\r\n', ['DATA', 'message ""', 'QUIT']],
  ['a stuffed dot at the start', 'DATA\r\n..A\r\n.\r\n', ['DATA', 'message ".A\\r\\n"']],
  ['stuffed dots alone', 'DATA\r\n..\r\n...\r\n.\r\n', ['DATA', 'message ".\\r\\n..\\r\\n"']],
  ['a dot that nobody stuffed', 'DATA\r\n.A\r\n.\r\n', ['DATA', 'message "A\\r\\n"']],
  ['LF.LF does not end it', 'DATA\r\nA\n.\nB\r\n.\r\n', ['DATA', 'message "A\\n.\\nB\\r\\n"']],
  ['LF.CRLF does not end it', 'DATA\r\nA\n.\r\nB\r\n.\r\n', ['DATA', 'message "A\\n.\\r\\nB\\r\\n"']],
  ['CRLF.LF does not end it', 'DATA\r\nA\r\n.\nB\r\n.\r\n', ['DATA', 'message "A\\r\\n\\nB\\r\\n"']],
  ['CRLF.CR does not end it', 'DATA\r\nA\r\n.\rB\r\n.\r\n', ['DATA', 'message "A\\r\\n\\rB\\r\\n"']],
  ['CR.CR does not end it', 'DATA\r\nA\r.\rB\r\n.\r\n', ['DATA', 'message "A\\r.\\rB\\r\\n"']],
  ['CR.CRLF does not end it', 'DATA\r\nA\r.\r\nB\r\n.\r\n', ['DATA', 'message "A\\r.\\r\\nB\\r\\n"']],
  ['NUL and high bytes pass', 'DATA\r\n\0\xff\r\n.\r\n', ['DATA', 'message "\\u0000\xff\\r\\n"']],
  [
    'a chunk is taken as it is',
    'BDAT 7 LAST\r\n.\r\nA\n.\rNOOP\r\n',
    ['BDAT 7 LAST', 'message ".\\r\\nA\\n.\\r"', 'NOOP'].map((e) => e),
  ],
  ['an empty chunk', 'BDAT 0 LAST\r\nNOOP\r\n', ['BDAT 0 LAST', 'message ""', 'NOOP']],
  ['a line that ends in LF alone', 'NOOP\nNOOP\r\n', ['fault bare-line-end', 'NOOP']],
  ['a CR inside a line', 'NO\rOP\r\nNOOP\r\n', ['fault bare-line-end', 'NOOP']],
  ['NUL in a line', 'NO\0OP\r\nNOOP\r\n', ['fault control-character', 'NOOP']],
  ['a line of the longest length', `${'x'.repeat(100)}\r\nNOOP\r\n`, ['x'.repeat(100), 'NOOP']],
  ['a line one too long', `${'x'.repeat(101)}\r\nNOOP\r\n`, ['fault line-too-long', 'NOOP']],
  ['a line far too long', `${'x'.repeat(100_000)}\r\nNOOP\r\n`, ['fault line-too-long', 'NOOP']],
];

for (const [name, input, expected] of table) {
  test(name, () => {
    // "message" of seven octets: `.CRLF A LF . CR`.
    assert.deepEqual(whole(input), expected);
    const bytes = [...Buffer.from(input, 'latin1')].map((byte) => Buffer.from([byte]));
    if (bytes.length < 1000) assert.deepEqual(run(bytes), expected, 'byte by byte');
  });
}

test('any chunking of the same bytes gives the same events', () => {
  const fragment = fc.constantFrom(
    '\r',
    '\n',
    '.',
    '\r\n',
    '.\r\n',
    '\r\n.',
    '..',
    'A',
    'DATA\r\n',
    '\r\n.\r\n',
    'BDAT 3\r\n',
    'x'.repeat(60),
  );
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 30 }), fc.array(fc.nat(200), { maxLength: 20 }), (fragments, cuts) => {
      const input = Buffer.from(`DATA\r\n${fragments.join('')}`, 'latin1');
      const points = [...new Set([0, ...cuts.map((cut) => cut % (input.length + 1)), input.length])].sort((a, b) => a - b);
      const pieces = points.slice(1).map((point, index) => input.subarray(points[index], point));
      assert.deepEqual(run(pieces), run([input]));
    }),
    { numRuns: 2000 },
  );
});

test('what a client stuffs comes out as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('.', '..', 'A', '\r\n', '\n', '\r')), fc.nat(10), (fragments, size) => {
      const message = `${fragments.join('')}\r\n`;
      const stuffed = message.replace(/(^|\r\n)\./g, '$1..');
      const input = Buffer.from(`DATA\r\n${stuffed}.\r\n`, 'latin1');
      const pieces: Buffer[] = [];
      for (let at = 0; at < input.length; at += size + 1) pieces.push(input.subarray(at, at + size + 1));
      assert.deepEqual(run(pieces), ['DATA', `message ${JSON.stringify(message)}`]);
    }),
    { numRuns: 1000 },
  );
});
