/**
 * One client connection: bytes in, commands one after the other, replies out. It owns the reader, the output and the session, and all the waiting: literals,
 * SASL answers, IDLE, back pressure, TLS and compression, timeouts, the end.
 *
 * Invariants: one thing runs at a time (`#working`); while it runs, at most `maxPipelinedBytes` more are read from the socket; nothing more is read from a
 * client that does not take its replies. An idle connection holds no promise, no timer and no buffer.
 */
import type { Readable } from 'node:stream';
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';
import { type Connection, isLoopback } from '../../base/connection.ts';
import { Fault } from '../../base/fault.ts';
import type { Logger } from '../../base/log.ts';
import type { UserId } from '../../mail/ids.ts';
import { saslMechanisms } from '../sasl.ts';
import type { CapabilityFacts, ClientControl, CommandContext } from './command.ts';
import { dispatch } from './dispatcher.ts';
import { ImapOutput } from './output.ts';
import { capabilitiesOf } from './registry.ts';
import type { ImapServer } from './server.ts';
import { Session } from './session.ts';
import type { Expiring } from './timeouts.ts';
import { tellNews } from './news.ts';
import type { RawCommand } from './wire/raw-command.ts';
import {
  ImapReader,
  type LiteralRequest,
  type ReaderFault,
  AUTHENTICATED_LIMITS,
  UNAUTHENTICATED_LIMITS,
} from './wire/reader.ts';

/** Lines that a client may send while IDLE: DONE and nothing else. */
const IDLE_LINE_BYTES = 512;
const PROGRESS_EVERY_MS = 10_000;

export class ImapConnection implements ClientControl, Expiring {
  readonly session = new Session();
  readonly out: ImapOutput;
  readonly log: Logger;
  clientName: string | undefined;
  /** For the shared timeouts. */
  deadlineMs: number;
  readonly #server: ImapServer;
  readonly #connection: Connection;
  readonly #reader: ImapReader;
  readonly #context: CommandContext;
  /** Where plain bytes come from: the socket, or what inflates it. */
  #source: Readable;
  #compressed = false;
  #working = false;
  /** News came while other news was being told. */
  #newsWaiting = false;
  #newsScheduled = false;
  /** Who waits for a line: AUTHENTICATE or IDLE. */
  #lineWaiter: ((line: Buffer | undefined) => void) | undefined;
  #idling = false;
  #upgrade: 'tls' | 'deflate' | undefined;
  #paused = false;
  #ending = false;
  /** The BYE that follows the command in work. */
  #endAfter: string | undefined;
  #inFlightBytes = 0;
  #commandsBeforeLogin = 0;
  #badInARow = 0;
  #failedLogins = 0;
  #claimedUser: UserId | undefined;
  #stalled = false;
  #progressOf: string | undefined;
  #progressAtMs = 0;

  constructor(server: ImapServer, connection: Connection) {
    this.#server = server;
    this.#connection = connection;
    this.#source = connection.socket;
    this.log = server.log.with({ connection: connection.id, ip: connection.remoteAddress });
    this.out = new ImapOutput(connection.socket, this, server.settings.flushBytes);
    this.#reader = new ImapReader({
      ...UNAUTHENTICATED_LIMITS,
      lineBytes: Math.min(UNAUTHENTICATED_LIMITS.lineBytes, server.settings.maxLineBytes),
    });
    this.deadlineMs = Date.now() + server.settings.preAuthTimeoutMs;
    this.#context = {
      session: this.session,
      ops: server.ops,
      out: this.out,
      client: this,
      settings: server.settings,
      log: this.log,
      progress: (tag, done, total) => this.#progress(tag, done, total),
      capabilities: () => capabilitiesOf(this.#capabilityFacts()),
      tellUpdates: (allowExpunge, uid) => tellNews(this.#context, { allowExpunge, refresh: true, uid }),
    };
  }

  // ── Life ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  start(): void {
    this.#attach();
    this.#connection.onDrain(() => this.end('Server is shutting down'));
    this.out.untaggedStatus(
      'OK',
      `${this.#server.settings.hostname} Mallard ready`,
      `CAPABILITY ${this.#context.capabilities()}`,
    );
    this.out.flush();
  }

  /** Says BYE and closes: at once between commands and in IDLE, else after the command in work. */
  end(reason: string, code?: string): void {
    if (this.#ending) return;
    if (this.#working && this.#lineWaiter === undefined) {
      this.#endAfter ??= reason;
      return;
    }
    this.#ending = true;
    this.out.untaggedStatus('BYE', reason, code);
    this.#close();
  }

  /** The shared timer found the deadline passed. */
  expire(): void {
    if (this.#stalled || this.#ending) {
      this.#connection.destroy();
      return;
    }
    if (this.#working && this.#lineWaiter === undefined) {
      this.#touch();
      return;
    }
    this.end('Idle for too long');
    // The goodbye gets a moment; then the socket goes.
    this.deadlineMs = Date.now() + 1_000;
  }

  stalled(): void {
    this.#stalled = true;
    this.deadlineMs = Date.now() + this.#server.settings.stallTimeoutMs;
  }

  flowing(): void {
    this.#stalled = false;
    this.#touch();
  }

  #close(): void {
    this.out.end();
    this.deadlineMs = Date.now() + 5_000;
    this.#releaseLine(undefined);
  }

  #attach(): void {
    this.#source = this.#connection.socket;
    this.#source.on('data', this.#receive);
    this.#connection.socket.on('close', this.#onClose);
    this.#server.timeouts.add(this);
  }

  readonly #onClose = (): void => {
    this.#ending = true;
    this.#server.timeouts.delete(this);
    this.#server.forget(this);
    this.releaseUser();
    this.session.logout();
    this.#server.releaseBytes(this.#inFlightBytes);
    this.#inFlightBytes = 0;
    this.#releaseLine(undefined);
  };

  #touch(): void {
    const { settings } = this.#server;
    const timeout = this.session.state === 'not-authenticated' ? settings.preAuthTimeoutMs : settings.idleTimeoutMs;
    // Before login the clock does not start anew with every byte: slow logins must not hold a place for ever.
    if (this.session.state !== 'not-authenticated') this.deadlineMs = Date.now() + timeout;
  }

  // ── Bytes in ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  readonly #receive = (bytes: Buffer): void => {
    if (this.#ending) return;
    this.#touch();
    this.#reader.push(bytes);
    if (this.#lineWaiter !== undefined) {
      this.#readWaitedLine();
      return;
    }
    if (this.#working) {
      if (this.#reader.bufferedBytes > this.#server.settings.maxPipelinedBytes) this.#pause();
      return;
    }
    this.#work();
  };

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#source.pause();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#source.resume();
  }

  /** Runs one thing; whatever came meanwhile follows. A failure here is ours or the connection's: the client gets a BYE. */
  #work(): void {
    this.#working = true;
    this.#readCommands().then(this.#worked, this.#failed);
  }

  readonly #worked = (): void => {
    this.#working = false;
    if (this.#ending) return;
    if (this.#endAfter !== undefined) {
      this.end(this.#endAfter);
      return;
    }
    this.#resume();
    if (this.#newsWaiting) {
      this.#newsWaiting = false;
      this.#onNews();
    }
  };

  readonly #failed = (error: unknown): void => {
    this.#working = false;
    if (this.#ending) return;
    const expected = error instanceof Fault && error.kind === 'connection';
    if (!expected) this.log.error('connection failed', { error });
    this.end(expected ? error.message : 'Internal error');
  };

  async #readCommands(): Promise<void> {
    for (;;) {
      if (this.#ending) return;
      const event = this.#reader.next();
      switch (event.kind) {
        case 'more': {
          const draining = this.out.drain();
          if (draining === undefined) return;
          // Bytes that come while waiting do not start anything: look again.
          await draining;
          break;
        }
        case 'command':
          await this.#run(event.command);
          break;
        case 'literal':
          await this.#answerLiteral(event);
          break;
        case 'fault':
          this.#answerFault(event);
          break;
        case 'line':
          break;
      }
    }
  }

  async #run(raw: RawCommand): Promise<void> {
    const { settings } = this.#server;
    if (this.session.state === 'not-authenticated') {
      this.#commandsBeforeLogin += 1;
      if (this.#commandsBeforeLogin > settings.maxCommandsBeforeLogin) {
        this.#bye('Too many commands before login');
        return;
      }
    }
    const before = this.session.state;
    const done = await dispatch(this.#context, raw);
    this.#server.count(done);
    if (this.#inFlightBytes > 0) {
      this.#server.releaseBytes(this.#inFlightBytes);
      this.#inFlightBytes = 0;
    }
    if (before !== this.session.state) this.#stateChanged(before);
    // Also when one mailbox took another's place.
    const box = this.session.boxOrNone;
    if (box !== undefined) box.onChange = this.#onNews;
    this.#badInARow = done.status === 'BAD' ? this.#badInARow + 1 : 0;
    if (this.session.state === 'logout') this.#finish();
    else if (this.#endAfter !== undefined) this.#bye(this.#endAfter);
    else if (this.#badInARow > settings.maxBadCommands) this.#bye('Too many invalid commands');
    else if (this.#upgrade === 'tls') await this.#startTlsNow();
    else if (this.#upgrade === 'deflate') await this.#startDeflateNow();
    else if (this.out.isFull || this.#reader.bufferedBytes === 0) await this.out.drain();
  }

  #stateChanged(before: string): void {
    const { settings } = this.#server;
    if (this.session.state === 'not-authenticated') {
      this.#reader.limits = UNAUTHENTICATED_LIMITS;
      return;
    }
    if (before === 'not-authenticated') {
      this.#reader.limits = {
        ...AUTHENTICATED_LIMITS,
        lineBytes: Math.max(8192, settings.maxLineBytes),
        messageBytes: settings.maxMessageBytes,
        messageTotalBytes: settings.maxMessageBytes * 2,
        skipBytes: settings.maxMessageBytes,
      };
      this.#commandsBeforeLogin = 0;
      this.#touch();
    }
  }

  #finish(): void {
    this.#ending = true;
    this.#close();
  }

  /** BYE between commands. */
  #bye(text: string): void {
    this.out.untaggedStatus('BYE', text);
    this.session.logout();
    this.#finish();
  }

  async #answerLiteral(request: LiteralRequest): Promise<void> {
    const refusal = request.message ? await this.#server.literalRefusal(this.#context, request) : undefined;
    if (refusal !== undefined) {
      // RFC 7888 §4: a tagged NO instead of the continuation; the client then does not send the literal.
      const goesOn = this.#reader.refuse();
      this.out.tagged(request.command.tag, refusal.status, refusal.text, refusal.code);
      if (!goesOn) this.#bye('Literal too big');
      await this.out.drain();
      return;
    }
    if (request.message) this.#inFlightBytes += request.sizeBytes;
    this.#reader.accept();
    if (request.sync) this.out.continuation('OK');
    this.out.flush();
  }

  #answerFault(fault: ReaderFault): void {
    // RFC 7889 §3.1, RFC 4469: a message beyond APPENDLIMIT is NO [TOOBIG].
    const tooBig =
      fault.reason === 'literal-too-big' && (fault.name === 'APPEND' || fault.name === 'REPLACE' || fault.name === 'UID REPLACE');
    if (fault.fatal) {
      if (fault.tag !== undefined) this.out.tagged(fault.tag, tooBig ? 'NO' : 'BAD', fault.text, tooBig ? 'TOOBIG' : undefined);
      this.#bye(fault.text);
      return;
    }
    this.out.tagged(fault.tag, tooBig ? 'NO' : 'BAD', fault.text, tooBig ? 'TOOBIG' : undefined);
    this.#badInARow += 1;
    if (this.#badInARow > this.#server.settings.maxBadCommands) this.#bye('Too many invalid commands');
  }

  // ── Lines that are no commands ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  async ask(text: string, maxBytes: number): Promise<Buffer | undefined> {
    this.out.continuation(text);
    this.out.flush();
    return this.#nextLine(maxBytes);
  }

  async idle(): Promise<'done' | 'bad' | 'closed'> {
    this.out.continuation('idling');
    // The view may have moved since the last command told its updates.
    await tellNews(this.#context, { allowExpunge: true, refresh: true }).catch(this.#newsFailed);
    await this.out.drain();
    this.#idling = true;
    // News from here on is told by `#onNews`.
    if (this.session.boxOrNone?.hasUpdates === true) this.#onNews();
    const line = await this.#nextLine(IDLE_LINE_BYTES);
    this.#idling = false;
    while (this.#telling) await this.#tellingDone;
    if (line === undefined) return 'closed';
    return line.toString('latin1').trim().toUpperCase() === 'DONE' ? 'done' : 'bad';
  }

  #nextLine(maxBytes: number): Promise<Buffer | undefined> {
    if (this.#ending) return Promise.resolve(undefined);
    this.#reader.expectLine(maxBytes);
    const line = new Promise<Buffer | undefined>((resolve) => {
      this.#lineWaiter = resolve;
    });
    this.#resume();
    this.#readWaitedLine();
    return line;
  }

  #readWaitedLine(): void {
    const event = this.#reader.next();
    if (event.kind === 'line') this.#releaseLine(event.line);
    else if (event.kind === 'fault') this.#releaseLine(Buffer.from('\u0000'));
  }

  #releaseLine(line: Buffer | undefined): void {
    const waiter = this.#lineWaiter;
    this.#lineWaiter = undefined;
    waiter?.(line);
  }

  // ── News while IDLE ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #telling = false;
  #tellingDone: Promise<void> = Promise.resolve();

  wake(): void {
    this.#onNews();
  }

  readonly #onNews = (): void => {
    if (this.#ending || this.#newsScheduled) return;
    const listens = this.#idling || this.session.notifier !== undefined;
    if (!listens) return;
    if (this.#telling || (this.#working && !this.#idling)) {
      this.#newsWaiting = true;
      return;
    }
    // One write for all that one entry (or several in a row) brings.
    this.#newsScheduled = true;
    setImmediate(this.#tellNews);
  };

  readonly #tellNews = (): void => {
    this.#newsScheduled = false;
    if (this.#ending) return;
    if (this.#idling) {
      this.#telling = true;
      this.#newsWaiting = false;
      this.#tellingDone = this.#tell(false).then(() => {
        this.#telling = false;
        if (this.#newsWaiting) this.#onNews();
      });
    } else if (this.#working) {
      this.#newsWaiting = true;
    } else if (this.session.notifier !== undefined) {
      // Between commands (NOTIFY): what the client sends meanwhile waits, as behind a command.
      this.#working = true;
      this.#newsWaiting = false;
      this.#tell(true)
        .then(() => this.#readCommands())
        .then(this.#worked, this.#failed);
    }
  };

  async #tell(unasked: boolean): Promise<void> {
    try {
      await tellNews(this.#context, { allowExpunge: true, refresh: false, unasked });
      await this.out.drain();
    } catch (error) {
      this.#newsFailed(error);
    }
  }

  readonly #newsFailed = (error: unknown): void => {
    this.log.debug('updates are not available', { error });
    if (error instanceof Fault && error.kind === 'connection') this.end(error.message);
  };

  // ── What commands ask for ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  get id(): string {
    return this.#connection.id;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get secure(): boolean {
    return this.#connection.secure;
  }

  get loopback(): boolean {
    return isLoopback(this.#connection.remoteAddress);
  }

  get canStartTls(): boolean {
    return this.#connection.canStartTls;
  }

  get channelBindings(): ReadonlyMap<string, Buffer> {
    return this.#connection.channelBindings;
  }

  get mechanisms(): readonly string[] {
    return saslMechanisms(this.channelBindings, { login: true });
  }

  get compressed(): boolean {
    return this.#compressed;
  }

  get passwordAllowed(): boolean {
    const { allowPlaintext } = this.#server.settings;
    return this.secure || allowPlaintext === 'always' || (allowPlaintext === 'loopback' && this.loopback);
  }

  startTls(): void {
    this.#upgrade = 'tls';
  }

  startCompression(): void {
    this.#upgrade = 'deflate';
  }

  async failedLogin(): Promise<boolean> {
    this.#failedLogins += 1;
    const { failureDelayMs, maxFailuresPerConnection } = this.#server.settings;
    await new Promise<void>((resolve) => setTimeout(resolve, failureDelayMs).unref());
    return this.#failedLogins >= maxFailuresPerConnection;
  }

  claimUser(user: UserId): boolean {
    if (!this.#server.claimUser(user, this)) return false;
    this.#claimedUser = user;
    return true;
  }

  releaseUser(): void {
    if (this.#claimedUser !== undefined) this.#server.releaseUser(this.#claimedUser, this);
    this.#claimedUser = undefined;
  }

  /** RFC 9585: nothing for quick commands; the first word after some seconds. */
  #progress(tag: string, done: number, total: number): void {
    const now = Date.now();
    if (this.#progressOf !== tag) {
      this.#progressOf = tag;
      this.#progressAtMs = now;
    }
    if (now - this.#progressAtMs < PROGRESS_EVERY_MS) return;
    this.#progressAtMs = now;
    this.out.untaggedStatus('OK', 'Still at it', `INPROGRESS ("${tag}" ${done} ${total})`);
    this.out.flush();
  }

  #capabilityFacts(): CapabilityFacts {
    return {
      state: this.session.state,
      secure: this.secure,
      canStartTls: this.canStartTls,
      passwordAllowed: this.passwordAllowed,
      mechanisms: this.session.state === 'not-authenticated' ? this.mechanisms : [],
      compressed: this.compressed,
      maxMessageBytes: this.#server.settings.maxMessageBytes,
    };
  }

  async #startTlsNow(): Promise<void> {
    this.#upgrade = undefined;
    const plain = this.#connection.socket;
    plain.off('data', this.#receive);
    plain.off('close', this.#onClose);
    this.out.flush();
    // RFC 9051 §6.2.1, CVE-2011-0411: what came in the clear after the command must not be taken for protected.
    const injected = this.#reader.discardPending();
    if (injected > 0) {
      this.log.warn('bytes after STARTTLS', { bytes: injected });
      this.#onClose();
      this.#connection.destroy();
      return;
    }
    try {
      await this.#connection.startTls();
    } catch (error) {
      this.log.info('TLS handshake failed', { error: error instanceof Error ? error.message : String(error) });
      this.#onClose();
      return;
    }
    this.out.stream = this.#connection.socket;
    this.#attach();
    this.#connection.socket.resume();
  }

  async #startDeflateNow(): Promise<void> {
    this.#upgrade = undefined;
    await this.out.drain();
    const rest = this.#reader.takePending();
    const { socket } = this.#connection;
    // Every write is flushed to a byte boundary, so the client never waits for bytes that sit in the compressor (RFC 4978 §4).
    const deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
    const inflate = createInflateRaw({ flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH });
    const broken = (error: Error): void => {
      this.log.info('compressed stream is broken', { error: error.message });
      this.#connection.destroy();
    };
    inflate.on('error', broken);
    deflate.on('error', broken);
    socket.off('data', this.#receive);
    if (rest.length > 0) inflate.write(rest);
    socket.pipe(inflate);
    deflate.pipe(socket);
    socket.once('close', () => {
      inflate.destroy();
      deflate.destroy();
    });
    inflate.on('data', this.#receive);
    this.#source = inflate;
    this.#compressed = true;
    this.out.stream = deflate;
  }
}
