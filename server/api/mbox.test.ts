import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mboxLines, mboxSeparator } from './mbox.ts';

async function linesOf(text: string, pieceBytes: number): Promise<string> {
  const bytes = Buffer.from(text);
  async function* pieces(): AsyncIterable<Buffer> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  const out: Buffer[] = [];
  for await (const piece of mboxLines(pieces())) out.push(piece);
  return Buffer.concat(out).toString();
}

test('From lines are quoted, line ends are LF, whatever the pieces', async () => {
  const table: readonly (readonly [string, string])[] = [
    [
      'Subject: x\r\n\r\nFrom here\r\n>From there\r\n>>From far\r\nfrom low\r\nFromage\r\n',
      'Subject: x\n\n>From here\n>>From there\n>>>From far\nfrom low\nFromage\n\n',
    ],
    ['From the start\r\nno end', '>From the start\nno end\n\n'],
    ['a\rb\nc\r\r\nd\r', 'a\rb\nc\r\nd\r\n\n'],
    ['', '\n'],
    [`${'x'.repeat(200)}From y\r\nz\r\n`, `${'x'.repeat(200)}From y\nz\n\n`],
  ];
  for (const [message, expected] of table)
    for (const size of [1, 2, 3, 7, 64, 1_000]) assert.equal(await linesOf(message, size), expected, `${size}: ${message}`);
});

test('the line between messages', () => {
  assert.equal(mboxSeparator(Date.UTC(2026, 0, 5, 9, 8, 7)).toString(), 'From MAILER-DAEMON Mon Jan 05 09:08:07 2026\n');
});
