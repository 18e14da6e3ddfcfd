/**
 * The multi-line form of message bytes (RFC 1939 §3): a dot at the beginning of a line is doubled, a line with one dot ends it.
 *
 * Stored messages may hold bare LFs, and are sent as they are. Clients disagree whether such a LF ends a line; a dot after one is doubled too, because a
 * client that takes it for a line end would otherwise read the rest of the message as replies.
 */
const LF = 10;
const DOT = 46;
const LF_DOT = Buffer.from('\n.');
const ONE_DOT = Buffer.from('.');

export class DotStuffer {
  #lastByte = LF;
  #beforeLast = 13;
  #octets = 0;

  /** What to send for the next piece: the piece itself, cut where a dot goes in. */
  push(piece: Buffer): readonly Buffer[] {
    if (piece.length === 0) return [];
    this.#octets += piece.length;
    const out: Buffer[] = [];
    let from = 0;
    if (this.#lastByte === LF && piece[0] === DOT) out.push(ONE_DOT);
    for (let found = piece.indexOf(LF_DOT); found >= 0; found = piece.indexOf(LF_DOT, found + 1)) {
      out.push(piece.subarray(from, found + 1), ONE_DOT);
      from = found + 1;
    }
    out.push(from === 0 ? piece : piece.subarray(from));
    this.#beforeLast = piece.length > 1 ? (piece[piece.length - 2] ?? 0) : this.#lastByte;
    this.#lastByte = piece[piece.length - 1] ?? 0;
    return out;
  }

  /** The end: the terminator, after a line end where the message lacks one. */
  end(): string {
    const complete = this.#octets === 0 || (this.#lastByte === LF && this.#beforeLast === 13);
    return complete ? '.\r\n' : '\r\n.\r\n';
  }
}
