import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DotStuffer } from './dot-stuffing.ts';
import { LineReader } from './line-reader.ts';

function stuff(pieces: readonly string[]): string {
  const stuffer = new DotStuffer();
  const out = pieces.flatMap((piece) => stuffer.push(Buffer.from(piece, 'latin1')));
  return Buffer.concat(out).toString('latin1') + stuffer.end();
}

test('dot stuffing', () => {
  const table: readonly (readonly [string, string])[] = [
    ['', '.\r\n'],
    ['A\r\n', 'A\r\n.\r\n'],
    ['A', 'A\r\n.\r\n'],
    ['A\n', 'A\n\r\n.\r\n'],
    ['.\r\n', '..\r\n.\r\n'],
    ['..A\r\n.B\r\n', '...A\r\n..B\r\n.\r\n'],
    ['A\n.\nB\r\n', 'A\n..\nB\r\n.\r\n'],
    ['A.\r\n', 'A.\r\n.\r\n'],
    ['\r\n\r\n', '\r\n\r\n.\r\n'],
  ];
  for (const [message, expected] of table) {
    assert.equal(stuff([message]), expected, JSON.stringify(message));
    assert.equal(stuff(message.split('')), expected, `${JSON.stringify(message)} byte by byte`);
  }
});

test('a client that unstuffs, whatever it takes for a line end, finds the end and the message', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('.', 'A', '\r\n', '\n')), fc.nat(5), (fragments, size) => {
      const message = fragments.join('');
      const pieces = message.match(new RegExp(`[^]{1,${size + 1}}`, 'g')) ?? [];
      const wire = stuff(pieces);
      const lines = wire.split(/\r?\n/);
      assert.equal(lines.indexOf('.'), lines.length - 2);
      const body = lines.slice(0, -2).map((line) => (line.startsWith('.') ? line.slice(1) : line));
      const expected = message.split(/\r?\n/);
      if (message.endsWith('\r\n') || message === '') expected.pop();
      assert.deepEqual(body, expected);
    }),
  );
});

test('lines in any chunking', () => {
  const run = (pieces: readonly string[]): string[] => {
    const reader = new LineReader(10);
    const lines: string[] = [];
    for (const piece of pieces) {
      reader.push(Buffer.from(piece));
      for (let event = reader.next(); event !== undefined; event = reader.next()) {
        lines.push(event.kind === 'line' ? event.line.toString() : '<too long>');
      }
    }
    return lines;
  };
  const input = `USER a\r\nPASS b\n\r\n${'x'.repeat(10)}\r\n${'x'.repeat(11)}\r\n${'x'.repeat(100)}\r\nQUIT\r\nrest`;
  const expected = ['USER a', 'PASS b', '', 'x'.repeat(10), '<too long>', '<too long>', 'QUIT'];
  assert.deepEqual(run([input]), expected);
  assert.deepEqual(run(input.split('')), expected);
});
