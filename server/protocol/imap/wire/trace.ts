/**
 * A command as the protocol log shows it: no password, no message, nothing that was not understood.
 *
 * A stray literal can make a password look like a command line; so a line is shown only when its command is known, and then only as far as its command
 * is harmless.
 */
import type { RawCommand } from './raw-command.ts';

export type TraceOptions = {
  /** False when the server has no such command: then nothing the client sent is shown. */
  readonly known: boolean;
  readonly maxChars?: number;
};

/** Commands whose arguments are secret, all of them or after the first word. */
const SECRET: ReadonlyMap<string, 'all' | 'after-first'> = new Map([
  ['LOGIN', 'all'],
  ['AUTHENTICATE', 'after-first'],
  ['SETMETADATA', 'after-first'],
  ['GENURLAUTH', 'all'],
  ['URLFETCH', 'all'],
]);

/** `a1 FETCH 1:* (FLAGS)`, `a2 LOGIN …`, `a3 APPEND Sent (\Seen) {310}…`. */
export function traceCommand(command: RawCommand, options: TraceOptions): string {
  if (!options.known) {
    const size = command.lines.reduce((sum, line) => sum + line.length, 0);
    return `<unknown command, ${size} octets>`;
  }
  const start = `${command.tag} ${command.name}`;
  const secret = SECRET.get(command.name);
  if (secret === 'all') return `${start} …`;
  let text = '';
  for (const [index, line] of command.lines.entries()) {
    text += printable(index === 0 ? line.subarray(command.argumentsAt) : line);
    const literal = command.literals[index];
    if (literal !== undefined) text += `${literal.binary ? '~' : ''}{${literal.sizeBytes}}…`;
  }
  if (secret === 'after-first') {
    const first = /^ [^ "{(]+/.exec(text)?.[0] ?? '';
    return text.length > first.length ? `${start}${first} …` : start + first;
  }
  const max = options.maxChars ?? 1000;
  return start + (text.length > max ? `${text.slice(0, max)}…` : text);
}

/** Control characters would let a client write lines of its own into the log. */
function printable(line: Buffer): string {
  return line.toString('utf8').replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?');
}
