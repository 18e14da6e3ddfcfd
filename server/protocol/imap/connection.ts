/**
 * One client connection: bytes in, commands one after the other, replies out. It owns the reader, the output and the session, and all the waiting: literals,
 * SASL answers, IDLE, back pressure, TLS and compression, timeouts, the end.
 *
 * Invariants: one thing runs at a time (`#working`); while it runs, at most `maxPipelinedBytes` more are read from the socket; nothing more is read from a
 * client that does not take its replies. An idle connection holds no timer and no buffer.
 */
import type { Readable } from 'node:stream';
import type { Connection } from '../../base/connection.ts';
import { Fault } from '../../base/fault.ts';
import type { Logger } from '../../base/log.ts';
import { type ConnectionHooks, ImapClientControl } from './client-control.ts';
import type { CommandContext } from './command.ts';
import { type CompressedStream, EMPTY_LAST_BLOCK, compressStream } from './compression.ts';
import { dispatch } from './dispatcher.ts';
import { LoginGuard } from './login-guard.ts';
import { NewsTeller } from './news-teller.ts';
import { ImapOutput } from './output.ts';
import { Progress } from './progress.ts';
import { capabilitiesOf } from './registry.ts';
import type { ImapServer } from './server.ts';
import { Session } from './session.ts';
import type { Expiring } from './timeouts.ts';
import { tellNews } from './news.ts';
import type { RawCommand } from './wire/raw-command.ts';
import { answerFault, limitsAfterLogin, limitsBeforeLogin } from './reader-limits.ts';
import { ImapReader, type LiteralRequest, type ReaderFault } from './wire/reader.ts';

type Upgrade = 'tls' | 'deflate' | 'plain';

/** Lines that a client may send while IDLE: DONE and nothing else. */
const IDLE_LINE_BYTES = 512;

export class ImapConnection implements ConnectionHooks, Expiring {
  readonly session = new Session();
  readonly out: ImapOutput;
  /** For the shared timeouts. */
  deadlineMs: number;
  readonly #server: ImapServer;
  readonly #connection: Connection;
  readonly #reader: ImapReader;
  readonly #context: CommandContext;
  readonly #login: LoginGuard;
  readonly #news: NewsTeller;
  #progress: Progress | undefined;
  /** Where plain bytes come from: the socket, or what inflates it. */
  #source: Readable;
  #compressed: CompressedStream | undefined;
  #working = false;
  /** Who waits for a line: AUTHENTICATE or IDLE. */
  #lineWaiter: ((line: Buffer | undefined) => void) | undefined;
  #idling = false;
  #upgrade: Upgrade | undefined;
  #paused = false;
  #ending = false;
  /** The BYE that follows the command in work. */
  #endAfter: string | undefined;
  #inFlightBytes = 0;
  #badInARow = 0;
  #stalled = false;

  constructor(server: ImapServer, connection: Connection) {
    this.#server = server;
    this.#connection = connection;
    this.#source = connection.socket;
    this.out = new ImapOutput(connection.socket, this, server.settings.flushBytes);
    this.#reader = new ImapReader(limitsBeforeLogin(server.settings));
    this.deadlineMs = Date.now() + server.settings.preAuthTimeoutMs;
    this.#login = new LoginGuard(server, this);
    this.#news = new NewsTeller({
      listens: () => !this.#ending && (this.#idling || this.session.notifier !== undefined),
      busy: () => this.#working && !this.#idling,
      tell: () => this.#tellNews(),
    });
    const control = new ImapClientControl(connection, server.settings, this.#login, this);
    this.#context = {
      session: this.session,
      ops: server.ops,
      out: this.out,
      client: control,
      settings: server.settings,
      get log() {
        return control.log;
      },
      progress: (tag, done, total) => (this.#progress ??= new Progress(this.out)).report(tag, done, total),
      capabilities: () => capabilitiesOf(control.capabilityFacts(this.session)),
      tellUpdates: (what) => tellNews(this.#context, { ...what, refresh: true }),
    };
  }

  /** Made anew for each use: an idle connection keeps none. */
  get log(): Logger {
    return this.#server.log.with({ connection: this.#connection.id, ip: this.#connection.remoteAddress });
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
    this.#login.release();
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
    this.#news.afterCommand();
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
    if (this.session.state === 'not-authenticated' && !this.#login.countCommand()) {
      this.#bye('Too many commands before login');
      return;
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
    if (box !== undefined) box.onChange = this.#news.wake;
    this.#badInARow = done.status === 'BAD' ? this.#badInARow + 1 : 0;
    if (this.session.state === 'logout') this.#finish();
    else if (this.#endAfter !== undefined) this.#bye(this.#endAfter);
    else if (this.#badInARow > settings.maxBadCommands) this.#bye('Too many invalid commands');
    else if (this.#upgrade === 'tls') await this.#startTlsNow();
    else if (this.#upgrade === 'deflate') await this.#startDeflateNow();
    else if (this.#upgrade === 'plain') await this.#endDeflateNow();
    else if (this.out.isFull || this.#reader.bufferedBytes === 0) await this.out.drain();
  }

  #stateChanged(before: string): void {
    const { settings } = this.#server;
    if (this.session.state === 'not-authenticated') {
      this.#reader.limits = limitsBeforeLogin(settings);
      this.deadlineMs = Date.now() + settings.preAuthTimeoutMs;
    } else if (before === 'not-authenticated') {
      this.#reader.limits = limitsAfterLogin(settings);
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
    answerFault(this.out, fault, this.session.state !== 'not-authenticated');
    if (fault.fatal) {
      this.#bye(fault.text);
      return;
    }
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
    // News from here on is told as it comes.
    if (this.session.boxOrNone?.hasUpdates === true) this.#news.wake();
    const line = await this.#nextLine(IDLE_LINE_BYTES);
    this.#idling = false;
    await this.#news.quiet();
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

  // ── News ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  wake(): void {
    this.#news.wake();
  }

  async #tellNews(): Promise<void> {
    const between = !this.#working;
    // Between commands (NOTIFY): what the client sends meanwhile waits, as behind a command.
    if (between) this.#working = true;
    try {
      await tellNews(this.#context, { allowExpunge: true, refresh: false, unasked: between });
      await this.out.drain();
    } catch (error) {
      this.#newsFailed(error);
    }
    if (between) this.#readCommands().then(this.#worked, this.#failed);
  }

  readonly #newsFailed = (error: unknown): void => {
    this.log.debug('updates are not available', { error });
    if (error instanceof Fault && error.kind === 'connection') this.end(error.message);
  };

  // ── What commands ask for ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  get compressed(): boolean {
    return this.#compressed !== undefined;
  }

  upgrade(to: Upgrade): void {
    this.#upgrade = to;
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
    const { socket } = this.#connection;
    socket.off('data', this.#receive);
    const compressed = compressStream(socket, this.#reader.takePending(), (error) => {
      this.log.info('compressed stream is broken', { error: error.message });
      this.#connection.destroy();
    });
    compressed.source.on('data', this.#receive);
    this.#source = compressed.source;
    this.#compressed = compressed;
    this.out.stream = compressed.sink;
  }

  /** RFC 8437 §3: both sides speak plainly again; the client does after its command, so what it compressed behind that is an error. */
  async #endDeflateNow(): Promise<void> {
    this.#upgrade = undefined;
    const compressed = this.#compressed;
    const { socket } = this.#connection;
    if (compressed === undefined) return;
    this.out.flush();
    compressed.source.off('data', this.#receive);
    await compressed.finish();
    this.#compressed = undefined;
    this.#source = socket;
    this.#paused = false;
    this.out.stream = socket;
    if (this.#reader.discardPending() > 0) {
      this.log.warn('compressed bytes after UNAUTHENTICATE');
      this.#connection.destroy();
      return;
    }
    // The client may end its side by an empty last block or by just stopping.
    socket.once('data', (bytes: Buffer) => {
      const ended = bytes.subarray(0, EMPTY_LAST_BLOCK.length).equals(EMPTY_LAST_BLOCK);
      socket.on('data', this.#receive);
      const rest = ended ? bytes.subarray(EMPTY_LAST_BLOCK.length) : bytes;
      if (rest.length > 0) this.#receive(rest);
    });
    socket.resume();
  }
}
