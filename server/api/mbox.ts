/** Messages as an mbox file, in the form that can be undone exactly (mboxrd): line ends are LF, and every line that begins with `>`s and `From ` gets one more `>`. */

/** The line before a message. `atMs`: when it arrived. */
export function mboxSeparator(atMs: number): Buffer {
  const [day = '', date = '', month = '', year = '', time = ''] = new Date(atMs).toUTCString().replace(',', '').split(' ');
  return Buffer.from(`From MAILER-DAEMON ${day} ${month} ${date} ${time} ${year}\n`);
}

const FROM = /^>*From /;
/** Longest `>`s and `From ` that a line is looked at for: beyond it nothing is quoted. */
const LOOK = 64;

/** The lines of one message, and an empty one after it. Memory is bounded by the pieces, whatever the lines' lengths. */
export async function* mboxLines(pieces: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let atLineStart = true;
  let held: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    let rest: Buffer = held.length === 0 ? piece : Buffer.concat([held, piece]);
    held = Buffer.alloc(0);
    const out: Buffer[] = [];
    while (rest.length > 0) {
      const newline = rest.indexOf(0x0a);
      if (newline === -1) {
        // A line's beginning waits until it can be judged; a CR until it is known whether a LF follows.
        const keep = atLineStart && rest.length < LOOK ? rest.length : rest[rest.length - 1] === 0x0d ? 1 : 0;
        const part = rest.subarray(0, rest.length - keep);
        if (part.length > 0) {
          out.push(...quoted(part, atLineStart));
          atLineStart = false;
        }
        held = Buffer.from(rest.subarray(rest.length - keep));
        break;
      }
      const end = newline > 0 && rest[newline - 1] === 0x0d ? newline - 1 : newline;
      out.push(...quoted(rest.subarray(0, end), atLineStart), NEWLINE);
      atLineStart = true;
      rest = rest.subarray(newline + 1);
    }
    if (out.length > 0) yield Buffer.concat(out);
  }
  const last = held.length > 0 ? [...quoted(held, atLineStart), NEWLINE] : atLineStart ? [] : [NEWLINE];
  yield Buffer.concat([...last, NEWLINE]);
}

const NEWLINE = Buffer.from('\n');
const QUOTE = Buffer.from('>');

function quoted(line: Buffer, atLineStart: boolean): Buffer[] {
  return atLineStart && FROM.test(line.toString('latin1', 0, LOOK)) ? [QUOTE, line] : [line];
}
