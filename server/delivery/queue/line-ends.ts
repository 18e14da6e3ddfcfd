/** Line ends as SMTP wants them: a CR or LF alone must not be sent (RFC 5321 §2.3.8). Bytes in, bytes out. */

const LF = 10;
const CR = 13;

/** Whether there is a CR without LF, or an LF without CR. */
export function hasBareLineEnds(raw: Buffer): boolean {
  for (let at = raw.indexOf(LF); at >= 0; at = raw.indexOf(LF, at + 1)) if (raw[at - 1] !== CR) return true;
  for (let at = raw.indexOf(CR); at >= 0; at = raw.indexOf(CR, at + 1)) if (raw[at + 1] !== LF) return true;
  return false;
}

/** No NUL: bytes that were meant as lines of text. */
export function isPlainText(raw: Buffer): boolean {
  return !raw.includes(0);
}

/** Every CR, LF and CRLF becomes CRLF. */
export function normalizeLineEnds(raw: Buffer): Buffer {
  let bare = 0;
  for (let at = 0; at < raw.length; at += 1) {
    if (raw[at] === LF && raw[at - 1] !== CR) bare += 1;
    if (raw[at] === CR && raw[at + 1] !== LF) bare += 1;
  }
  const out = Buffer.allocUnsafe(raw.length + bare);
  let to = 0;
  for (let at = 0; at < raw.length; at += 1) {
    const byte = raw[at] ?? 0;
    if (byte === LF && raw[at - 1] !== CR) out[to++] = CR;
    out[to++] = byte;
    if (byte === CR && raw[at + 1] !== LF) out[to++] = LF;
  }
  return out;
}
