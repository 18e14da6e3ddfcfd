/**
 * A POP3 client (RFC 1939, 2449, 2595): one command at a time over one connection, with a time limit on each answer. Deletions count once QUIT was answered.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { FetchFault, oneLine } from '../failure.ts';
import { parseCapabilities, parseListing, parseStatus, ResponseReader, type StatusLine } from './wire/responses.ts';

export type Pop3Options = {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly tls: 'implicit' | 'starttls' | 'none';
  readonly verifyCertificate: boolean;
  readonly timeoutMs: number;
};

const MAX_LINE_BYTES = 2_048;
const MAX_CAPABILITIES_BYTES = 64 * 1024;
/** Some half a million messages. */
const MAX_LISTING_BYTES = 32 * 1024 * 1024;

export class Pop3Client {
  readonly #options: Pop3Options;
  #socket: Socket | TLSSocket;
  #reader = new ResponseReader({ maxLineBytes: MAX_LINE_BYTES });
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket | TLSSocket, options: Pop3Options) {
    this.#options = options;
    this.#socket = socket;
    this.#listen(socket);
  }

  /** Connects, reads the greeting and takes TLS as told. */
  static async connect(options: Pop3Options): Promise<Pop3Client> {
    const plain = connectTcp({ host: options.address, port: options.port });
    const socket = options.tls === 'implicit' ? connectTls({ socket: plain, ...tlsOptions(options) }) : plain;
    const client = new Pop3Client(socket, options);
    // With TLS on top the lower socket's faults come by way of the upper; nobody else must hear them.
    if (socket !== plain) plain.on('error', (error) => client.#fail(error));
    try {
      await client.#status();
      if (options.tls === 'starttls') await client.#startTls();
      return client;
    } catch (error) {
      client.abort();
      throw error;
    }
  }

  get tlsDetails(): { readonly protocol: string; readonly cipher: string } | undefined {
    if (!('getCipher' in this.#socket)) return undefined;
    return { protocol: this.#socket.getProtocol() ?? '', cipher: this.#socket.getCipher().name };
  }

  /** RFC 2449; empty from a server that has no CAPA. */
  async capabilities(): Promise<ReadonlyMap<string, string>> {
    this.#write('CAPA');
    if (!parseStatus(await this.#line()).ok) return new Map();
    return parseCapabilities(await this.#body(MAX_CAPABILITIES_BYTES));
  }

  /** USER and PASS. Throws FetchFault `signIn`, or `busy` when somebody else has the maildrop. */
  async signIn(username: string, password: string): Promise<void> {
    try {
      await this.#command(`USER ${username}`);
      await this.#command(`PASS ${password}`);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { code, text } = error.status;
      // RFC 2449 §8.1.1, RFC 3206 §4: not the password's fault.
      if (/^(?:IN-USE|LOGIN-DELAY|SYS\/TEMP)$/.test(code))
        throw new FetchFault('busy', `The server said: ${oneLine(text)}`, { cause: error });
      throw new FetchFault('signIn', `The sign-in was refused: ${oneLine(text)}`, { cause: error });
    }
  }

  /** Unique ids by message number. Throws FetchFault `unsupported` where the server has none. */
  async uidl(): Promise<readonly { readonly number: number; readonly value: string }[]> {
    this.#write('UIDL');
    if (!parseStatus(await this.#line()).ok)
      throw new FetchFault('unsupported', 'The server can’t tell old mail from new (it has no UIDL)');
    return parseListing(await this.#body(MAX_LISTING_BYTES));
  }

  /** Octets by message number. */
  async sizes(): Promise<ReadonlyMap<number, number>> {
    await this.#command('LIST');
    const rows = parseListing(await this.#body(MAX_LISTING_BYTES));
    return new Map(rows.map(({ number, value }) => [number, Number(value)]));
  }

  /** The message with CRLF line ends, as it was sent; more than `maxBytes` is a Pop3SyntaxFault and ends the connection. */
  async retrieve(number: number, maxBytes: number): Promise<Buffer> {
    await this.#command(`RETR ${number}`);
    return this.#body(maxBytes);
  }

  async delete(number: number): Promise<void> {
    await this.#command(`DELE ${number}`);
  }

  /** What was deleted is gone when this resolves. */
  async quit(): Promise<void> {
    await this.#command('QUIT');
    this.#socket.end();
    this.#socket.destroySoon();
  }

  abort(): void {
    this.#socket.destroy();
  }

  async #startTls(): Promise<void> {
    this.#write('STLS');
    const answer = parseStatus(await this.#line());
    if (!answer.ok) throw new FetchFault('tls', `The server offers no encryption here: ${oneLine(answer.text)}`);
    // RFC 2595 §4: what came before the handshake is nobody's word.
    if (this.#reader.bufferedBytes > 0) throw new FetchFault('tls', 'The server spoke before its encryption began');
    const plain = this.#socket;
    plain.removeAllListeners();
    const socket = connectTls({ socket: plain, ...tlsOptions(this.#options) });
    plain.on('error', (error) => this.#fail(error));
    this.#socket = socket;
    this.#reader = new ResponseReader({ maxLineBytes: MAX_LINE_BYTES });
    this.#listen(socket);
    await this.#until(() =>
      socket.authorized || (!this.#options.verifyCertificate && socket.getProtocol() !== null) ? true : undefined,
    );
  }

  async #command(line: string): Promise<StatusLine> {
    this.#write(line);
    return this.#status();
  }

  async #status(): Promise<StatusLine> {
    const status = parseStatus(await this.#line());
    if (!status.ok) throw new Refused(status);
    return status;
  }

  #write(line: string): void {
    // Whoever set the account must not give commands of his own.
    if (/[\r\n\0]/.test(line)) throw new FetchFault('signIn', 'A name or password can’t have line ends');
    this.#socket.write(`${line}\r\n`);
  }

  #line(): Promise<string> {
    return this.#until(() => this.#reader.line());
  }

  #body(maxBytes: number): Promise<Buffer> {
    return this.#until(() => this.#reader.body(maxBytes));
  }

  /** Tries again with every piece that comes. One caller at a time. */
  async #until<T>(ready: () => T | undefined): Promise<T> {
    for (;;) {
      try {
        const value = ready();
        if (value !== undefined) return value;
      } catch (error) {
        this.abort();
        throw error;
      }
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #listen(socket: Socket | TLSSocket): void {
    socket.setTimeout(this.#options.timeoutMs);
    socket.on('data', (bytes: Buffer) => {
      this.#reader.push(bytes);
      this.#wake?.();
    });
    socket.on('secureConnect', () => this.#wake?.());
    socket.on('error', (error) => this.#fail(error));
    socket.on('timeout', () => this.#fail(new FetchFault('timeout', 'The server did not answer in time')));
    socket.on('close', () => this.#fail(new FetchFault('connection', 'The server ended the connection')));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#socket.destroy();
    this.#wake?.();
  }
}

/** `-ERR`. */
class Refused extends FetchFault {
  readonly status: StatusLine;
  constructor(status: StatusLine) {
    super('refused', `The server said: ${oneLine(status.text)}`);
    this.status = status;
  }
}

function tlsOptions({ host, verifyCertificate }: Pop3Options): {
  servername?: string;
  host: string;
  rejectUnauthorized: boolean;
} {
  return { host, rejectUnauthorized: verifyCertificate, ...(isIP(host) === 0 ? { servername: host } : {}) };
}
