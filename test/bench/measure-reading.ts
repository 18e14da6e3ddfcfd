/** What clients read: first sync, resync, searches, POP3. */
import { connect } from 'node:net';
import { type Bed, login } from './measure.ts';
import { median, timed } from './statistics.ts';

const LIST = 'UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)';
const REPEATS = 5;

export async function measureFirstSync(bed: Bed): Promise<void> {
  const { mail, add } = bed;
  const fetchAll = async (command: string): Promise<{ ms: number; bytes: number }> => {
    const imap = await login(bed, { keepUntagged: false, keepLiterals: false });
    await imap.ok('EXAMINE INBOX');
    const before = imap.untaggedCount;
    const ms = await timed(() => imap.ok(command));
    const got = imap.untaggedCount - before;
    if (got < mail.count) throw new Error(`${command} answered ${got} of ${mail.count} messages`);
    imap.close();
    return { ms, bytes: imap.literalBytes };
  };
  const cold = await fetchAll(LIST);
  add('first sync, list, first time', (mail.count / cold.ms) * 1_000, 'msgs/s', 'more');
  const warm: number[] = [];
  for (let n = 0; n < 3; n += 1) warm.push((await fetchAll(LIST)).ms);
  add('first sync, list, again', (mail.count / median(warm)) * 1_000, 'msgs/s', 'more');
  const headers: number[] = [];
  for (let n = 0; n < 3; n += 1) headers.push((await fetchAll('UID FETCH 1:* (UID BODY.PEEK[HEADER])')).ms);
  add('first sync, all headers', (mail.count / median(headers)) * 1_000, 'msgs/s', 'more');
  const bodies = [await fetchAll('UID FETCH 1:* (UID BODY.PEEK[])'), await fetchAll('UID FETCH 1:* (UID BODY.PEEK[])')];
  const best = bodies.reduce((a, b) => (a.ms < b.ms ? a : b));
  add('bodies', best.bytes / 1_000 / best.ms, 'MB/s', 'more');
}

/** A client that was away while ten messages changed: from connecting to knowing. */
export async function measureResync(bed: Bed): Promise<void> {
  const { mail, add } = bed;
  const other = await login(bed);
  await other.ok('SELECT INBOX');
  const times: number[] = [];
  for (let round = 0; round < REPEATS; round += 1) {
    const { untagged } = await other.ok('STATUS INBOX (HIGHESTMODSEQ)');
    const modseq = /HIGHESTMODSEQ (\d+)/.exec(untagged.map(({ text }) => text).join('\n'))?.[1] ?? '1';
    const some = Array.from({ length: 10 }, (_, n) => 1 + ((n * 97 + round * 31) % mail.count)).join(',');
    await other.ok(`STORE ${some} +FLAGS.SILENT (round${round})`);
    times.push(
      await timed(async () => {
        const imap = await login(bed);
        await imap.ok('SELECT INBOX (CONDSTORE)');
        const changed = await imap.ok(`UID FETCH 1:* (FLAGS) (CHANGEDSINCE ${modseq})`);
        if (changed.untagged.length < 1) throw new Error('nothing had changed');
        imap.close();
      }),
    );
  }
  other.close();
  add('resync after 10 changes', median(times), 'ms', 'less');
}

export async function measureSearch(bed: Bed): Promise<void> {
  const imap = await login(bed);
  await imap.ok('SELECT INBOX');
  for (const [name, keys] of [
    ['SUBJECT', 'SUBJECT invoices'],
    ['FROM', 'FROM fatima'],
    ['SINCE', 'SINCE 1-Mar-2026'],
    ['UNSEEN', 'UNSEEN'],
    ['TEXT', 'TEXT "garden repair"'],
    ['BODY', 'BODY "ponds rivers"'],
  ] as const) {
    const times: number[] = [];
    let found = 0;
    for (let n = 0; n < REPEATS; n += 1) {
      times.push(
        await timed(async () => {
          const { untagged } = await imap.ok(`UID SEARCH ${keys}`);
          found = untagged.flatMap(({ text }) => text.split(' ').slice(2)).length;
        }),
      );
    }
    bed.add(`SEARCH ${name} (${found} found)`, median(times), 'ms', 'less');
  }
  imap.close();
}

export async function measurePop3({ target, mail, user, add }: Bed): Promise<void> {
  if (target.pop3Port === 0) return;
  const count = Math.min(mail.count, 1_000);
  let bytes = 0;
  const ms = await timed(async () => {
    const pop3 = await Pop3Client.connect(target.pop3Port);
    await pop3.line(`USER ${user.username}`);
    await pop3.line(`PASS ${user.password}`);
    for (let n = 1; n <= count; n += 1) bytes += await pop3.multiline(`RETR ${n}`);
    await pop3.line('QUIT');
  });
  add('POP3 RETR', (count / ms) * 1_000, 'msgs/s', 'more');
  add('POP3 RETR', bytes / 1_000 / ms, 'MB/s', 'more');
}

/** One command after the other; multi-line answers are counted, not kept. */
class Pop3Client {
  readonly #socket;
  #tail: Buffer = Buffer.alloc(0);
  #bytes = 0;
  #multiline = false;
  #waiter: { resolve: (bytes: number) => void; reject: (error: Error) => void } | undefined;

  private constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (bytes: Buffer) => this.#take(bytes));
    this.#socket.on('error', (error) => this.#waiter?.reject(error));
    this.#socket.on('close', () => this.#waiter?.reject(new Error('the connection was closed')));
  }

  static async connect(port: number): Promise<Pop3Client> {
    const client = new Pop3Client(port);
    await client.#answer(false);
    return client;
  }

  line(command: string): Promise<number> {
    this.#socket.write(`${command}\r\n`);
    return this.#answer(false);
  }

  multiline(command: string): Promise<number> {
    this.#socket.write(`${command}\r\n`);
    return this.#answer(true);
  }

  #answer(multiline: boolean): Promise<number> {
    this.#multiline = multiline;
    this.#bytes = 0;
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  #take(bytes: Buffer): void {
    if (this.#bytes === 0 && bytes[0] !== 43) {
      this.#waiter?.reject(new Error(bytes.toString('latin1', 0, 200)));
      return;
    }
    this.#bytes += bytes.length;
    this.#tail = bytes.length >= 5 ? bytes.subarray(-5) : Buffer.concat([this.#tail, bytes]).subarray(-5);
    const end = this.#multiline ? '\r\n.\r\n' : '\r\n';
    if (this.#tail.toString('latin1').endsWith(end)) this.#waiter?.resolve(this.#bytes);
  }
}
