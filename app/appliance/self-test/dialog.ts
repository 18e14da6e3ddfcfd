/** One line protocol's conversation, as far as a test of it needs: lines in and out, with a deadline, upgraded to TLS in the middle. */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

export interface DialogTarget {
  readonly host: string;
  readonly port: number;
  readonly implicitTls: boolean;
}

const maxLineBytes = 64 * 1024;

export class Dialog {
  #socket: Socket | TLSSocket;
  readonly #timeoutMs: number;
  #rest = '';
  #waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;

  private constructor(socket: Socket | TLSSocket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.#listen();
  }

  /** Rejects with the system's error. */
  static async open({ host, port, implicitTls }: DialogTarget, timeoutMs: number): Promise<Dialog> {
    const socket = await new Promise<Socket | TLSSocket>((resolve, reject) => {
      // The certificate is looked at by the certificates' own screen: this asks whether the service serves.
      const made = implicitTls ? connectTls({ host, port, rejectUnauthorized: false }) : connectPlain({ host, port });
      made.setTimeout(timeoutMs, () => made.destroy(new Error('no answer')));
      made.once('error', reject);
      made.once(implicitTls ? 'secureConnect' : 'connect', () => {
        made.off('error', reject);
        resolve(made);
      });
    });
    return new Dialog(socket, timeoutMs);
  }

  /** Such as TLSv1.3; undefined when it is not encrypted. */
  get encryption(): string | undefined {
    return 'getProtocol' in this.#socket ? (this.#socket.getProtocol() ?? undefined) : undefined;
  }

  send(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  /** The next line, without its end. */
  line(): Promise<string> {
    const at = this.#rest.indexOf('\n');
    if (at >= 0) {
      const line = this.#rest.slice(0, at).replace(/\r$/, '');
      this.#rest = this.#rest.slice(at + 1);
      return Promise.resolve(line);
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** Lines up to and with the first that fits; that one. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = await this.line();
      if (pattern.test(line)) return line;
    }
  }

  async startTls(): Promise<void> {
    const plain = this.#socket;
    plain.removeAllListeners();
    this.#rest = '';
    this.#socket = await new Promise<TLSSocket>((resolve, reject) => {
      const made = connectTls({ socket: plain, rejectUnauthorized: false });
      made.setTimeout(this.#timeoutMs, () => made.destroy(new Error('no answer')));
      made.once('error', reject);
      made.once('secureConnect', () => {
        made.off('error', reject);
        resolve(made);
      });
    });
    this.#listen();
  }

  close(): void {
    this.#socket.destroy();
  }

  #listen(): void {
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (piece: string) => {
      this.#rest += piece;
      if (this.#rest.length > maxLineBytes) this.#socket.destroy(new Error('too long an answer'));
      const waiting = this.#waiting;
      if (waiting === undefined || !this.#rest.includes('\n')) return;
      this.#waiting = undefined;
      void this.line().then(waiting.resolve, waiting.reject);
    });
    const end = (error?: Error): void => {
      this.#failure ??= error ?? new Error('the connection was closed');
      this.#waiting?.reject(this.#failure);
      this.#waiting = undefined;
    };
    this.#socket.on('error', end);
    this.#socket.on('close', () => end());
  }
}
