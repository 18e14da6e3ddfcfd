/** A complete command as it came from the wire: its lines and, between them, its literals. Nothing is parsed yet but tag and name. */

export type Literal = {
  /** The octets, owned by the command; empty when they went to a sink. */
  readonly bytes: Buffer;
  readonly sizeBytes: number;
  /** literal8, `~{n}`: may hold NUL (RFC 3516 §4.4). */
  readonly binary: boolean;
  /** True when the octets went to the sink that the session chose, and not into `bytes`. */
  readonly streamed: boolean;
};

export type RawCommand = {
  readonly tag: string;
  /** Upper case; `UID FETCH` for the UID forms. */
  readonly name: string;
  /** Offset in `lines[0]` just after the name. */
  readonly argumentsAt: number;
  /** Without line ends and literal markers. `lines[i]` is followed by `literals[i]`; there is one line more than literals when the command is complete. */
  readonly lines: readonly Buffer[];
  readonly literals: readonly Literal[];
};

/** Commands that carry whole messages, and how many arguments come before the first message literal can. */
const MESSAGE_COMMANDS: ReadonlyMap<string, number> = new Map([
  ['APPEND', 1],
  ['REPLACE', 2],
  ['UID REPLACE', 2],
]);

/** True when the literal that would follow these lines is a message (or a CATENATE part), not a mailbox name. */
export function isMessageLiteral(command: RawCommand): boolean {
  const before = MESSAGE_COMMANDS.get(command.name);
  if (before === undefined) return false;
  if (command.literals.length > 0) return true;
  const text = command.lines[0]!.subarray(command.argumentsAt).toString('latin1').trim();
  const given = text === '' ? 0 : text.split(' ').length;
  return given >= before;
}
