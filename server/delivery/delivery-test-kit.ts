/** A mail store in memory with the parts of Operations that delivery, LMTP, SMTP and POP3 call, and a client that talks lines. For tests of those alone. */
import { connect, type Socket } from 'node:net';
import { Fault, nonexistent, unavailable } from '../base/fault.ts';
import type { ContentId, MailboxId, MessageId, Modseq, Uid, UserId } from '../mail/ids.ts';
import { UidSet } from '../mail/uid-set.ts';
import type { MailboxInfo, MessageMeta, Operations, UserEvent } from '../operations/contract.ts';
import type { Account } from '../operations/contract-accounts.ts';

export type FakeMessage = { uid: Uid; id: MessageId; content: ContentId; raw: Buffer; flags: string[] };
export type FakeMailbox = {
  id: MailboxId;
  user: UserId;
  path: string;
  specialUse?: string;
  messages: FakeMessage[];
  nextUid: number;
};

export class FakeMailStore {
  readonly contents = new Map<ContentId, Buffer>();
  readonly mailboxes: FakeMailbox[] = [];
  readonly users = new Map<string, Account & { password: string; disabled: boolean }>();
  readonly forwards = new Map<string, readonly string[]>();
  /** Who hears of changes, by user. */
  readonly listeners = new Map<UserId, Set<(event: UserEvent) => void>>();
  /** Every call fails as if the database were away. */
  away = false;
  /** Resolves before a content is stored: for tests that hold deliveries. */
  beforeStore: () => Promise<void> = () => Promise.resolve();
  #lastId = 0;

  addUser(address: string, options: { password?: string; quotaBytes?: number; disabled?: boolean } = {}): UserId {
    const user = this.newId<UserId>();
    this.users.set(address, {
      user,
      username: address,
      address,
      quotaBytes: options.quotaBytes ?? 0,
      password: options.password ?? 'secret',
      disabled: options.disabled ?? false,
    });
    this.addMailbox(user, 'INBOX');
    this.addMailbox(user, 'Trash', '\\Trash');
    this.addMailbox(user, 'Sent', '\\Sent');
    return user;
  }

  addMailbox(user: UserId, path: string, specialUse?: string): FakeMailbox {
    const mailbox: FakeMailbox = {
      id: this.newId<MailboxId>(),
      user,
      path,
      messages: [],
      nextUid: 1,
      ...(specialUse === undefined ? {} : { specialUse }),
    };
    this.mailboxes.push(mailbox);
    return mailbox;
  }

  mailbox(user: UserId, path: string): FakeMailbox {
    const found = this.mailboxes.find((mailbox) => mailbox.user === user && mailbox.path === path);
    if (found === undefined) throw new Error(`no mailbox ${path}`);
    return found;
  }

  /** The raw messages of a mailbox, as text. */
  texts(user: UserId, path = 'INBOX'): string[] {
    return this.mailbox(user, path).messages.map(({ raw }) => raw.toString('latin1'));
  }

  put(user: UserId, path: string, raw: string | Buffer): FakeMessage {
    const mailbox = this.mailbox(user, path);
    const bytes = Buffer.from(raw);
    const content = this.newId<ContentId>();
    this.contents.set(content, bytes);
    const message = { uid: mailbox.nextUid as Uid, id: this.newId<MessageId>(), content, raw: bytes, flags: [] };
    mailbox.nextUid += 1;
    mailbox.messages.push(message);
    return message;
  }

  /** The user's access changes. */
  revoke(user: UserId): void {
    for (const listener of this.listeners.get(user) ?? []) listener({ kind: 'access', user, reason: 'test' });
  }

  get operations(): Operations {
    return operationsOf(this);
  }

  newId<T extends string>(): T {
    this.#lastId += 1;
    return this.#lastId.toString(16).padStart(24, '0') as T;
  }
}

function operationsOf(store: FakeMailStore): Operations {
  const guard = (): void => {
    if (store.away) throw unavailable('away');
  };
  const byId = (id: MailboxId): FakeMailbox => {
    const found = store.mailboxes.find((mailbox) => mailbox.id === id);
    if (found === undefined) throw nonexistent('no such mailbox');
    return found;
  };
  const info = (mailbox: FakeMailbox): MailboxInfo => ({
    id: mailbox.id,
    user: mailbox.user,
    path: mailbox.path,
    uidValidity: 1,
    uidNext: mailbox.nextUid as Uid,
    modseq: 1 as Modseq,
    counts: { messages: mailbox.messages.length, unseen: 0, deleted: 0, bytes: 0 },
    subscribed: true,
    noSelect: false,
    hidden: false,
    retentionMs: 0,
    createdAtMs: 0,
    ...(mailbox.specialUse === undefined ? {} : { specialUse: mailbox.specialUse }),
  });
  const used = (user: UserId): number =>
    store.mailboxes
      .filter((mailbox) => mailbox.user === user)
      .reduce((sum, mailbox) => sum + mailbox.messages.reduce((bytes, { raw }) => bytes + raw.length, 0), 0);
  const partial = {
    mailboxes: {
      list: async (user: UserId) => {
        guard();
        return store.mailboxes.filter((mailbox) => mailbox.user === user).map(info);
      },
      findByPath: async (user: UserId, path: string) => {
        guard();
        const found = store.mailboxes.find((mailbox) => mailbox.user === user && mailbox.path === path);
        return found === undefined ? undefined : info(found);
      },
      findBySpecialUse: async (user: UserId, specialUse: string) => {
        guard();
        const found = store.mailboxes.find((mailbox) => mailbox.user === user && mailbox.specialUse === specialUse);
        return found === undefined ? undefined : info(found);
      },
    },
    contents: {
      encrypts: async () => false,
      storeFor: async (_user: UserId, _mailbox: MailboxId, raw: Buffer, plain?: () => Promise<unknown>) =>
        plain === undefined ? partial.contents.store(raw) : plain(),
      store: async (raw: Buffer) => {
        guard();
        await store.beforeStore();
        const content = store.newId<ContentId>();
        store.contents.set(content, Buffer.from(raw));
        return { content, sizeBytes: raw.length, thread: 'f'.repeat(24) };
      },
      open: async (content: ContentId) => {
        guard();
        const raw = store.contents.get(content);
        if (raw === undefined) throw nonexistent('no such content');
        return {
          content,
          sizeBytes: raw.length,
          header: async () => raw.subarray(0, raw.indexOf('\r\n\r\n') < 0 ? raw.length : raw.indexOf('\r\n\r\n') + 4),
          readAll: async (start: number, end: number) => raw.subarray(start, end),
          read: async function* (start: number, end: number) {
            for (let at = start; at < end; at += 1000) yield raw.subarray(at, Math.min(end, at + 1000));
          },
        };
      },
    },
    messages: {
      append: async (
        user: UserId,
        mailboxId: MailboxId,
        messages: readonly { stored: { content: ContentId; sizeBytes: number } }[],
      ) => {
        guard();
        const mailbox = byId(mailboxId);
        const account = [...store.users.values()].find((candidate) => candidate.user === user);
        const sum = messages.reduce((bytes, { stored }) => bytes + stored.sizeBytes, 0);
        if (account !== undefined && account.quotaBytes > 0 && used(user) + sum > account.quotaBytes) {
          throw new Fault('user', 'OVERQUOTA', 'full');
        }
        const placed = messages.map(({ stored }) => {
          const raw = store.contents.get(stored.content) ?? Buffer.alloc(0);
          const message = { uid: mailbox.nextUid as Uid, id: store.newId<MessageId>(), content: stored.content, raw, flags: [] };
          mailbox.nextUid += 1;
          mailbox.messages.push(message);
          return message;
        });
        return {
          mailbox: mailboxId,
          uidValidity: 1,
          uids: placed.map(({ uid }) => uid),
          ids: placed.map(({ id }) => id),
          modseq: 1,
        };
      },
      store: async (_user: UserId, mailboxId: MailboxId, request: { uids: UidSet; flags: readonly string[] }) => {
        guard();
        for (const message of byId(mailboxId).messages) {
          if (request.uids.has(message.uid)) message.flags = [...new Set([...message.flags, ...request.flags])];
        }
        return { modseq: 1, changed: request.uids, modified: UidSet.empty, missing: UidSet.empty };
      },
      expunge: async (_user: UserId, mailboxId: MailboxId, options: { uids?: UidSet }) => {
        guard();
        const mailbox = byId(mailboxId);
        mailbox.messages = mailbox.messages.filter(({ uid }) => options.uids?.has(uid) === false);
        return { modseq: 1, expunged: options.uids ?? UidSet.empty };
      },
      move: async (_user: UserId, from: MailboxId, uids: UidSet, to: MailboxId) => {
        guard();
        const source = byId(from);
        const target = byId(to);
        const moved = source.messages.filter(({ uid }) => uids.has(uid));
        source.messages = source.messages.filter(({ uid }) => !uids.has(uid));
        for (const message of moved) {
          target.messages.push({ ...message, uid: target.nextUid as Uid });
          target.nextUid += 1;
        }
        return { mailbox: to, uidValidity: 1, from: [], to: [], modseq: 1, expunged: uids };
      },
    },
    reads: {
      metadata: async function* (_user: UserId, mailboxId: MailboxId, uids: UidSet) {
        guard();
        const rows = byId(mailboxId).messages.filter(({ uid }) => uids.has(uid));
        for (let at = 0; at < rows.length; at += 2) {
          yield rows
            .slice(at, at + 2)
            .map(({ uid, id, content, raw }) => ({ uid, id, content, sizeBytes: raw.length }) as MessageMeta);
        }
      },
      metadataOf: async (_user: UserId, mailboxId: MailboxId, wanted: Uid) => {
        guard();
        const row = byId(mailboxId).messages.find(({ uid }) => uid === wanted);
        return row === undefined
          ? undefined
          : ({ uid: row.uid, id: row.id, content: row.content, sizeBytes: row.raw.length } as MessageMeta);
      },
    },
    views: {
      open: async (user: UserId, mailboxId: MailboxId) => {
        guard();
        const mailbox = byId(mailboxId);
        const rows = [...mailbox.messages];
        return {
          release: () => {},
          view: {
            user,
            mailbox: mailboxId,
            count: rows.length,
            uidAt: (index: number) => rows[index]?.uid,
            flagsAt: (index: number) => rows[index]?.flags ?? [],
            sizeAt: (index: number) => rows[index]?.raw.length ?? 0,
          },
        };
      },
    },
    events: {
      subscribe: (user: UserId, listener: (event: UserEvent) => void) => {
        const all = store.listeners.get(user) ?? new Set();
        store.listeners.set(user, all.add(listener));
        return () => void all.delete(listener);
      },
    },
    quota: async (user: UserId) => ({ limitBytes: 0, usedBytes: used(user), limitMessages: 0, usedMessages: 0 }),
    accounts: {
      authenticate: async (username: string, password: string) => {
        if (store.away) return { ok: false, reason: 'away', code: 'UNAVAILABLE' };
        const found = store.users.get(username);
        if (found === undefined || found.password !== password)
          return { ok: false, reason: 'wrong', code: 'AUTHENTICATIONFAILED' };
        return { ok: true, account: found };
      },
      resolveRecipient: async (address: string) => {
        guard();
        const match = /^([^+]*)(?:\+(.*))?@(.*)$/.exec(address);
        const key = match === null ? address : `${match[1] ?? ''}@${match[3] ?? ''}`;
        const targets = store.forwards.get(key);
        if (targets !== undefined) return { kind: 'forward', targets };
        const found = store.users.get(key);
        return found === undefined
          ? { kind: 'unknown' }
          : { kind: 'user', account: found, label: match?.[2], disabled: found.disabled };
      },
      account: async (user: UserId) => [...store.users.values()].find((candidate) => candidate.user === user),
    },
  };
  return partial as unknown as Operations;
}

/** A client that sends lines and waits for whole replies. */
export class LineClient {
  readonly socket: Socket;
  #text = '';
  #closed = false;
  #wake: () => void = () => {};

  constructor(port: number, socket: Socket = connect(port, '127.0.0.1')) {
    this.socket = socket;
    this.attach(socket);
  }

  private attach(socket: Socket): void {
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      this.#text += bytes.toString('latin1');
      this.#wake();
    });
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'utf8') : text);
  }

  /** The next line without its CRLF. Throws when the connection ends before. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return line;
      }
      if (this.#closed) throw new Error(`connection closed; left over: ${JSON.stringify(this.#text)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** All lines of the next reply, joined by `|`. */
  async reply(): Promise<string> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      lines.push(line);
      if (line[3] !== '-') return lines.join('|');
    }
  }

  async replies(count: number): Promise<string[]> {
    const all: string[] = [];
    for (let index = 0; index < count; index += 1) all.push(await this.reply());
    return all;
  }

  /** Sends one line and waits for its reply. */
  async say(line: string): Promise<string> {
    this.send(`${line}\r\n`);
    return this.reply();
  }

  /** Everything until the other side closes. */
  async rest(): Promise<string> {
    while (!this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#text;
  }

  get buffered(): string {
    return this.#text;
  }

  destroy(): void {
    this.socket.destroy();
  }
}
