/**
 * Octets in, commands out (RFC 9051 §2.2, §4.3; RFC 7888; RFC 3516).
 *
 * Invariants: events depend on the octets alone, never on how they were cut into chunks; every octet is looked at a bounded number of times; nothing
 * is buffered beyond the limits; a literal beyond them is refused before any of it is read. The reader knows no session: it only asks whether a
 * literal is welcome.
 *
 *   reader.push(chunk); for (let event = reader.next(); event.kind !== 'more'; event = reader.next()) …
 *
 * Pushed chunks may be kept until their command has been handled; the caller does not reuse them.
 */
import { type LiteralMarker, MAX_NAME_BYTES, findMarker, readCommandStart, withoutLineEnd } from './command-line.ts';
import { OctetQueue } from './octet-queue.ts';
import { type Literal, type RawCommand, isMessageLiteral } from './raw-command.ts';

export type ReaderLimits = {
  /** One line, without its end. RFC 7162 §4 asks for at least 8192. */
  readonly lineBytes: number;
  /** A literal that is not a message. */
  readonly literalBytes: number;
  /** A message literal (APPEND, REPLACE, CATENATE). */
  readonly messageBytes: number;
  /** All message literals of one command (MULTIAPPEND, CATENATE). */
  readonly messageTotalBytes: number;
  /** All lines and all other literals of one command. */
  readonly commandBytes: number;
  readonly literals: number;
  /** A non-synchronizing literal: 4096 for LITERAL-, Infinity for LITERAL+ (RFC 7888 §5). */
  readonly nonSyncBytes: number;
  readonly tagBytes: number;
  /** How much of a refused command is read and thrown away; past it the connection must end (RFC 7888 §4). */
  readonly skipBytes: number;
};

/** Before login: enough for LOGIN and AUTHENTICATE. */
export const UNAUTHENTICATED_LIMITS: ReaderLimits = {
  lineBytes: 16 * 1024,
  literalBytes: 4096,
  messageBytes: 0,
  messageTotalBytes: 0,
  commandBytes: 32 * 1024,
  literals: 4,
  nonSyncBytes: Infinity,
  tagBytes: 128,
  skipBytes: 64 * 1024,
};

export const AUTHENTICATED_LIMITS: ReaderLimits = {
  lineBytes: 256 * 1024,
  literalBytes: 64 * 1024,
  messageBytes: 64 * 1024 * 1024,
  messageTotalBytes: 128 * 1024 * 1024,
  commandBytes: 1024 * 1024,
  literals: 2000,
  nonSyncBytes: Infinity,
  tagBytes: 128,
  skipBytes: 64 * 1024 * 1024,
};

export type ReaderFaultReason =
  | 'line-too-long'
  | 'literal-too-big'
  | 'command-too-big'
  | 'too-many-literals'
  | 'bad-tag'
  | 'no-command'
  | 'nul';

/** What `literal` tells before any octet of it is read. Answer with `accept` or `refuse`, then call `next`. */
export type LiteralRequest = {
  readonly kind: 'literal';
  readonly sizeBytes: number;
  /** The client waits for a continuation (`+ …`) before it sends. */
  readonly sync: boolean;
  readonly binary: boolean;
  /** A message or part of one, not an argument. */
  readonly message: boolean;
  /** The command up to here; its last line ends where the literal begins. */
  readonly command: RawCommand;
};

export type ReaderFault = {
  readonly kind: 'fault';
  readonly reason: ReaderFaultReason;
  /** True: answer `* BYE` and close. False: answer BAD and go on; what is left of the command is being skipped. */
  readonly fatal: boolean;
  /** Undefined when there was none to read: answer untagged. */
  readonly tag: string | undefined;
  readonly name: string | undefined;
  /** For the client; holds nothing it sent. */
  readonly text: string;
};

export type ReaderEvent =
  | { readonly kind: 'more' }
  | { readonly kind: 'command'; readonly command: RawCommand }
  /** A line asked for by `expectLine`. */
  | { readonly kind: 'line'; readonly line: Buffer }
  | LiteralRequest
  | ReaderFault;

/** Where the octets of a literal go when they are not to be held in one Buffer. The pieces are views on the pushed chunks. */
export type LiteralSink = { readonly write: (piece: Buffer) => void };

type State = 'command' | 'line' | 'asking' | 'literal' | 'skip-line' | 'skip-literal' | 'dead';

const MORE: ReaderEvent = { kind: 'more' };
const EMPTY = Buffer.alloc(0);
/** Longest end of line that can hold a literal marker: `~{18446744073709551615+}` and CR. */
const TAIL_BYTES = 32;

const TEXTS: Record<ReaderFaultReason, string> = {
  'line-too-long': 'Command line too long',
  'literal-too-big': 'Literal too big',
  'command-too-big': 'Command too big',
  'too-many-literals': 'Too many literals in one command',
  'bad-tag': 'Missing or invalid tag',
  'no-command': 'Missing command',
  nul: 'NUL is not allowed in a command line',
};

export class ImapReader {
  #limits: ReaderLimits;
  #state: State = 'command';
  readonly #input = new OctetQueue();

  #tag: string | undefined;
  #name: string | undefined;
  #argumentsAt = 0;
  #lines: Buffer[] = [];
  #literals: Literal[] = [];
  #commandBytes = 0;
  #messageBytes = 0;

  #marker: LiteralMarker | undefined;
  #target: Buffer | undefined;
  #sink: LiteralSink | undefined;
  #literalLeft = 0;

  #lineLimit = 0;
  #skipped = 0;
  #tail: Buffer = EMPTY;
  #skipSeesLiterals = true;

  constructor(limits: ReaderLimits = UNAUTHENTICATED_LIMITS) {
    this.#limits = limits;
  }

  /** Takes effect with the next line or literal: the session widens the limits after login. */
  set limits(limits: ReaderLimits) {
    this.#limits = limits;
  }

  get limits(): ReaderLimits {
    return this.#limits;
  }

  /** Octets pushed and not yet consumed: what back pressure looks at. */
  get bufferedBytes(): number {
    return this.#input.bufferedBytes;
  }

  /** True between commands with nothing pending. */
  get isIdle(): boolean {
    return this.#state === 'command' && this.#input.bufferedBytes === 0 && this.#lines.length === 0;
  }

  push(chunk: Buffer): void {
    if (this.#state !== 'dead') this.#input.push(chunk);
  }

  /** The next event; `more` when the octets pushed so far hold no further one (or an answer about a literal is due). */
  next(): ReaderEvent {
    for (;;) {
      const event = this.#step();
      if (event !== undefined) return event;
    }
  }

  /** Reads the announced literal, into `sink` or, without one, into a Buffer of its size. The caller sends the continuation when it is synchronizing. */
  accept(sink?: LiteralSink): void {
    const marker = this.#expectAsking();
    this.#state = 'literal';
    this.#literalLeft = marker.sizeBytes;
    this.#sink = sink;
    this.#target = sink === undefined ? Buffer.allocUnsafeSlow(marker.sizeBytes) : undefined;
  }

  /**
   * Declines the announced literal and with it the whole command; the caller has answered or will answer it with a tagged NO or BAD. False when the
   * connection must end instead, because a non-synchronizing literal is too big to be skipped.
   */
  refuse(): boolean {
    return this.#abandon(this.#expectAsking());
  }

  /** The next event will be one line as it is, not a command: an answer to a SASL challenge, IDLE's DONE. Call it between commands only. */
  expectLine(maxBytes: number): void {
    if (this.#state !== 'command' || this.#lines.length > 0) throw new Error('expectLine in the middle of a command');
    this.#state = 'line';
    this.#lineLimit = maxBytes;
  }

  /** Drops everything received but not handled, and says how much: what follows STARTTLS in the clear must not count (RFC 9051 §6.2.1). */
  discardPending(): number {
    return this.takePending().length;
  }

  /** Everything received but not handled, for a layer (COMPRESS) that takes over. The reader is then between commands. */
  takePending(): Buffer {
    const pending = this.#input.takeAll();
    this.#reset();
    return pending;
  }

  #step(): ReaderEvent | undefined {
    switch (this.#state) {
      case 'command':
        return this.#stepCommand();
      case 'line':
        return this.#stepRawLine();
      case 'literal':
        return this.#stepLiteral();
      case 'skip-line':
        return this.#stepSkipLine();
      case 'skip-literal':
        return this.#stepSkipLiteral();
      default:
        return MORE;
    }
  }

  #stepCommand(): ReaderEvent | undefined {
    const line = this.#input.takeLine(this.#limits.lineBytes);
    if (line === undefined) return MORE;
    if (line === 'too-long') return this.#lineTooLong();
    if (this.#lines.length === 0) {
      // Not in the grammar, but clients send an empty line after a message literal.
      if (line.length === 0) return undefined;
      const problem = this.#readNames(line);
      if (problem !== undefined) return this.#fail(problem, findMarker(line));
    }
    const marker = findMarker(line);
    this.#commandBytes += line.length;
    if (line.includes(0)) return this.#fail('nul', marker);
    if (this.#commandBytes > this.#limits.commandBytes) return this.#fail('command-too-big', marker);
    if (marker === undefined) {
      this.#lines.push(line);
      const command = this.#command();
      this.#reset();
      return { kind: 'command', command };
    }
    this.#lines.push(line.subarray(0, marker.start));
    return this.#askForLiteral(marker);
  }

  #askForLiteral(marker: LiteralMarker): ReaderEvent {
    const { sizeBytes, sync, binary } = marker;
    const command = this.#command();
    const message = isMessageLiteral(command);
    const limits = this.#limits;
    if (this.#literals.length >= limits.literals) return this.#fail('too-many-literals', marker);
    if (sizeBytes > (message ? limits.messageBytes : limits.literalBytes)) return this.#fail('literal-too-big', marker);
    if (!sync && sizeBytes > limits.nonSyncBytes) return this.#fail('literal-too-big', marker);
    if (message) {
      if (this.#messageBytes + sizeBytes > limits.messageTotalBytes) return this.#fail('command-too-big', marker);
      this.#messageBytes += sizeBytes;
    } else {
      this.#commandBytes += sizeBytes;
      if (this.#commandBytes > limits.commandBytes) return this.#fail('command-too-big', marker);
    }
    this.#marker = marker;
    this.#state = 'asking';
    return { kind: 'literal', sizeBytes, sync, binary, message, command };
  }

  #stepLiteral(): ReaderEvent | undefined {
    const marker = this.#marker!;
    while (this.#literalLeft > 0) {
      const piece = this.#input.takePiece(this.#literalLeft);
      if (piece === undefined) return MORE;
      if (this.#sink !== undefined) this.#sink.write(piece);
      else piece.copy(this.#target!, marker.sizeBytes - this.#literalLeft);
      this.#literalLeft -= piece.length;
    }
    const streamed = this.#sink !== undefined;
    this.#literals.push({ bytes: this.#target ?? EMPTY, sizeBytes: marker.sizeBytes, binary: marker.binary, streamed });
    this.#target = undefined;
    this.#sink = undefined;
    this.#marker = undefined;
    this.#state = 'command';
    return undefined;
  }

  #stepRawLine(): ReaderEvent | undefined {
    const line = this.#input.takeLine(this.#lineLimit);
    if (line === undefined) return MORE;
    if (line === 'too-long') {
      const fault = this.#lineTooLong();
      this.#skipSeesLiterals = false;
      return fault;
    }
    this.#state = 'command';
    return { kind: 'line', line };
  }

  /** Throws the rest of a line away, but looks at its end: a non-synchronizing literal there belongs to the refused command too (RFC 7888 §3). */
  #stepSkipLine(): ReaderEvent | undefined {
    for (;;) {
      const taken = this.#input.takeLinePiece();
      if (taken === undefined) return MORE;
      const { piece, ended } = taken;
      this.#skipped += piece.length;
      if (this.#skipped > this.#limits.skipBytes) return this.#die('line-too-long');
      this.#tail = Buffer.concat([this.#tail, piece.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
      if (!ended) continue;
      const marker = this.#skipSeesLiterals ? findMarker(withoutLineEnd(this.#tail)) : undefined;
      if (marker === undefined || marker.sync) {
        this.#reset();
        return undefined;
      }
      if (marker.sizeBytes > this.#limits.skipBytes - this.#skipped) return this.#die('literal-too-big');
      this.#state = 'skip-literal';
      this.#literalLeft = marker.sizeBytes;
      return undefined;
    }
  }

  #stepSkipLiteral(): ReaderEvent | undefined {
    while (this.#literalLeft > 0) {
      const piece = this.#input.takePiece(this.#literalLeft);
      if (piece === undefined) return MORE;
      this.#literalLeft -= piece.length;
      this.#skipped += piece.length;
    }
    this.#state = 'skip-line';
    this.#tail = EMPTY;
    return undefined;
  }

  #expectAsking(): LiteralMarker {
    if (this.#state !== 'asking' || this.#marker === undefined) throw new Error('no literal is waiting for an answer');
    return this.#marker;
  }

  #command(): RawCommand {
    return {
      tag: this.#tag!,
      name: this.#name!,
      argumentsAt: this.#argumentsAt,
      lines: [...this.#lines],
      literals: [...this.#literals],
    };
  }

  #readNames(line: Buffer): 'bad-tag' | 'no-command' | undefined {
    const start = readCommandStart(line, this.#limits.tagBytes);
    this.#tag = start.tag;
    this.#name = start.name;
    this.#argumentsAt = start.argumentsAt;
    return start.problem;
  }

  #lineTooLong(): ReaderEvent {
    if (this.#lines.length === 0 && this.#state === 'command') {
      this.#readNames(this.#input.startOfLine(Math.min(this.#limits.lineBytes, this.#limits.tagBytes + MAX_NAME_BYTES)));
    }
    const fault = this.#fault('line-too-long', false);
    this.#dropCommand();
    this.#skipSeesLiterals = true;
    this.#skipped = this.#input.partialBytes;
    this.#tail = this.#input.endOfPartial(TAIL_BYTES);
    this.#input.dropPartial();
    this.#state = 'skip-line';
    return fault;
  }

  /** A fault found at the end of a line, whose literal marker (if it has one) decides what is left to skip. */
  #fail(reason: ReaderFaultReason, marker: LiteralMarker | undefined): ReaderEvent {
    const fault = this.#fault(reason, false);
    return this.#abandon(marker) ? fault : { ...fault, fatal: true };
  }

  /** Leaves the command. False when that can't be done by skipping; the reader is dead then. */
  #abandon(marker: LiteralMarker | undefined): boolean {
    this.#dropCommand();
    this.#skipped = 0;
    this.#tail = EMPTY;
    this.#skipSeesLiterals = true;
    if (marker === undefined || marker.sync) {
      this.#reset();
      return true;
    }
    if (marker.sizeBytes > this.#limits.skipBytes) {
      this.#die('literal-too-big');
      return false;
    }
    this.#state = 'skip-literal';
    this.#literalLeft = marker.sizeBytes;
    return true;
  }

  #die(reason: ReaderFaultReason): ReaderEvent {
    const fault = this.#fault(reason, true);
    this.#dropCommand();
    this.#input.clear();
    this.#state = 'dead';
    return fault;
  }

  #fault(reason: ReaderFaultReason, fatal: boolean): ReaderFault {
    return { kind: 'fault', reason, fatal, tag: this.#tag, name: this.#name, text: TEXTS[reason] };
  }

  #reset(): void {
    this.#dropCommand();
    this.#state = 'command';
  }

  #dropCommand(): void {
    this.#tag = undefined;
    this.#name = undefined;
    this.#argumentsAt = 0;
    this.#lines = [];
    this.#literals = [];
    this.#commandBytes = 0;
    this.#messageBytes = 0;
    this.#marker = undefined;
    this.#target = undefined;
    this.#sink = undefined;
    this.#literalLeft = 0;
  }
}
