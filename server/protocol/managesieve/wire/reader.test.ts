import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManageSieveReader, type ReaderEvent } from './reader.ts';
import { replyOf, stringOf } from './writer.ts';

const limits = { maxLineBytes: 200, maxLiteralBytes: 50 };

function read(text: string, chunk = text.length): string[] {
  const reader = new ManageSieveReader(limits);
  const said: string[] = [];
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunk) {
    reader.push(bytes.subarray(at, at + chunk));
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      said.push(shown(event));
      if (event.kind === 'fault' && event.fatal) return said;
    }
  }
  return said;
}

function shown(event: ReaderEvent): string {
  if (event.kind === 'fault') return `${event.fatal ? 'fatal' : 'fault'}${event.tooLong ? ' too long' : ''}: ${event.text}`;
  return event.words
    .map((word) => (word.kind === 'string' ? JSON.stringify(word.text) : word.kind === 'number' ? `#${word.value}` : word.text))
    .join(' ');
}

const rows: readonly (readonly [string, readonly string[]])[] = [
  ['CAPABILITY\r\n', ['CAPABILITY']],
  ['noop "a \\"b\\\\ c"\r\n', ['NOOP "a \\"b\\\\ c"']],
  ['PUTSCRIPT "a" {10+}\r\nkeep;\r\n"{"\r\nNOOP\r\n', ['PUTSCRIPT "a" "keep;\\r\\n\\"{\\""', 'NOOP']],
  ['HAVESPACE "a" 99999\n', ['HAVESPACE "a" #99999']],
  ['"AUTH"\r\n""\r\n*\r\n', ['"AUTH"', '""', '*']],
  ['\r\n\r\n', ['', '']],
  [`PUTSCRIPT "a" {60+}\r\n${'x'.repeat(60)}\r\nNOOP\r\n`, ['fault too long: The text is too long', 'NOOP']],
  ['PUTSCRIPT "a" {99999999+}\r\n', ['fatal: The literal is too long']],
  ['PUTSCRIPT {x}\r\nNOOP\r\n', ['fatal: The literal can’t be understood']],
  ['A(B\r\nNOOP\r\n', ['fault: The command can’t be understood', 'NOOP']],
  ['A \u0001 B\r\nNOOP\r\n', ['fault: The command can’t be understood', 'NOOP']],
  [`"${'x'.repeat(300)}`, ['fatal: The line is too long']],
  [`${'a '.repeat(20)}\r\nNOOP\r\n`, ['fault: The command has too many words', 'NOOP']],
];

test('commands, texts and literals, however they are cut', () => {
  for (const chunk of [10_000, 7, 1])
    assert.deepEqual(
      rows.map(([text]) => read(text, chunk)),
      rows.map(([, said]) => said),
      `in pieces of ${chunk}`,
    );
});

test('what is written is read as it was', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40, unit: 'grapheme' }), (text) => {
      assert.deepEqual(
        read(`A ${stringOf(text).replace(/^\{(\d+)\}/, '{$1+}')}\r\n`.slice(0)),
        Buffer.byteLength(text) > 50 && /[\r\n\0]/.test(text)
          ? ['fault too long: The text is too long']
          : [`A ${JSON.stringify(text)}`],
      );
    }),
  );
  assert.equal(replyOf('NO', 'no "x"', 'NONEXISTENT'), 'NO (NONEXISTENT) "no \\"x\\""\r\n');
  assert.equal(replyOf('OK', ''), 'OK\r\n');
  assert.equal(stringOf('a\r\nb'), '{4}\r\na\r\nb');
});
