/**
 * A mail client that stays in IDLE and keeps a copy of one mailbox up to date, as clients do all day: told of something, it leaves IDLE, fetches what it does not know, and goes back. It never
 * reconnects: a session that ends is a failure of the server. Every response is checked by the session's model.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ImapProbe, type Reply } from './imap-probe.ts';
import { octets, parseFetch } from './imap-values.ts';
import { ModelSession, type Violation } from './session-model.ts';

export type SyncedMessage = { readonly uid: number; readonly id: string };

export class SyncClient {
  readonly session: ModelSession;
  /** Message-IDs by UID, in the order in which the server told them. */
  readonly synced: SyncedMessage[] = [];
  /** Temporary refusals (`NO [UNAVAILABLE]`) met on the way. */
  readonly refusals: string[] = [];
  readonly violations: Violation[];
  /** Called with each message when it becomes known. */
  onMessage: ((message: SyncedMessage) => void) | undefined;
  #wake: (() => void) | undefined;
  #stopping = false;
  #loop: Promise<void> = Promise.resolve();
  #highestUid = 0;
  #failure: unknown;

  private constructor(session: ModelSession, violations: Violation[]) {
    this.session = session;
    this.violations = violations;
    session.onApplied = () => this.#wake?.();
  }

  static async start(
    port: number,
    user: { readonly username: string; readonly password: string },
    options: { readonly name?: string; readonly mailbox?: string } = {},
  ): Promise<SyncClient> {
    const violations: Violation[] = [];
    const probe = await ImapProbe.login(port, user.username, user.password);
    const session = new ModelSession(probe, {
      name: options.name ?? 'client',
      onViolation: (violation) => violations.push(violation),
    });
    const client = new SyncClient(session, violations);
    await session.ok(`SELECT ${options.mailbox ?? 'INBOX'}`);
    client.#loop = client.#run();
    client.#loop.catch((error: unknown) => {
      client.#failure = error;
    });
    return client;
  }

  /** Waits until it knows so many messages. Rejects as soon as its session has failed. */
  async knows(count: number, timeoutMs = 15_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.synced.length < count) {
      if (this.#failure !== undefined) throw new Error(`${this.session.name} failed`, { cause: this.#failure });
      if (this.violations.length > 0) return; // the test shows it
      if (performance.now() > deadline) {
        throw new Error(
          `${this.session.name} knows ${this.synced.length} of ${count} messages; refusals: ${this.refusals.slice(-3).join(' | ')}`,
        );
      }
      await sleep(20);
    }
  }

  /** Ends the loop and logs out. Rejects with what the loop failed of. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    try {
      await this.#loop;
    } finally {
      this.session.probe.close();
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      await this.#fetchNew();
      const news = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      if (this.#stopping || this.#unknown()) continue;
      const done = await this.session.idle();
      // Something may have been told between the last reply and IDLE's continuation.
      if (!this.#unknown() && !this.#stopping)
        await Promise.race([news, new Promise<void>((resolve) => this.session.probe.onClose(resolve))]);
      await done();
    }
    await this.#fetchNew();
  }

  #unknown(): boolean {
    return this.session.messages.some((message) => message.uid === undefined);
  }

  async #fetchNew(): Promise<void> {
    while (this.#unknown()) {
      const first = this.session.messages.findIndex((message) => message.uid === undefined) + 1;
      const reply = await this.session.run(`FETCH ${first}:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])`);
      // A refusal tells of those messages that it could show.
      this.#learn(reply);
      if (reply.status === 'OK') continue;
      this.refusals.push(reply.text);
      await sleep(50);
      // FETCH must not tell of expunges: what it could not show may be gone, and this is how one hears of it.
      await this.session.run('NOOP');
    }
  }

  #learn(reply: Reply): void {
    for (const response of reply.untagged) {
      const fetched = parseFetch(response);
      const field = fetched?.items.get('BODY[HEADER.FIELDS (MESSAGE-ID)]');
      if (fetched === undefined || field === undefined) continue;
      const uid = Number(fetched.items.get('UID'));
      if (uid <= this.#highestUid) this.session.fail(`UID ${uid} was told after UID ${this.#highestUid}`);
      this.#highestUid = Math.max(uid, this.#highestUid);
      const message = {
        uid,
        id: octets(field)
          .toString('latin1')
          .replace(/^[^:]*:\s*|\s+$/g, ''),
      };
      this.synced.push(message);
      this.onMessage?.(message);
    }
  }
}
