/** The MIME layer: any bytes give an analysis, in bounded time, whose segments join to exactly these bytes. */
import { analyzeMessage } from '../../../server/mime/analyze.ts';
import { encodeBase64Lines } from '../../../server/mime/base64-lines.ts';
import { mutate } from '../random.ts';
import { FuzzFailure, type FuzzTarget } from '../target.ts';

const SEEDS = [
  'From: a <a@b>\r\nTo: g: x@y, "z \\" z"@w;\r\nSubject: =?utf-8?B?w6Q=?= =?iso-8859-1?q?=E4?=\r\nDate: Tue, 1 Feb 2022 10:00:00 +0100\r\nReferences: <1@x> <2@x>\r\n\r\ntext\r\n',
  'Content-Type: multipart/mixed; boundary="b"\r\n\r\npre\r\n--b\r\nContent-Type: text/html; charset=windows-1252\r\n\r\n<p>x &amp; <b>y</b>\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx\r\n--b\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename*0*=utf-8\'\'a%20; filename*1=b\r\n\r\nQUJDREVGR0g=\r\n--b--\r\nepi',
  `Content-Transfer-Encoding: base64\r\n\r\n${`${'QUJD'.repeat(19)}\r\n`.repeat(200)}QQ==\r\n`,
];
const SPICE = [
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  '--b\r\n',
  '--b--',
  '--b \r\n',
  '"',
  '(',
  ')',
  '<',
  '>',
  '=?utf-8?B?',
  '?=',
  '\0',
  '\xff',
  ';',
  '=',
  'Content-Type: multipart/mixed; boundary=b\r\n',
  'Content-Type: message/rfc822\r\n',
  '<!--',
  '<script',
  '&#x',
];

export const mime: FuzzTarget = {
  name: 'mime',
  open: () =>
    Promise.resolve({
      round: (random) => {
        const text = mutate(random, random.pick(SEEDS), SPICE);
        const raw = Buffer.from(text, 'latin1');
        const started = performance.now();
        const analyzed = analyzeMessage(raw);
        if (performance.now() - started > 2_000) throw new FuzzFailure('too slow', text);
        const joined = Buffer.concat(
          analyzed.segments.map((segment) => {
            if (segment.kind === 'inline') return raw.subarray(segment.start, segment.end);
            return segment.encoding === 'identity' ? segment.bytes() : encodeBase64Lines(segment.bytes(), segment.encoding);
          }),
        );
        if (!joined.equals(raw)) throw new FuzzFailure('segments do not join to the message', text);
      },
      close: () => Promise.resolve(),
    }),
};
