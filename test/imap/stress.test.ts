/** Many clients on one mailbox, over one and over three workers, with random commands from a seed; checkpoints where all sessions must agree. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ImapTestService, startImap } from '../harness/imap.ts';
import { StressClient } from './stress-client.ts';

const ROUNDS = 4;
const COMMANDS_PER_ROUND = 25;
const FLAGS = ['\\Seen', '\\Flagged', '\\Answered', '\\Draft', '\\Deleted', 'red', 'green'];

/** mulberry32: small, seeded, good enough to mix commands. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

class Actor {
  readonly client: StressClient;
  readonly #random: () => number;

  constructor(client: StressClient, random: () => number) {
    this.client = client;
    this.#random = random;
  }

  #int(below: number): number {
    return Math.floor(this.#random() * below);
  }

  #range(): { text: string; seqs: number[] } {
    const { length } = this.client.messages;
    const from = 1 + this.#int(length);
    const to = Math.min(length, from + this.#int(5));
    return { text: from === to ? `${from}` : `${from}:${to}`, seqs: Array.from({ length: to - from + 1 }, (_, i) => from + i) };
  }

  #flags(): string[] {
    const picked = FLAGS.filter((flag) => this.#random() < (flag === '\\Deleted' ? 0.1 : 0.3));
    return picked.length === 0 ? ['red'] : picked;
  }

  async step(): Promise<void> {
    const { client } = this;
    const { length } = client.messages;
    const kind = this.#random();
    if (length === 0 || kind < 0.12) {
      await client.run(
        `APPEND INBOX (${this.#random() < 0.5 ? '\\Seen' : 'red'})`,
        `Subject: ${client.name}\r\n\r\n${'x'.repeat(this.#int(200))}\r\n`,
      );
    } else if (kind < 0.32) {
      await client.run(
        `${this.#random() < 0.5 ? 'UID ' : ''}FETCH ${this.#fetchSet()} (${this.#random() < 0.5 ? 'FLAGS' : 'UID FLAGS MODSEQ'})`,
      );
    } else if (kind < 0.37) {
      await client.run(`FETCH ${this.#range().text} BODY[]`);
    } else if (kind < 0.6) {
      await this.#store();
    } else if (kind < 0.68) {
      await this.#ownFlag();
    } else if (kind < 0.76) {
      await client.run(
        `${this.#random() < 0.5 ? 'UID ' : ''}SEARCH ${['ALL', 'UNSEEN', 'FLAGGED', 'KEYWORD red', 'SUBJECT a1'][this.#int(5)]}`,
      );
    } else if (kind < 0.8) {
      await client.run('EXPUNGE');
    } else if (kind < 0.84) {
      await client.run(`COPY ${this.#range().text} INBOX`);
    } else if (kind < 0.87) {
      await client.run(`MOVE ${this.#range().text} ${this.#random() < 0.5 ? 'INBOX' : 'Trash'}`);
    } else if (kind < 0.95) {
      await client.run(this.#random() < 0.5 ? 'NOOP' : 'CHECK');
    } else {
      await client.idle(5 + this.#int(30));
    }
  }

  #fetchSet(): string {
    return this.#random() < 0.3 ? '1:*' : this.#range().text;
  }

  async #store(): Promise<void> {
    const { text, seqs } = this.#range();
    const operation = (['+', '-', ''] as const)[this.#int(10) < 8 ? this.#int(2) : 2]!;
    const flags = this.#flags();
    // A replacing store would take others' own flags away.
    if (operation === '') return;
    const silent = this.#random() < 0.4;
    this.client.begin(`STORE ${text} ${operation}FLAGS${silent ? '.SILENT' : ''} (${flags.join(' ')})`);
    // Belief changes with the command: what the server tells from now on is later.
    if (silent) this.client.believe(seqs, operation, flags);
    await this.client.finish();
  }

  async #ownFlag(): Promise<void> {
    const known = this.client.messages.filter((message) => message.uid !== undefined);
    const message = known[this.#int(known.length)];
    if (message?.uid === undefined) return;
    const on = this.client.own.get(message.uid) !== true;
    this.client.own.delete(message.uid);
    await this.client.run(`UID STORE ${message.uid} ${on ? '+' : '-'}FLAGS (${this.client.ownKeyword})`);
    this.client.own.set(message.uid, on);
  }
}

async function checkpoint(clients: readonly StressClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.run('NOOP')));
  await Promise.all(clients.map((client) => client.verify()));
  const pictures = clients.map((client) => client.picture());
  for (const [i, picture] of pictures.entries()) {
    assert.equal(picture, pictures[0], `${clients[i]!.name} sees another mailbox than ${clients[0]!.name}`);
  }
  // Exactly one session had each message as recent.
  const recent = new Map<number, string>();
  for (const client of clients) {
    for (const uid of client.recent) {
      assert.ok(!recent.has(uid), `UID ${uid} is recent for ${recent.get(uid)} and ${client.name}`);
      recent.set(uid, client.name);
    }
  }
}

async function stress(service: ImapTestService, seed: number, count: number): Promise<number> {
  const { name } = await service.createUser();
  const clients: StressClient[] = [];
  for (let i = 0; i < count; i += 1) {
    const client = await StressClient.open(`a${i}`, service.workers[i % service.workers.length]!.port, name);
    await client.select();
    clients.push(client);
  }
  const actors = clients.map((client, i) => new Actor(client, randomFrom(seed * 1000 + i)));
  for (let round = 0; round < ROUNDS; round += 1) {
    await Promise.all(
      actors.map(async (actor) => {
        for (let i = 0; i < COMMANDS_PER_ROUND; i += 1) await actor.step();
      }),
    );
    await checkpoint(clients);
  }
  const commands = clients.reduce((sum, client) => sum + client.commands, 0);
  for (const client of clients) await client.close();
  return commands;
}

const seed = Number(process.env['MALLARD_STRESS_SEED'] ?? 7);

for (const [workers, clients] of [
  [1, 20],
  [3, 20],
] as const) {
  test(`${clients} clients on one mailbox over ${workers} worker(s), seed ${seed}`, async (t) => {
    const service = await startImap({ workers });
    try {
      const started = Date.now();
      const commands = await stress(service, seed, clients);
      t.diagnostic(`${commands} commands in ${Date.now() - started} ms`);
    } finally {
      await service.close();
    }
  });
}
