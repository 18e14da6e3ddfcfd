/**
 * An LMTP client for tests and benchmarks: one transaction at a time, commands pipelined (RFC 2920), a reply per recipient (RFC 2033), message octets by DATA or, where every octet
 * counts, by BDAT (RFC 3030).
 */
import { type Socket, connect } from 'node:net';
import { ConnectionLost } from './imap-probe.ts';

export type LmtpReply = { readonly code: number; readonly text: string };

type Waiter = { readonly resolve: (reply: LmtpReply) => void; readonly reject: (error: Error) => void };

export type DeliverOptions = { readonly from?: string; readonly bdat?: boolean };

export class LmtpProbe {
  readonly #socket: Socket;
  readonly #waiters: Waiter[] = [];
  #text = '';
  #multi: string[] = [];
  #ended: Error | undefined;

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    socket.setTimeout(timeoutMs, () => this.#end(new Error(`LMTP: silence of ${timeoutMs} ms`)));
    socket.on('data', (bytes: Buffer) => this.#take(bytes.toString('latin1')));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new ConnectionLost('the connection was closed')));
  }

  static async connect(port: number, options: { readonly host?: string; readonly timeoutMs?: number } = {}): Promise<LmtpProbe> {
    const socket = connect({ port, host: options.host ?? '127.0.0.1', noDelay: true });
    const probe = new LmtpProbe(socket, options.timeoutMs ?? 60_000);
    const greeting = await probe.#reply();
    if (greeting.code !== 220) throw new Error(`unexpected greeting: ${greeting.code} ${greeting.text}`);
    const hello = await probe.command('LHLO probe.example.test');
    if (hello.code !== 250) throw new Error(`LHLO → ${hello.code} ${hello.text}`);
    return probe;
  }

  get closed(): boolean {
    return this.#ended !== undefined;
  }

  command(line: string): Promise<LmtpReply> {
    const reply = this.#reply();
    this.#socket.write(`${line}\r\n`);
    return reply;
  }

  /**
   * One reply per recipient, in order; a recipient refused at RCPT has that reply. Throws when the connection ends before the last of them: what was not answered
   * then may or may not have been delivered.
   */
  async deliver(raw: Buffer, recipients: readonly string[], options: DeliverOptions = {}): Promise<LmtpReply[]> {
    const { from = 'sender@example.test', bdat = false } = options;
    const replies = [this.#reply(), ...recipients.map(() => this.#reply())];
    const lines = [`MAIL FROM:<${from}>${bdat ? ' BODY=BINARYMIME' : ''}`, ...recipients.map((one) => `RCPT TO:<${one}>`)];
    if (!bdat) {
      replies.push(this.#reply());
      lines.push('DATA');
    }
    this.#socket.write(`${lines.join('\r\n')}\r\n`);
    const [mail, ...rest] = await all(replies);
    const accepted = rest.slice(0, recipients.length);
    if (mail?.code !== 250 || (!bdat && rest.at(-1)?.code !== 354)) {
      const refusal = mail?.code === 250 ? rest.at(-1) : mail;
      await this.command('RSET');
      return accepted.map((reply) => (reply.code === 250 ? (refusal ?? reply) : reply));
    }
    const finals = accepted.map((reply) => (reply.code === 250 ? this.#reply() : Promise.resolve(reply)));
    this.#socket.cork();
    if (bdat) {
      this.#socket.write(`BDAT ${raw.length} LAST\r\n`);
      this.#socket.write(raw);
    } else {
      this.#socket.write(dotStuffed(raw));
      this.#socket.write(raw.length > 1 && raw.toString('latin1', raw.length - 2) === '\r\n' ? '.\r\n' : '\r\n.\r\n');
    }
    this.#socket.uncork();
    return all(finals);
  }

  close(): void {
    this.#socket.destroy();
    this.#end(new ConnectionLost('closed by the test'));
  }

  async quit(): Promise<void> {
    await this.command('QUIT');
    this.close();
  }

  #reply(): Promise<LmtpReply> {
    const ended = this.#ended;
    if (ended !== undefined) return Promise.reject(ended);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  #end(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#socket.destroy();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  #take(text: string): void {
    const lines = (this.#text + text).split('\r\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) {
      this.#multi.push(line.slice(4));
      if (line[3] === '-') continue;
      const reply = { code: Number(line.slice(0, 3)), text: this.#multi.join('\n') };
      this.#multi = [];
      this.#waiters.shift()?.resolve(reply);
    }
  }
}

/** Like Promise.all, but no rejection is left without a listener. */
async function all(replies: readonly Promise<LmtpReply>[]): Promise<LmtpReply[]> {
  const settled = await Promise.allSettled(replies);
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

/** RFC 5321 §4.5.2. The common message has no line that begins with a dot and is sent as it is. */
export function dotStuffed(raw: Buffer): Buffer {
  if (raw[0] !== 46 && raw.indexOf('\r\n.') === -1) return raw;
  const text = raw.toString('latin1');
  return Buffer.from(text.replace(/(^|\r\n)\./g, '$1..'), 'latin1');
}
