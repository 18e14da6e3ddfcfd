/**
 * Mail of all kinds for the benchmark, the same in every run: short replies, newsletters in HTML, and messages with attachments, of which some are sent again and again. At full scale 5,000
 * messages are about 780 MB. Attachments are slices of one pool of incompressible octets, so making a message costs a copy.
 */

import { seeded } from '../harness/probe/seeded.ts';

export type BenchMessage = { readonly raw: Buffer; readonly subject: string };

export type Mail = {
  readonly count: number;
  readonly totalBytes: number;
  readonly message: (index: number) => BenchMessage;
};

/** Octets of base64 text: lines of 76 characters and CRLF. */
const LINE = 78;
const POOL_LINES = 450_000;
/** Attachments that many messages carry: logos, price lists, forms. */
const SHARED_ATTACHMENTS = 40;

const WORDS =
  'the mail of a small office holds offers invoices minutes plans drafts questions answers and now then a picture from the last meeting with figures about ducks ponds rivers weather budgets deadlines travel hotels trains lunch coffee printers keys windows garden repair delivery order number customer contract signature review agenda notes summary'.split(
    ' ',
  );
const PEOPLE = ['anna', 'boris', 'chen', 'dora', 'emil', 'fatima', 'goran', 'hana', 'ivan', 'jana', 'karl', 'lena'];

export function createMail(count: number, seed = 1): Mail {
  const pool = createPool(seed);
  const message = (index: number): BenchMessage => compose(index, seeded(seed * 1_000_003 + index), pool);
  let totalBytes = 0;
  for (let index = 0; index < count; index += 1) totalBytes += message(index).raw.length;
  return { count, totalBytes, message };
}

function createPool(seed: number): Buffer {
  const random = seeded(seed);
  const bytes = Buffer.allocUnsafe(POOL_LINES * 57);
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.writeUInt32LE((random() * 4_294_967_296) >>> 0, at);
  const pool = Buffer.allocUnsafe(POOL_LINES * LINE);
  for (let line = 0; line < POOL_LINES; line += 1) {
    pool.write(`${bytes.toString('base64', line * 57, line * 57 + 57)}\r\n`, line * LINE, 'latin1');
  }
  return pool;
}

function compose(index: number, random: () => number, pool: Buffer): BenchMessage {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const words = (n: number): string => Array.from({ length: n }, () => pick(WORDS)).join(' ');
  const from = pick(PEOPLE);
  const subject = `${random() < 0.4 ? 'Re: ' : ''}${words(4)} ${index}`;
  const date = new Date(Date.UTC(2026, 0, 1) + index * 3_600_000).toUTCString().replace('GMT', '+0000');
  const head =
    `Received: from mx.example.net (mx.example.net [192.0.2.${index % 250}])\r\n\tby in.example.test with ESMTPS id ${index}\r\n\tfor <user@example.test>; ${date}\r\n` +
    `From: ${from[0]?.toUpperCase()}${from.slice(1)} Example <${from}@example.net>\r\nTo: User <user@example.test>\r\nCc: ${pick(PEOPLE)}@example.net, ${pick(PEOPLE)}@example.org\r\n` +
    `Subject: ${subject}\r\nDate: ${date}\r\nMessage-ID: <${index}.${from}@example.net>\r\nReferences: <${Math.floor(index / 3)}.thread@example.net>\r\n` +
    `X-Mailer: Example ${index % 7}\r\nMIME-Version: 1.0\r\n`;
  const lines = (bytes: number): string => {
    let text = '';
    while (text.length < bytes) text += `${words(11)}\r\n`;
    return text;
  };
  const kind = random();
  if (kind < 0.45) {
    const body = `Content-Type: text/plain; charset=utf-8\r\n\r\n${lines(600 + random() * 6_000)}`;
    return { raw: Buffer.from(head + body), subject };
  }
  const html = (bytes: number): string => {
    let text = '<html><head><style>p { margin: 0 0 1em }</style></head><body>\r\n';
    while (text.length < bytes)
      text += `<p class="x${text.length % 9}">${words(12)} <a href="https://example.net/${text.length}">${pick(WORDS)}</a></p>\r\n`;
    return `${text}</body></html>\r\n`;
  };
  const alternative = (boundary: string, plain: number, rich: number): string =>
    `Content-Type: multipart/alternative; boundary="${boundary}"\r\n\r\n--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n${lines(plain)}` +
    `\r\n--${boundary}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html(rich)}\r\n--${boundary}--\r\n`;
  if (kind < 0.7) return { raw: Buffer.from(head + alternative(`alt${index}`, 1_500, 8_000 + random() * 50_000)), subject };

  const boundary = `mix${index}`;
  const pieces: Buffer[] = [
    Buffer.from(
      `${head}Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n--${boundary}\r\n${alternative(`alt${index}`, 800, 4_000)}`,
    ),
  ];
  const count = random() < 0.7 ? 1 : 2;
  for (let n = 0; n < count; n += 1) {
    const shared = random() < 0.25;
    // Mostly some hundred kilobytes, a few of several megabytes.
    const size = shared ? 200_000 : random() < 0.06 ? 1_000_000 + random() * 3_000_000 : 30_000 + random() * 600_000;
    const wanted = Math.floor(size / LINE);
    const first = shared ? Math.floor(random() * SHARED_ATTACHMENTS) * 7_001 : Math.floor(random() * (POOL_LINES - wanted));
    const name = pick(['report.pdf', 'photo.jpg', 'table.xlsx', 'letter.docx']);
    pieces.push(
      Buffer.from(
        `\r\n--${boundary}\r\nContent-Type: application/octet-stream; name="${name}"\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n`,
      ),
      pool.subarray(first * LINE, (first + wanted) * LINE),
    );
  }
  pieces.push(Buffer.from(`\r\n--${boundary}--\r\n`));
  return { raw: Buffer.concat(pieces), subject };
}
