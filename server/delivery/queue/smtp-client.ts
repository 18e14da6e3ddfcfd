/**
 * One outgoing SMTP connection: nodemailer's client behind promises, with what each recipient was told. Opportunistic TLS takes any certificate, because the
 * alternative is no encryption at all (RFC 7435); a relay's is verified.
 */
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { QueueEnvelope, QueueRecipient } from '../../store/queue.ts';

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
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly connectTimeoutMs: number;
};

export type RecipientReply = { readonly address: string; readonly ok: boolean; readonly code: number; readonly text: string };

export type SentMessage = { readonly replies: readonly RecipientReply[]; readonly text: string };

type ClientError = Error & {
  code?: string;
  responseCode?: number;
  response?: string;
  recipient?: string;
  rejectedErrors?: ClientError[];
};
type SendInfo = { accepted?: string[]; rejected?: string[]; rejectedErrors?: ClientError[]; response?: string };

export class SmtpClient {
  readonly #connection: SMTPConnection;
  #broken: Error | undefined;

  private constructor(connection: SMTPConnection) {
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
    const connection = new SMTPConnection({
      host: options.address,
      port: options.port,
      name: options.ehloName,
      secure: options.tls === 'implicit',
      requireTLS: options.tls === 'required',
      ignoreTLS: options.tls === 'none',
      opportunisticTLS: false,
      tls: {
        servername: /^[\d.]+$|:/.test(options.host) ? '' : options.host,
        rejectUnauthorized: options.verifyCertificate,
        minVersion: options.verifyCertificate ? 'TLSv1.2' : 'TLSv1',
      },
      connectionTimeout: options.connectTimeoutMs,
      greetingTimeout: options.connectTimeoutMs,
      // RFC 5321 §4.5.3.2: up to ten minutes for the final reply.
      socketTimeout: 600_000,
      allowInternalNetworkInterfaces: true,
    } as SMTPConnection.Options);
    const client = new SmtpClient(connection);
    await client.#step((done) => connection.connect(done), true);
    const { credentials } = options;
    if (credentials !== undefined) {
      await client.#step(
        (done) =>
          connection.login(
            { user: credentials.username, credentials: { user: credentials.username, pass: credentials.password } } as never,
            done,
          ),
        true,
      );
    }
    return client;
  }

  get usable(): boolean {
    return this.#broken === undefined;
  }

  get encrypted(): boolean {
    return this.#connection.secure === true;
  }

  /** The server has said DSN: it tells the sender itself. */
  get supportsDsn(): boolean {
    const extensions: unknown = (this.#connection as unknown as { _supportedExtensions?: unknown })._supportedExtensions;
    return Array.isArray(extensions) && extensions.includes('DSN');
  }

  /** Sends one message. Throws SendFault when nobody could be served; else tells for each recipient. */
  async send(envelope: QueueEnvelope, recipients: readonly QueueRecipient[], body: Buffer): Promise<SentMessage> {
    const to = recipients.map(({ address }) => address);
    const info = await new Promise<SendInfo>((resolve, reject) => {
      const fail = (error: ClientError): void => reject(error);
      this.#connection.once('error', fail);
      this.#connection.send(
        {
          from: envelope.from === '' ? false : envelope.from,
          to,
          size: body.length,
          use8BitMime: envelope.body !== '7BIT',
          ...dsnOf(envelope, recipients),
        } as SMTPConnection.Envelope,
        body,
        (error, result) => {
          this.#connection.removeListener('error', fail);
          if (error !== null && error !== undefined) reject(error);
          else resolve(result as SendInfo);
        },
      );
    }).catch((error: unknown) => {
      const rejected = (error as ClientError).rejectedErrors ?? [];
      // All recipients refused: that is an answer for each of them.
      if (rejected.length > 0) return { rejectedErrors: rejected } satisfies SendInfo;
      throw asFault(error, false);
    });
    const refusals = new Map((info.rejectedErrors ?? []).map((error) => [error.recipient ?? '', error]));
    const text = 'response' in info ? (info.response ?? '') : '';
    const replies = to.map((address): RecipientReply => {
      const refusal = refusals.get(address);
      if (refusal === undefined) return { address, ok: true, code: 250, text };
      return { address, ok: false, code: refusal.responseCode ?? 0, text: refusal.response ?? refusal.message };
    });
    return { replies, text };
  }

  /** Ready for another message on the same connection. */
  async reset(): Promise<boolean> {
    if (!this.usable) return false;
    return new Promise((resolve) => this.#connection.reset((error) => resolve((error ?? null) === null && this.usable)));
  }

  quit(): void {
    if (this.usable) this.#connection.quit();
    else this.#connection.close();
  }

  #step(start: (done: (error?: Error | null) => void) => void, beforeMessage: boolean): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => {
        this.#connection.close();
        reject(asFault(error, beforeMessage));
      };
      this.#connection.once('error', fail);
      start((error) => {
        this.#connection.removeListener('error', fail);
        if (error !== null && error !== undefined) fail(error);
        else resolve();
      });
    });
  }
}

function asFault(error: unknown, beforeMessage: boolean): SendFault {
  const { message, responseCode, response, code } = error as ClientError;
  return new SendFault(response ?? message, { code: responseCode ?? 0, beforeMessage, tlsFailed: code === 'ETLS', cause: error });
}

function dsnOf(envelope: QueueEnvelope, recipients: readonly QueueRecipient[]): object {
  const [first] = recipients;
  const { returnContent, envelopeId } = envelope;
  const notify = first?.notify;
  if (notify === undefined && returnContent === undefined && envelopeId === undefined) return {};
  return {
    dsn: {
      ...(returnContent === undefined ? {} : { ret: returnContent }),
      ...(envelopeId === undefined ? {} : { envid: envelopeId }),
      ...(notify === undefined ? {} : { notify: notify === 'NEVER' ? 'NEVER' : notify.join(',') }),
      ...(recipients.length === 1 && first?.originalRecipient !== undefined ? { orcpt: first.originalRecipient } : {}),
    },
  };
}
