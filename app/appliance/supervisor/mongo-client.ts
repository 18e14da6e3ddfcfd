/**
 * A connection to a mongod on loopback that runs one command at a time: for probing, the first users, and the shutdown. Not a driver.
 * Source: the MongoDB wire protocol's OP_MSG, one body section, no flags.
 */
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { decodeBson, encodeBson, type BsonDocument } from './wire/bson.ts';
import { checkServerSignature, scramFinal, scramFirst } from './wire/scram.ts';

/** mongod answered, with an error. */
export class MongoCommandError extends Error {
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.name = 'MongoCommandError';
    this.code = code;
  }
}

/** The codes that decide something here. */
export const mongoCodes = { unauthorized: 13, authenticationFailed: 18, shutdownInProgress: 91, userExists: 51003 } as const;

const OP_MSG = 2013;
const HEADER_BYTES = 16;
const MAX_REPLY_BYTES = 16 << 20;

type Waiter = { readonly resolve: (reply: BsonDocument) => void; readonly reject: (error: Error) => void };

export class MongoConnection {
  readonly #socket: net.Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiter: Waiter | undefined;
  #requestId = 0;
  #dead: Error | undefined;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#die(error));
    socket.on('close', () => this.#die(new Error('mongod closed the connection')));
  }

  static async open(port: number, timeoutMs: number, host = '127.0.0.1'): Promise<MongoConnection> {
    const socket = net.connect({ port, host });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.off('error', reject);
        resolve();
      });
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
    });
    return new MongoConnection(socket);
  }

  /** Runs a command. Throws MongoCommandError when mongod says no, another Error when it does not answer. */
  async command(database: string, command: BsonDocument, timeoutMs: number): Promise<BsonDocument> {
    if (this.#dead !== undefined) throw this.#dead;
    if (this.#waiter !== undefined) throw new Error('one command at a time');
    const body = encodeBson({ ...command, $db: database });
    const head = Buffer.alloc(HEADER_BYTES + 5);
    head.writeInt32LE(head.length + body.length, 0);
    this.#requestId += 1;
    head.writeInt32LE(this.#requestId, 4);
    head.writeInt32LE(OP_MSG, 12);
    const reply = await new Promise<BsonDocument>((resolve, reject) => {
      const timer = setTimeout(() => this.#socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      const settle = (): void => clearTimeout(timer);
      this.#waiter = {
        resolve: (document) => {
          settle();
          resolve(document);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      this.#socket.write(Buffer.concat([head, body]));
    });
    if (reply['ok'] === 1) return reply;
    const { errmsg, code } = reply;
    throw new MongoCommandError(typeof errmsg === 'string' ? errmsg : 'refused', typeof code === 'number' ? code : 0);
  }

  /** SCRAM-SHA-256 against the admin database. */
  async login(user: string, password: string, timeoutMs: number): Promise<void> {
    const first = scramFirst(user, randomBytes(24).toString('base64'));
    const start = {
      saslStart: 1,
      mechanism: 'SCRAM-SHA-256',
      payload: Buffer.from(first.message),
      options: { skipEmptyExchange: true },
    };
    const answer = await this.command('admin', start, timeoutMs);
    const final = scramFinal(first, payloadOf(answer), password);
    const proof = { saslContinue: 1, conversationId: answer['conversationId'] ?? 1, payload: Buffer.from(final.message) };
    checkServerSignature(final, payloadOf(await this.command('admin', proof, timeoutMs)));
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (this.#received.length < HEADER_BYTES) return;
    const length = this.#received.readInt32LE(0);
    if (length > MAX_REPLY_BYTES || length < HEADER_BYTES + 5) {
      this.#socket.destroy(new Error('not a mongod'));
      return;
    }
    if (this.#received.length < length) return;
    const message = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    const waiter = this.#waiter;
    this.#waiter = undefined;
    try {
      waiter?.resolve(decodeBson(message.subarray(HEADER_BYTES + 5)));
    } catch (error) {
      waiter?.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #die(error: Error): void {
    this.#dead ??= error;
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }
}

function payloadOf(reply: BsonDocument): string {
  const { payload } = reply;
  return payload instanceof Uint8Array ? Buffer.from(payload).toString('utf8') : '';
}
