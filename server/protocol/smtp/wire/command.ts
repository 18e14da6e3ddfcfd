/** SMTP command lines: the verb, and the path and parameters of MAIL and RCPT (RFC 5321 §4.1.2, RFC 3461 §4, RFC 6531 §3.4). */
import { isUtf8 } from 'node:buffer';

export type SmtpCommand = {
  readonly verb: string /** What follows the verb, outer spaces removed. */;
  readonly argument: string;
};

/** The verb is in capitals. Text that is not UTF-8 is undefined: no command has any use for it. */
export function parseCommand(line: Buffer): SmtpCommand | undefined {
  if (!isUtf8(line)) return undefined;
  const text = line.toString('utf8').trimEnd();
  const space = text.indexOf(' ');
  if (space < 0) return { verb: text.toUpperCase(), argument: '' };
  return { verb: text.slice(0, space).toUpperCase(), argument: text.slice(space + 1).trim() };
}

export type Parameters = ReadonlyMap<string, string | undefined>;

/** `path` is the address between the angle brackets without a source route; empty for `<>`. Parameter names are in capitals. */
export type PathArgument = { readonly path: string; readonly parameters: Parameters };

export type PathFault = 'syntax' | 'path-too-long' | 'parameter-syntax' | 'parameter-twice';

/** RFC 5321 §4.5.3.1.3 asks for 256; bounce addresses that encode another one (VERP, SRS, BATV) are longer in real life. */
const MAX_PATH_BYTES = 1_000;

/** Reads `FROM:<path> KEY=VALUE …` or `TO:<…>`. Also without angle brackets, as some scanners and printers write it. */
export function parsePathArgument(argument: string, keyword: 'FROM' | 'TO'): PathArgument | PathFault {
  const colon = keyword.length;
  if (argument.slice(0, colon + 1).toUpperCase() !== `${keyword}:`) return 'syntax';
  const rest = argument.slice(colon + 1).trimStart();
  const split = rest.startsWith('<') ? splitBracketed(rest) : splitBare(rest);
  if (split === undefined) return 'syntax';
  const [rawPath, tail] = split;
  if (Buffer.byteLength(rawPath) > MAX_PATH_BYTES) return 'path-too-long';
  // RFC 5321 §4.1.1.3, appendix C: a source route is accepted and ignored.
  const path = rawPath.replace(/^@[^:"]*:/, '');
  if (/[\u0000-\u001f\u007f-\u009f]/.test(path) || !path.isWellFormed()) return 'syntax';
  if (path !== '' && !looksLikePath(path)) return 'syntax';
  const parameters = parseParameters(tail);
  return typeof parameters === 'string' ? parameters : { path, parameters };
}

/** The path of `<path> tail`, minding quoted local parts. */
function splitBracketed(text: string): readonly [string, string] | undefined {
  let quoted = false;
  for (let at = 1; at < text.length; at += 1) {
    const character = text[at];
    if (quoted && character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === '>') {
      const tail = text.slice(at + 1);
      return tail === '' || tail.startsWith(' ') ? [text.slice(1, at), tail] : undefined;
    } else if (!quoted && (character === '<' || character === ' ')) return undefined;
  }
  return undefined;
}

function splitBare(text: string): readonly [string, string] | undefined {
  const space = text.indexOf(' ');
  const path = space < 0 ? text : text.slice(0, space);
  return path === '' || /[<>"]/.test(path) ? undefined : [path, space < 0 ? '' : text.slice(space)];
}

/** `local@domain`, or a lone local part such as `postmaster`; only a quoted local part may hold spaces or a second `@`. */
function looksLikePath(path: string): boolean {
  return /^(?:"(?:[^"\\]|\\.)*"|[^\s"(),:;<>@[\\\]]+)(?:@(?:\[[^\s\]]+\]|[^\s"(),:;<>@[\\\]]+))?$/.test(path);
}

function parseParameters(text: string): Parameters | PathFault {
  const parameters = new Map<string, string | undefined>();
  for (const word of text.split(' ')) {
    if (word === '') continue;
    const match = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\s=]+(?:=[^\s=]*)*))?$/.exec(word);
    if (match === null) return 'parameter-syntax';
    const name = (match[1] ?? '').toUpperCase();
    if (parameters.has(name)) return 'parameter-twice';
    parameters.set(name, match[2]);
  }
  return parameters;
}

/** Decodes xtext (RFC 3461 §4): `+` and two hexadecimal digits stand for a character. Undefined when it is not xtext. */
export function decodeXtext(text: string): string | undefined {
  if (!/^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/.test(text)) return undefined;
  return text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
