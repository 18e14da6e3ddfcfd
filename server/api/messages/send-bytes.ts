/** Bytes as an answer: whole or a range of them (RFC 9110 §14), streamed at the client's pace. */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

export type Bytes = {
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly filename?: string;
  /** With quotes. Only for what never changes. */
  readonly etag: string;
  readonly read: (start: number, end: number) => AsyncIterable<Buffer>;
};

export type ByteSpan = { readonly start: number; readonly end: number };

export async function sendBytes(
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  bytes: Bytes,
): Promise<void> {
  reply.header('etag', bytes.etag).header('accept-ranges', 'bytes').header('x-content-type-options', 'nosniff');
  reply.header('content-security-policy', "sandbox; default-src 'none'").type(bytes.contentType);
  if (bytes.filename !== undefined)
    reply.header('content-disposition', `attachment; filename*=UTF-8''${encodeName(bytes.filename)}`);
  if (request.headers['if-none-match'] === bytes.etag) {
    await reply.code(304).send();
    return;
  }
  const span = parseRange(request.headers.range, bytes.sizeBytes);
  if (span === 'unsatisfiable') {
    await reply
      .code(416)
      .header('content-range', `bytes */${bytes.sizeBytes}`)
      .type('application/json')
      .send({ error: 'This range does not exist', code: 'InputValidationError' });
    return;
  }
  const { start, end } = span ?? { start: 0, end: bytes.sizeBytes };
  if (span !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${bytes.sizeBytes}`);
  reply.header('content-length', end - start);
  await reply.send(Readable.from(bytes.read(start, end), { objectMode: false }));
}

/** One range; several at once are answered by the whole, as RFC 9110 §14.2 allows. Undefined: the whole. */
export function parseRange(header: string | undefined, sizeBytes: number): ByteSpan | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const suffix = Math.min(Number(last), sizeBytes);
    return suffix === 0 ? 'unsatisfiable' : { start: sizeBytes - suffix, end: sizeBytes };
  }
  const start = Number(first);
  const end = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (last !== '' && Number(last) < start) return undefined;
  return start >= sizeBytes ? 'unsatisfiable' : { start, end };
}

/** RFC 8187 §3.2.1. */
function encodeName(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
