/**
 * Mail on its way while things break: several LMTP connections deliver messages, reconnect whenever they must, and note what was answered. Every attempt carries a Message-ID of its own, so what
 * was acknowledged can be looked for afterwards, and an attempt that ended without an answer is nobody's promise.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionLost } from '../harness/probe/imap-probe.ts';
import { LmtpProbe } from '../harness/probe/lmtp-probe.ts';

export type DeliveryPlan = {
  /** Attempts are repeated, each with a new Message-ID, until so many have been acknowledged. */
  readonly acknowledged: number;
  readonly connections: number;
  readonly recipients: readonly string[];
  /** The LMTP ports to use; a connection that is lost goes to the next. */
  readonly ports: readonly number[];
  /** All together; then it fails. */
  readonly timeoutMs: number;
};

export type DeliveryRecord = {
  /** Message-IDs with a 250, by recipient. */
  readonly acknowledged: Map<string, string[]>;
  /** Answered with 4xx: code and text of each. */
  readonly refused: string[];
  /** Attempts whose connection ended before the answer, and connections that could not be made. */
  lost: number;
  /** Longest time between two acknowledgements (ms), and all of them in order (ms since the start). */
  longestGapMs: number;
  readonly ackTimes: number[];
};

export class Deliveries {
  readonly record: DeliveryRecord = { acknowledged: new Map(), refused: [], lost: 0, longestGapMs: 0, ackTimes: [] };
  readonly done: Promise<DeliveryRecord>;
  readonly #plan: DeliveryPlan;
  readonly #startedAt = performance.now();
  readonly #waiters: { readonly count: number; readonly resolve: () => void }[] = [];
  #acknowledged = 0;
  #started = 0;
  #stopped = false;
  #attempt = 0;

  constructor(plan: DeliveryPlan) {
    this.#plan = plan;
    for (const recipient of plan.recipients) this.record.acknowledged.set(recipient, []);
    this.done = this.#runAll();
  }

  /** Resolves when so many are acknowledged; rejects when the whole plan fails before. */
  reached(count: number): Promise<void> {
    if (this.#acknowledged >= count) return Promise.resolve();
    const reached = new Promise<void>((resolve) => this.#waiters.push({ count, resolve }));
    return Promise.race([reached, this.done.then(() => {})]);
  }

  get acknowledgedCount(): number {
    return this.#acknowledged;
  }

  async #runAll(): Promise<DeliveryRecord> {
    const timer = setTimeout(() => {
      this.#stopped = true;
    }, this.#plan.timeoutMs);
    try {
      await Promise.all(Array.from({ length: this.#plan.connections }, (_, n) => this.#runOne(n)));
    } finally {
      clearTimeout(timer);
    }
    if (this.#acknowledged < this.#plan.acknowledged) {
      const { refused, lost } = this.record;
      throw new Error(
        `only ${this.#acknowledged} of ${this.#plan.acknowledged} deliveries were acknowledged within ${this.#plan.timeoutMs} ms; ${lost} lost, ${refused.length} refused: ${refused.slice(-3).join(' | ')}`,
      );
    }
    return this.record;
  }

  async #runOne(connection: number): Promise<void> {
    const { ports, recipients, acknowledged } = this.#plan;
    let probe: LmtpProbe | undefined;
    let turn = connection;
    while (!this.#stopped && this.#started < acknowledged) {
      this.#started += 1;
      const recipient = recipients[this.#attempt % recipients.length] ?? '';
      const id = `<${(this.#attempt += 1)}.${process.pid}@deliveries.example.test>`;
      try {
        probe ??= await LmtpProbe.connect(ports[turn % ports.length] ?? 0, { timeoutMs: 30_000 });
        const [reply] = await probe.deliver(messageOf(id, this.#attempt), [recipient]);
        if (reply?.code === 250) this.#noteAck(recipient, id);
        else {
          this.#started -= 1;
          this.record.refused.push(`${reply?.code} ${reply?.text}`);
          if (reply === undefined || reply.code < 400 || reply.code >= 500)
            throw new Error(`unexpected reply: ${reply?.code} ${reply?.text}`);
          await sleep(50);
        }
      } catch (error) {
        if (!(error instanceof ConnectionLost) && (error as NodeJS.ErrnoException).code === undefined) throw error;
        this.#started -= 1;
        this.record.lost += 1;
        probe?.close();
        probe = undefined;
        turn += 1;
        await sleep(30);
      }
    }
    probe?.close();
  }

  #noteAck(recipient: string, id: string): void {
    this.record.acknowledged.get(recipient)?.push(id);
    this.#acknowledged += 1;
    const now = performance.now() - this.#startedAt;
    this.record.longestGapMs = Math.max(this.record.longestGapMs, now - (this.record.ackTimes.at(-1) ?? now));
    this.record.ackTimes.push(now);
    for (const waiter of this.#waiters) if (this.#acknowledged >= waiter.count) waiter.resolve();
  }
}

/** Mostly small; every tenth carries an attachment big enough for a blob. */
function messageOf(id: string, n: number): Buffer {
  const header = `From: a@example.test\r\nTo: b@example.test\r\nSubject: delivery ${n}\r\nMessage-ID: ${id}\r\nMIME-Version: 1.0\r\n`;
  if (n % 10 !== 0) return Buffer.from(`${header}\r\nThis is delivery ${n}.\r\n`);
  const attachment = Buffer.alloc(60_000, `attachment of ${n} `).toString('base64').replace(/.{76}/g, '$&\r\n');
  return Buffer.from(
    `${header}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nThis is delivery ${n}.\r\n` +
      `--b\r\nContent-Type: application/pdf; name=x.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${attachment}\r\n--b--\r\n`,
  );
}
