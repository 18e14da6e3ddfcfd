/**
 * Messages that are hard to keep byte for byte, written here so that they are always tested: odd line ends, boundaries that lie, base64 that does not re-encode to
 * itself, structure without end. Each must come back as it went in.
 */
import { randomBytes } from 'node:crypto';

export type CorpusMessage = { readonly name: string; readonly raw: Buffer };

const base64Lines = (bytes: Buffer, width = 76, end = '\r\n'): string =>
  bytes.toString('base64').replace(new RegExp(`.{${width}}`, 'g'), `$&${end}`);

/** The same octets in every run, incompressible. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed >>> 0;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

const head = (extra: string, end = '\r\n'): string =>
  ['From: a@example.test', 'To: b@example.test', 'Subject: hard', 'MIME-Version: 1.0', extra, '', ''].join(end);

const multipart = (boundary: string, parts: readonly string[], end = '\r\n'): string =>
  head(`Content-Type: multipart/mixed; boundary="${boundary}"`, end) +
  parts.map((part) => `--${boundary}${end}${part}${end}`).join('') +
  `--${boundary}--${end}`;

const pdf = (body: string, end = '\r\n'): string =>
  `Content-Type: application/pdf; name=x.pdf${end}Content-Transfer-Encoding: base64${end}${end}${body}`;

const text = (body: string, end = '\r\n'): string => `Content-Type: text/plain${end}${end}${body}`;

/** Base64 bodies that a decoder reads and an encoder would write otherwise. */
function base64Oddities(): [string, string][] {
  const bytes = noise(60_000, 7);
  const regular = base64Lines(bytes);
  const lines = regular.split('\r\n');
  return [
    ['regular', regular],
    ['regular with LF', base64Lines(bytes, 76, '\n')],
    ['width 60', base64Lines(bytes, 60)],
    ['width 72, two pads', base64Lines(noise(60_001, 8), 72)],
    ['one line', bytes.toString('base64')],
    ['no last line end', regular.trimEnd()],
    ['blank line inside', [...lines.slice(0, 100), '', ...lines.slice(100)].join('\r\n')],
    ['blank lines at the end', `${regular}\r\n\r\n\r\n`],
    [
      'one short line inside',
      [...lines.slice(0, 50), (lines[50] ?? '').slice(0, 40), (lines[50] ?? '').slice(40), ...lines.slice(51)].join('\r\n'),
    ],
    ['mixed line ends', lines.map((line, n) => line + (n % 7 === 0 ? '\n' : '\r\n')).join('')],
    ['spaces at line ends', lines.join(' \r\n')],
    ['padding missing', base64Lines(noise(60_001, 9)).replace(/=+\s*$/, '\r\n')],
    ['padding bits not zero', base64Lines(noise(60_001, 10)).replace(/[A-Za-z0-9+/]==\s*$/, 'B==\r\n')],
    ['padding inside', `${base64Lines(noise(40_000, 11))}\r\n${base64Lines(noise(40_000, 12))}`],
    ['foreign characters', [...lines.slice(0, 20), '!!! not base64 ***', ...lines.slice(20)].join('\r\n')],
    ['url alphabet', regular.replaceAll('+', '-').replaceAll('/', '_')],
    ['trailing text', `${regular}\r\nand that was the file.\r\n`],
  ];
}

export function hardMessages(): CorpusMessage[] {
  const messages: [string, string | Buffer][] = [
    ['header only, no blank line', 'Subject: alone\r\n'],
    ['header only, blank line', 'Subject: alone\r\n\r\n'],
    ['no line end at all', 'x'],
    ['only a blank line', '\r\n'],
    ['starts with a blank line', '\r\nbody at once\r\n'],
    ['no final line end', `${head('X: y')}last line`],
    ['LF only', head('X: y', '\n') + 'one\ntwo\n'],
    ['CR only', 'Subject: cr\rX: y\r\rbody\r'],
    ['mixed line ends', 'Subject: mixed\r\nX: y\nZ: z\r\n\none\r\ntwo\nthree\r\r\nfour'],
    ['a lone CR inside lines', `${head('X: y')}a\rb\r\nc\rd\r\n`],
    ['CR CR LF', `${head('X: y').replaceAll('\r\n', '\r\r\n')}body\r\r\n`],
    ['dots at line starts', `${head('X: y')}.\r\n..\r\n.a\r\n...\r\n`],
    ['a dot alone between LF', `${head('X: y', '\n')}a\n.\nb\n`],
    [
      '8-bit header and body',
      Buffer.concat([Buffer.from('Subject: caf\xe9\r\n\r\n', 'latin1'), noise(3000, 3).map((byte) => byte | 0x80)]),
    ],
    ['UTF-8 header', 'Subject: андрис ☃ 🦆\r\nFrom: Ähm <a@example.test>\r\n\r\nгрüße\r\n'],
    ['long lines', `${head('X: y')}${'x'.repeat(100_000)}\r\n${'y'.repeat(998)}\r\n`],
    ['long header field', `Subject: ${'word '.repeat(20_000)}\r\n\r\nbody\r\n`],
    ['many header fields', `${Array.from({ length: 5000 }, (_, n) => `X-${n}: v`).join('\r\n')}\r\n\r\nbody\r\n`],
    ['folded header', `Subject: a\r\n b\r\n\tc\r\n \r\nX: y\r\n\r\nbody\r\n`],
    ['not a header', `this is\r\nno header: at all\r\n\r\nbody\r\n`],
    [
      'preamble and epilogue',
      `${head('Content-Type: multipart/mixed; boundary=b')}preamble\r\n--b\r\n\r\none\r\n--b--\r\nepilogue\r\n\r\nmore\r\n`,
    ],
    ['epilogue without line end', `${multipart('b', [text('one')])}epilogue`],
    ['no closing boundary', `${head('Content-Type: multipart/mixed; boundary=b')}--b\r\n\r\none\r\n--b\r\n\r\ntwo`],
    ['boundary never used', `${head('Content-Type: multipart/mixed; boundary=b')}nothing here\r\n`],
    ['empty multipart', `${head('Content-Type: multipart/mixed; boundary=b')}--b--\r\n`],
    ['boundary with spaces behind', multipart('b', [text('one'), text('two')]).replaceAll('--b\r\n', '--b  \t\r\n')],
    [
      'boundary with a trailing space inside',
      `${head('Content-Type: multipart/mixed; boundary="b "')}--b \r\n\r\none\r\n--b --\r\n`,
    ],
    [
      'boundary is a prefix of another',
      `${head('Content-Type: multipart/mixed; boundary=b')}--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\nin\r\n--bb--\r\n--b--\r\n`,
    ],
    [
      'same boundary twice',
      `${head('Content-Type: multipart/mixed; boundary=b')}--b\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nin\r\n--b--\r\n--b--\r\n`,
    ],
    ['parts without header', multipart('b', ['\r\none', '\r\ntwo', ''])],
    ['a part that is only a header', multipart('b', ['Content-Type: text/html'])],
    ['bare LF multipart', multipart('b', [text('one', '\n'), pdf(base64Lines(noise(30_000, 4), 76, '\n'), '\n')], '\n')],
    [
      'message in a message',
      multipart('b', [`Content-Type: message/rfc822\r\n\r\n${multipart('i', [text('in'), pdf(base64Lines(noise(40_000, 5)))])}`]),
    ],
    [
      'encoded message in a message',
      multipart('b', [
        `Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64Lines(Buffer.from(head('X: y') + 'in'))}`,
      ]),
    ],
    ['nested 60 levels', nested(60)],
    ['quoted-printable with odd ends', `${head('Content-Transfer-Encoding: quoted-printable')}a=\r\nb=20\r\nc=\nd=G1=\r\n=`],
    ['uuencoded in text', `${head('X: y')}begin 644 a.txt\r\n#86)C\r\n\`\r\nend\r\n`],
    [
      'binary part',
      Buffer.concat([
        Buffer.from(head('Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary')),
        noise(70_000, 6).map((byte) => byte || 1),
      ]),
    ],
    ['a 600 kB attachment', multipart('b', [text('see file'), pdf(base64Lines(noise(600_000, 13)))])],
    ['the same attachment twice', multipart('b', [pdf(base64Lines(noise(50_000, 14))), pdf(base64Lines(noise(50_000, 14), 64))])],
    [
      'many parts',
      multipart(
        'b',
        Array.from({ length: 600 }, (_, n) => text(`part ${n}`)),
      ),
    ],
    ...base64Oddities().map(([name, body]): [string, string] => [
      `base64, ${name}`,
      multipart('b', [text('see file'), pdf(body)]),
    ]),
    ...base64Oddities().map(([name, body]): [string, string] => [
      `whole message base64, ${name}`,
      head('Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64') + body,
    ]),
    ['fresh random attachment', multipart('b', [pdf(base64Lines(randomBytes(100_000)))])],
  ];
  return messages.map(([name, raw]) => ({ name: `hard: ${name}`, raw: typeof raw === 'string' ? Buffer.from(raw) : raw }));
}

function nested(levels: number): string {
  let body = text('deep');
  for (let level = levels; level > 0; level -= 1) {
    body = `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n${body}\r\n--b${level}--\r\n`;
  }
  return head('X: y').slice(0, -2) + body;
}
