/**
 * One outgoing SMTP connection: nodemailer's client behind promises, with what each recipient was told. Opportunistic TLS takes any certificate, because the
 * alternative is no encryption at all (RFC 7435); a relay's is verified.
 */
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { isIP } from 'node:net';
import { matchesDane } from './dane.ts';
import type { TlsaRecord } from './secure-dns.ts';

/** The remote's refusal, or why we could not talk to it. `code` is 0 when it said nothing. */
export class SendFault extends Error {
  readonly code: number;
  /** What happened before the message was handed over concerns the host, not the message: another host may do better. */
  readonly beforeMessage: boolean;
  /** TLS could not be set up: worth a try without, where that is allowed. */
  readonly tlsFailed: boolean;

  constructor(message: string, options: { code: number; beforeMessage: boolean; tlsFailed?: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = options.code;
    this.beforeMessage = options.beforeMessage;
    this.tlsFailed = options.tlsFailed ?? false;
  }
}

export type ConnectOptions = {
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly ehloName: string;
  readonly tls: 'opportunistic' | 'required' | 'implicit' | 'none';
  readonly verifyCertificate: boolean;
  /** DANE: the certificate must be one that these name, whoever signed it; empty = any. */
  readonly tlsa?: readonly TlsaRecord[];
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly connectTimeoutMs: number;
  /** RFC 5321 §4.5.3.2: up to ten minutes for the final reply. */
  readonly replyTimeoutMs: number;
};

export type OutgoingRecipient = {
  /** As the remote shall read it. */
  readonly address: string;
  /** NOTIFY and ORCPT (RFC 3461) as they follow RCPT TO; empty for none. Only sent to a server that has DSN. */
  readonly dsn: string;
};

export type OutgoingMessage = {
  readonly from: string;
  readonly recipients: readonly OutgoingRecipient[];
  readonly body: Buffer;
  readonly eightBit: boolean;
  readonly utf8: boolean;
  readonly requireTls: boolean;
  /** RET and ENVID as they follow MAIL FROM; empty for none. */
  readonly dsn: string;
  /** The connection is given up when the whole takes longer. */
  readonly timeoutMs: number;
};

export type RecipientReply = { readonly address: string; readonly ok: boolean; readonly code: number; readonly text: string };

type ClientError = Error & {
  code?: string;
  responseCode?: number;
  response?: string;
  recipient?: string;
  rejectedErrors?: ClientError[];
};
type SendInfo = { accepted?: string[]; rejected?: string[]; rejectedErrors?: ClientError[]; response?: string };

type PeerCertificate = { readonly raw?: Buffer; readonly issuerCertificate?: PeerCertificate };

/** What nodemailer has inside and gives no other access to. Its version is fixed; a test notices if this changes. */
type Inside = {
  _sendCommand(line: string, logged?: string): void;
  readonly _supportedExtensions?: readonly string[];
  readonly _socket?: {
    getCipher?(): { name: string } | undefined;
    getProtocol?(): string | null;
    getPeerCertificate?(detailed: true): PeerCertificate;
  };
  readonly lastServerResponse?: string | false;
};

/** Adds parameters to MAIL and RCPT that nodemailer knows only for a whole message or not at all. */
class Connection extends SMTPConnection {
  parameters: ReadonlyMap<string, string> = new Map();

  _sendCommand(line: string, logged?: string): void {
    const key = /^(?:MAIL FROM|RCPT TO):<.*?>/.exec(line)?.[0];
    const more = key === undefined ? '' : (this.parameters.get(key) ?? '');
    (SMTPConnection.prototype as unknown as Inside)._sendCommand.call(this, more === '' ? line : `${line} ${more}`, logged);
  }
}

export class SmtpClient {
  readonly #connection: Connection;
  #broken: Error | undefined;
  #dirty = false;

  private constructor(connection: Connection) {
    this.#connection = connection;
    connection.on('error', (error: Error) => {
      this.#broken ??= error;
    });
    connection.on('end', () => {
      this.#broken ??= new Error('the connection was closed');
    });
  }

  /** Connects, says EHLO, takes TLS and logs in as told. Throws SendFault. */
  static async connect(options: ConnectOptions): Promise<SmtpClient> {
    const connection = new Connection({
      host: options.address,
      port: options.port,
      name: options.ehloName,
      secure: options.tls === 'implicit',
      requireTLS: options.tls === 'required',
      ignoreTLS: options.tls === 'none',
      opportunisticTLS: false,
      tls: {
        servername: isIP(options.host) === 0 ? options.host : '',
        rejectUnauthorized: options.verifyCertificate,
        minVersion: options.verifyCertificate ? 'TLSv1.2' : 'TLSv1',
      },
      connectionTimeout: options.connectTimeoutMs,
      greetingTimeout: options.connectTimeoutMs,
      socketTimeout: options.replyTimeoutMs,
      allowInternalNetworkInterfaces: true,
    } as SMTPConnection.Options);
    const client = new SmtpClient(connection);
    // nodemailer's own limits leave out a TLS handshake that never ends.
    const overdue = setTimeout(() => client.#giveUp('the server takes too long'), options.connectTimeoutMs * 2);
    try {
      await client.#open(connection, options);
    } finally {
      clearTimeout(overdue);
    }
    return client;
  }

  async #open(connection: Connection, options: ConnectOptions): Promise<void> {
    await this.#step((done) => connection.connect(done));
    const { tlsa } = options;
    if (tlsa !== undefined && tlsa.length > 0 && !matchesDane(tlsa, this.#chain(), options.host, new Date())) {
      this.destroy();
      throw new SendFault('The certificate is none that the server’s domain names (DANE)', {
        code: 0,
        beforeMessage: true,
        tlsFailed: true,
      });
    }
    const { credentials } = options;
    if (credentials !== undefined) {
      const { username, password } = credentials;
      await this.#step((done) =>
        connection.login({ user: username, credentials: { user: username, pass: password } } as never, done),
      );
    }
  }

  /** What the server showed, leaf first. */
  #chain(): readonly Buffer[] {
    const chain: Buffer[] = [];
    const seen = new Set<PeerCertificate>();
    let certificate = this.#inside._socket?.getPeerCertificate?.(true);
    // A self-signed one is its own issuer.
    while (certificate?.raw !== undefined && !seen.has(certificate) && chain.length < 10) {
      seen.add(certificate);
      chain.push(certificate.raw);
      certificate = certificate.issuerCertificate;
    }
    return chain;
  }

  #giveUp(reason: string): void {
    this.#broken ??= Object.assign(new Error(reason), { code: this.#connection.secure ? 'ESOCKET' : 'ETIMEDOUT' });
    this.#connection.close();
  }

  get usable(): boolean {
    return this.#broken === undefined;
  }

  get encrypted(): boolean {
    return this.#connection.secure === true;
  }

  /** Protocol and cipher, empty without TLS. */
  get tls(): string {
    const socket = this.#inside._socket;
    if (!this.encrypted || socket?.getProtocol === undefined) return '';
    return `${socket.getProtocol() ?? 'TLS'} ${socket.getCipher?.()?.name ?? ''}`.trim();
  }

  /** What the server called itself in its answer to EHLO. */
  get serverName(): string {
    return this.#serverName;
  }

  #serverName = '';

  supports(extension: 'DSN' | 'SMTPUTF8' | '8BITMIME' | 'REQUIRETLS' | 'SIZE'): boolean {
    return this.#inside._supportedExtensions?.includes(extension) === true;
  }

  get #inside(): Inside {
    return this.#connection as unknown as Inside;
  }

  /** Sends one message. Throws SendFault when the server refused the whole; else tells for each recipient. */
  async send(message: OutgoingMessage): Promise<readonly RecipientReply[]> {
    const { recipients, body } = message;
    this.#connection.parameters = this.#parametersOf(message);
    this.#dirty = true;
    const overdue = setTimeout(() => this.#giveUp('sending took too long'), message.timeoutMs);
    const info = await new Promise<SendInfo>((resolve, reject) => {
      const fail = (error: ClientError): void => reject(error);
      const ended = (): void => reject(this.#broken ?? new Error('the connection was closed'));
      const settle = (): void => {
        clearTimeout(overdue);
        this.#connection.removeListener('error', fail);
        this.#connection.removeListener('end', ended);
      };
      this.#connection.once('error', fail);
      this.#connection.once('end', ended);
      this.#connection.send(
        {
          from: message.from === '' ? false : message.from,
          to: recipients.map(({ address }) => address),
          size: body.length,
          use8BitMime: message.eightBit,
          requireTLSExtensionEnabled: message.requireTls,
        } as SMTPConnection.Envelope,
        body,
        (error, result) => {
          settle();
          if (error !== null && error !== undefined) reject(error);
          else resolve(result as SendInfo);
        },
      );
    })
      .catch((error: unknown) => {
        const rejected = (error as ClientError).rejectedErrors ?? [];
        // All recipients refused: that is an answer for each of them.
        if (rejected.length > 0) return { rejectedErrors: rejected } satisfies SendInfo;
        throw asFault(error, false);
      })
      .finally(() => clearTimeout(overdue));
    const refusals = new Map((info.rejectedErrors ?? []).map((error) => [error.recipient ?? '', error]));
    this.#dirty = refusals.size > 0;
    const text = 'response' in info ? (info.response ?? '') : '';
    return recipients.map(({ address }): RecipientReply => {
      const refusal = refusals.get(address);
      if (refusal === undefined) return { address, ok: true, code: 250, text };
      return { address, ok: false, code: refusal.responseCode ?? 0, text: refusal.response ?? refusal.message };
    });
  }

  /** Ready for another message on the same connection. `check`: ask the server even if all went well before. */
  async reset(check: boolean): Promise<boolean> {
    if (!this.usable) return false;
    if (!check && !this.#dirty) return true;
    const ready = await new Promise<boolean>((resolve) => {
      const fail = (): void => resolve(false);
      this.#connection.once('error', fail);
      this.#connection.once('end', fail);
      this.#connection.reset((error) => {
        this.#connection.removeListener('error', fail);
        this.#connection.removeListener('end', fail);
        resolve((error ?? null) === null && this.usable);
      });
    });
    this.#dirty = !ready;
    return ready;
  }

  quit(): void {
    if (this.usable) this.#connection.quit();
    else this.#connection.close();
  }

  /** Without a goodbye. */
  destroy(): void {
    this.#broken ??= new Error('closed here');
    this.#connection.close();
  }

  #parametersOf(message: OutgoingMessage): ReadonlyMap<string, string> {
    const parameters = new Map<string, string>();
    const dsn = this.supports('DSN');
    // nodemailer says SMTPUTF8 for addresses only; header fields need it as well (RFC 6531 §3.4).
    const addresses = [message.from, ...message.recipients.map(({ address }) => address)];
    const said = addresses.some((address) => /[^\u0000-\u007f]/.test(address));
    const utf8 = message.utf8 && !said && this.supports('SMTPUTF8') ? 'SMTPUTF8' : '';
    parameters.set(`MAIL FROM:<${message.from}>`, [utf8, dsn ? message.dsn : ''].filter((text) => text !== '').join(' '));
    if (dsn) for (const recipient of message.recipients) parameters.set(`RCPT TO:<${recipient.address}>`, recipient.dsn);
    return parameters;
  }

  #step(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => {
        this.#connection.removeListener('error', fail);
        this.#connection.removeListener('end', ended);
        this.#connection.close();
        reject(asFault(error, true));
      };
      const ended = (): void => fail(this.#broken ?? new Error('the connection was closed'));
      this.#connection.once('error', fail);
      this.#connection.once('end', ended);
      start((error) => {
        if (error !== null && error !== undefined) return fail(error);
        this.#connection.removeListener('error', fail);
        this.#connection.removeListener('end', ended);
        const { lastServerResponse } = this.#inside;
        if (typeof lastServerResponse === 'string' && lastServerResponse.startsWith('250')) {
          this.#serverName = /^250[ -](\S+)/.exec(lastServerResponse)?.[1]?.toLowerCase() ?? '';
        }
        resolve();
      });
    });
  }
}

function asFault(error: unknown, beforeMessage: boolean): SendFault {
  const { message, responseCode, response, code } = error as ClientError;
  const tlsFailed =
    code === 'ETLS' || (beforeMessage && responseCode === undefined && /SSL|TLS|certificate|handshake/i.test(message));
  return new SendFault(response ?? message, { code: responseCode ?? 0, beforeMessage, tlsFailed, cause: error });
}
