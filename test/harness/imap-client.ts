/** A raw IMAP client for tests: sends what it is told and hands back responses as they came, literals included. It understands as little as possible. */
import { type Socket, connect } from 'node:net';
import { type DeflateRaw, constants, createDeflateRaw, createInflateRaw } from 'node:zlib';
import { type TLSSocket, connect as connectTls } from 'node:tls';

/** One response: its lines and literals in one latin1 string, without the last CRLF. */
export type RawResponse = string;

export class RawImapClient {
  #socket: Socket | TLSSocket;
  #buffer: Buffer = Buffer.alloc(0);
  readonly #ready: RawResponse[] = [];
  #waiters: (() => void)[] = [];
  #deflate: DeflateRaw | undefined;
  #ignored: Buffer = Buffer.alloc(0);
  #endCompression: (withLastBlock: boolean) => Promise<void> = () => Promise.resolve();
  closed = false;
  #tag = 0;

  constructor(socket: Socket | TLSSocket) {
    this.#socket = socket;
    this.#listen();
  }

  static async open(port: number, host = '127.0.0.1'): Promise<RawImapClient> {
    const socket = connect({ port, host, noDelay: true });
    const client = new RawImapClient(socket);
    const greeting = await client.next();
    if (!greeting?.startsWith('* OK')) throw new Error(`no greeting: ${greeting}`);
    return client;
  }

  /** Opens and logs in. */
  static async login(port: number, user: string, password = 'secret'): Promise<RawImapClient> {
    const client = await RawImapClient.open(port);
    await client.ok(`LOGIN ${user} ${password}`);
    return client;
  }

  get socket(): Socket {
    return this.#socket;
  }

  #listen(): void {
    this.#socket.on('data', (received: Buffer) => {
      const bytes = received.indexOf(this.#ignored) === 0 ? received.subarray(this.#ignored.length) : received;
      this.#ignored = Buffer.alloc(0);
      this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
      this.#split();
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  /** Upgrades the connection; call it after the tagged OK of STARTTLS. */
  async upgrade(): Promise<void> {
    this.#socket.removeAllListeners('data');
    this.#socket.removeAllListeners('close');
    const secure = connectTls({ socket: this.#socket, rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', resolve);
      secure.once('error', reject);
    });
    this.#socket = secure;
    this.#listen();
  }

  /** Both directions through DEFLATE from now on; call it after the tagged OK of COMPRESS. */
  compress(): void {
    const plain = this.#socket;
    plain.removeAllListeners('data');
    const inflate = createInflateRaw();
    const deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
    plain.pipe(inflate);
    deflate.pipe(plain);
    inflate.on('data', (bytes: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, bytes]);
      this.#split();
    });
    inflate.on('error', () => {});
    this.#deflate = deflate;
    this.#endCompression = async (withLastBlock) => {
      plain.unpipe(inflate);
      if (withLastBlock) {
        deflate.unpipe(plain);
        deflate.on('data', (bytes: Buffer) => plain.write(bytes)).resume();
        await new Promise<void>((resolve) => void deflate.once('end', resolve).end());
      }
      this.#deflate = undefined;
      plain.removeAllListeners('close');
      // The server says the end of its side in DEFLATE, with its last reply or right behind.
      this.#ignored = Buffer.from([3, 0]);
      this.#listen();
      plain.resume();
    };
  }

  /** Both directions plain again; call it after the tagged OK of UNAUTHENTICATE. `withLastBlock`: says the end of its own side in DEFLATE as well. */
  endCompression(withLastBlock: boolean): Promise<void> {
    return this.#endCompression(withLastBlock);
  }

  #split(): void {
    for (;;) {
      let at = 0;
      let end = -1;
      for (;;) {
        const lineEnd = this.#buffer.indexOf('\r\n', at);
        if (lineEnd === -1) return;
        const literal = /\{(\d+)\}$/.exec(this.#buffer.toString('latin1', Math.max(at, lineEnd - 24), lineEnd));
        if (literal === null) {
          end = lineEnd;
          break;
        }
        at = lineEnd + 2 + Number(literal[1]);
        if (this.#buffer.length < at) return;
      }
      this.#ready.push(this.#buffer.toString('latin1', 0, end));
      this.#buffer = this.#buffer.subarray(end + 2);
      this.#wake();
    }
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Octets as they are. */
  write(bytes: string | Buffer): void {
    (this.#deflate ?? this.#socket).write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** The next response; undefined when the connection is closed and nothing is left. */
  async next(timeoutMs = 30_000): Promise<RawResponse | undefined> {
    const deadline = Date.now() + timeoutMs;
    while (this.#ready.length === 0) {
      if (this.closed) return undefined;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error('no response in time');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.#ready.shift();
  }

  /** Gives a response back, to be the next one. */
  pushBack(response: RawResponse): void {
    this.#ready.unshift(response);
  }

  /** What has arrived and was not asked for. */
  get unread(): number {
    return this.#ready.length;
  }

  /** Sends a command (latin1; a synchronizing literal waits for its continuation) and collects everything up to its tagged reply, which comes last. */
  async command(text: string): Promise<RawResponse[]> {
    this.#tag += 1;
    const tag = `t${this.#tag}`;
    const responses: RawResponse[] = [];
    const pieces = text.split(/(?<=\{\d+\}\r\n)/);
    this.write(`${tag} ${pieces[0]}`);
    for (let i = 1; i < pieces.length; i += 1) {
      const answer = await this.next();
      if (answer?.startsWith('+') !== true) {
        responses.push(answer ?? '');
        if (answer?.startsWith(`${tag} `) === true) return responses;
        throw new Error(`no continuation: ${answer}`);
      }
      this.write(pieces[i]!);
    }
    this.write('\r\n');
    return this.collect(tag, responses);
  }

  async collect(tag: string, responses: RawResponse[] = []): Promise<RawResponse[]> {
    for (;;) {
      const response = await this.next();
      if (response === undefined) throw new Error(`connection closed; got ${responses.join('\n')}`);
      responses.push(response);
      if (response.startsWith(`${tag} `)) return responses;
    }
  }

  /** A command that must succeed; answers the untagged responses. */
  async ok(text: string): Promise<RawResponse[]> {
    const responses = await this.command(text);
    const last = responses.pop() ?? '';
    if (!/^\S+ OK/.test(last)) throw new Error(`${text.slice(0, 200)} → ${last}`);
    return responses;
  }

  /** The tagged reply without its tag. */
  async status(text: string): Promise<string> {
    const responses = await this.command(text);
    return (responses.at(-1) ?? '').replace(/^\S+ /, '');
  }

  /** APPEND with a synchronizing literal; answers the tagged reply without its tag. */
  append(mailbox: string, message: string | Buffer, options = ''): Promise<string> {
    const text = typeof message === 'string' ? message : message.toString('latin1');
    return this.status(`APPEND ${mailbox} ${options}{${Buffer.byteLength(text, 'latin1')}}\r\n${text}`);
  }

  async close(): Promise<void> {
    this.#socket.destroy();
    await Promise.resolve();
  }
}
