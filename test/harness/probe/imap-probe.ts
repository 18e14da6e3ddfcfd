/**
 * A fast IMAP client over a raw socket for tests and benchmarks. It keeps every octet as it came (literals are Buffers), lets commands be pipelined, hands every untagged
 * response to a listener in order, and can count large literals instead of keeping them. It knows the grammar of lines and literals and nothing else.
 *
 * Invariant: an untagged response belongs to the oldest command that has not been answered yet.
 */
import { type Socket, connect } from 'node:net';

/** One response without its last CRLF. `text` is latin1 with each literal left out behind its `{n}`; the literals follow in order. */
export type Response = { readonly text: string; readonly literals: readonly Buffer[] };

export type Reply = {
  readonly status: 'OK' | 'NO' | 'BAD';
  /** What follows the status, response code included. */
  readonly text: string;
  readonly untagged: readonly Response[];
};

/** Text goes out as latin1; a Buffer is sent as a literal's octets, its `{n+}` included by `literal`. */
export type CommandPiece = string | Buffer;

export type ProbeOptions = {
  readonly host?: string;
  /** Default true. Without it untagged responses only reach `onUntagged`. */
  readonly keepUntagged?: boolean;
  /** Default true. Without it literals are counted and thrown away. */
  readonly keepLiterals?: boolean;
  /** How long a reply may take (ms); default 60 s. */
  readonly timeoutMs?: number;
};

export class ConnectionLost extends Error {}

type Pending = {
  readonly tag: string;
  readonly untagged: Response[];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
};

type Waiter<T> = { readonly resolve: (value: T) => void; readonly reject: (error: Error) => void };

const LF = 10;

export class ImapProbe {
  readonly #socket: Socket;
  readonly #keepLiterals: boolean;
  readonly #timeoutMs: number;
  readonly #pending: Pending[] = [];
  readonly #continuations: Waiter<void>[] = [];
  #greeting: Waiter<string> | undefined;
  #nextTag = 1;
  #line = '';
  #literals: Buffer[] = [];
  /** Pieces of a line that a chunk's end has cut. */
  #rest: Buffer | undefined;
  #literalLeft = 0;
  #literalPieces: Buffer[] = [];
  #ended: Error | undefined;
  #onClose: (() => void)[] = [];
  keepUntagged: boolean;
  /** Called for each untagged response, in order, before a tagged one that follows it resolves anything. */
  onUntagged: ((response: Response) => void) | undefined;
  /** Octets in literals so far. */
  literalBytes = 0;
  untaggedCount = 0;

  private constructor(socket: Socket, options: ProbeOptions) {
    this.#socket = socket;
    this.keepUntagged = options.keepUntagged ?? true;
    this.#keepLiterals = options.keepLiterals ?? true;
    this.#timeoutMs = options.timeoutMs ?? 60_000;
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new ConnectionLost('the connection was closed')));
  }

  /** Connects and reads the greeting. */
  static async connect(port: number, options: ProbeOptions = {}): Promise<ImapProbe> {
    const probe = new ImapProbe(connect({ port, host: options.host ?? '127.0.0.1', noDelay: true }), options);
    const greeting = await new Promise<string>((resolve, reject) => {
      probe.#greeting = { resolve, reject };
    });
    if (!greeting.startsWith('* OK')) throw new Error(`unexpected greeting: ${greeting}`);
    return probe;
  }

  static async login(port: number, user: string, password: string, options: ProbeOptions = {}): Promise<ImapProbe> {
    const probe = await ImapProbe.connect(port, options);
    await probe.ok(`LOGIN ${quoted(user)} ${quoted(password)}`);
    return probe;
  }

  get closed(): boolean {
    return this.#ended !== undefined;
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  onClose(listener: () => void): void {
    if (this.closed) listener();
    else this.#onClose.push(listener);
  }

  /** Sends a command at once and resolves with its tagged reply. Rejects with ConnectionLost when the connection ends first. */
  run(...pieces: readonly CommandPiece[]): Promise<Reply> {
    const tag = `p${this.#nextTag}`;
    this.#nextTag += 1;
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const reply = new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#end(new Error(`no reply within ${this.#timeoutMs} ms to ${String(pieces[0]).slice(0, 80)}`));
      }, this.#timeoutMs);
      this.#pending.push({ tag, untagged: [], resolve, reject, timer });
    });
    const [only] = pieces;
    if (pieces.length === 1 && typeof only === 'string') {
      this.#socket.write(`${tag} ${only}\r\n`, 'latin1');
      return reply;
    }
    this.#socket.cork();
    this.#socket.write(`${tag} `);
    for (const piece of pieces) {
      if (typeof piece === 'string') this.#socket.write(piece, 'latin1');
      else this.#socket.write(piece);
    }
    this.#socket.write('\r\n');
    this.#socket.uncork();
    return reply;
  }

  /** The reply of a command that must succeed. */
  async ok(...pieces: readonly CommandPiece[]): Promise<Reply> {
    const reply = await this.run(...pieces);
    if (reply.status !== 'OK') throw new Error(`${String(pieces[0]).slice(0, 120)} → ${reply.status} ${reply.text}`);
    return reply;
  }

  /** APPEND with a non-synchronizing literal (LITERAL+). */
  append(mailbox: string, message: Buffer, options = ''): Promise<Reply> {
    return this.run(`APPEND ${quoted(mailbox)} ${options === '' ? '' : `${options} `}{${message.length}+}\r\n`, message);
  }

  /** Begins IDLE; resolves when the server has said go. The answer ends it. */
  async idle(): Promise<() => Promise<Reply>> {
    const going = new Promise<void>((resolve, reject) => {
      this.#continuations.push({ resolve, reject });
    });
    // IDLE lasts as long as the caller likes: its time limit begins at DONE.
    const reply = this.run('IDLE');
    const pending = this.#pending.at(-1);
    clearTimeout(pending?.timer);
    reply.catch(() => {}); // who calls DONE hears of it
    await Promise.race([going, reply.then((early) => Promise.reject(new Error(`IDLE → ${early.status} ${early.text}`)))]);
    return () => {
      this.#socket.write('DONE\r\n');
      return reply;
    };
  }

  /** Octets as they are, outside any command. */
  write(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
    this.#end(new ConnectionLost('closed by the test'));
  }

  async logout(): Promise<void> {
    await this.run('LOGOUT');
    this.close();
  }

  #end(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#socket.destroy();
    this.#greeting?.reject(error);
    for (const waiter of this.#continuations.splice(0)) waiter.reject(error);
    for (const pending of this.#pending.splice(0)) {
      clearTimeout(pending.timer);
      pending.reject(error);
    }
    for (const listener of this.#onClose.splice(0)) listener();
  }

  #take(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#rest !== undefined) {
      bytes = Buffer.concat([this.#rest, chunk]);
      this.#rest = undefined;
    }
    let at = 0;
    while (at < bytes.length) {
      if (this.#literalLeft > 0) {
        const end = Math.min(bytes.length, at + this.#literalLeft);
        if (this.#keepLiterals) this.#literalPieces.push(bytes.subarray(at, end));
        this.literalBytes += end - at;
        this.#literalLeft -= end - at;
        at = end;
        if (this.#literalLeft === 0) this.#closeLiteral();
        continue;
      }
      const lineEnd = bytes.indexOf(LF, at);
      if (lineEnd === -1) {
        this.#rest = bytes.subarray(at);
        return;
      }
      const text = bytes.toString('latin1', at, lineEnd - 1);
      at = lineEnd + 1;
      this.#line += text;
      const size = literalSize(text);
      if (size === undefined) this.#respond();
      else if (size === 0) this.#closeLiteral();
      else this.#literalLeft = size;
    }
  }

  #closeLiteral(): void {
    const [only] = this.#literalPieces;
    this.#literals.push(this.#literalPieces.length === 1 && only !== undefined ? only : Buffer.concat(this.#literalPieces));
    this.#literalPieces = [];
  }

  #respond(): void {
    const response: Response = { text: this.#line, literals: this.#literals };
    this.#line = '';
    if (this.#literals.length > 0) this.#literals = [];
    const { text } = response;
    if (text.startsWith('* ')) {
      if (this.#greeting !== undefined) {
        this.#greeting.resolve(text);
        this.#greeting = undefined;
        return;
      }
      this.untaggedCount += 1;
      if (this.keepUntagged) this.#pending[0]?.untagged.push(response);
      this.onUntagged?.(response);
      return;
    }
    if (text.startsWith('+')) {
      this.#continuations.shift()?.resolve();
      return;
    }
    const found = /^(\S+) (OK|NO|BAD) ?(.*)$/s.exec(text);
    const pending = this.#pending[0];
    if (found === null || pending === undefined || pending.tag !== found[1]) {
      this.#end(new Error(`unexpected response: ${text.slice(0, 200)}; expected the reply to ${pending?.tag ?? 'nothing'}`));
      return;
    }
    this.#pending.shift();
    clearTimeout(pending.timer);
    pending.resolve({ status: found[2] as Reply['status'], text: found[3] ?? '', untagged: pending.untagged });
  }
}

/** The size of the literal that a line announces at its end. */
function literalSize(line: string): number | undefined {
  if (!line.endsWith('}')) return undefined;
  const open = line.lastIndexOf('{');
  if (open === -1 || open === line.length - 2) return undefined;
  let size = 0;
  for (let at = open + 1; at < line.length - 1; at += 1) {
    const digit = line.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    size = size * 10 + digit;
  }
  return size;
}

export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
