/**
 * Bytes in, the same bytes out: every message of the corpus and every hard fixture goes in by LMTP and by APPEND, and every way to read it by IMAP agrees with slices of what was sent.
 * Where there is no corpus the fixtures remain.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { corpus } from '../../server/mime/mime-test-kit.ts';
import { ImapProbe } from '../harness/probe/imap-probe.ts';
import { type FetchedMessage, type Value, octets, parseFetch } from '../harness/probe/imap-values.ts';
import { LmtpProbe } from '../harness/probe/lmtp-probe.ts';
import { seeded } from '../harness/probe/seeded.ts';
import { sharedServers } from '../harness/servers.ts';
import { type TestUser, type TestWorker, closeStores, createUser, startWorker } from '../harness/worker.ts';
import { type CorpusMessage, hardMessages } from './hard-messages.ts';

const CONNECTIONS = 4;
/** Commands in flight on one connection. */
const PIPELINED = 16;

const real: CorpusMessage[] = corpus().map(({ name, read }) => ({ name, raw: read() }));
const noCorpus = real.length === 0 ? 'no corpus: set MALLARD_CORPUS to a folder of .eml files' : false;

describe('messages come back as they went in', () => {
  let worker: TestWorker;
  before(async () => {
    worker = await startWorker(await sharedServers());
  });
  after(async () => {
    await worker.stop();
    await closeStores();
  });

  for (const [title, messages, skip] of [
    ['hard fixtures', hardMessages(), false],
    ['the corpus', real, noCorpus],
  ] as const) {
    it(`${title}, by APPEND`, { skip }, () => roundTrip(worker, messages, append));
    it(`${title}, by LMTP`, { skip }, () => roundTrip(worker, messages, deliver));
  }
});

type Sender = (worker: TestWorker, user: TestUser, messages: readonly CorpusMessage[]) => Promise<'exact' | 'behind-trace'>;

/** Several users, one connection each, so that the order of UIDs is the order of sending. */
async function roundTrip(worker: TestWorker, messages: readonly CorpusMessage[], send: Sender): Promise<void> {
  const failures: string[] = [];
  const shares = Array.from({ length: CONNECTIONS }, (_, n) => messages.filter((__, at) => at % CONNECTIONS === n));
  await Promise.all(
    shares.map(async (share) => {
      const user = await createUser(worker);
      const kind = await send(worker, user, share);
      await readBack(worker, user, share, kind, failures);
    }),
  );
  assert.deepEqual(failures.slice(0, 20), [], `${failures.length} of ${messages.length} messages failed`);
}

const append: Sender = async (worker, user, messages) => {
  const imap = await ImapProbe.login(worker.port('imap'), user.username, user.password);
  await pipelined(messages, async ({ name, raw }) => {
    // NUL needs a binary literal (RFC 3516 §4.4).
    const reply = raw.includes(0) ? await imap.run(`APPEND INBOX ~{${raw.length}+}\r\n`, raw) : await imap.append('INBOX', raw);
    assert.equal(reply.status, 'OK', `${name}: ${reply.text}`);
  });
  await imap.logout();
  return 'exact';
};

const deliver: Sender = async (worker, user, messages) => {
  const lmtp = await LmtpProbe.connect(worker.port('lmtp'));
  for (const { name, raw } of messages) {
    // DATA is for lines that end in CRLF; whatever else arrives by BDAT.
    const lines = raw.toString('latin1');
    const bdat = !lines.endsWith('\r\n') || /[^\r]\n|\r[^\n]|\0/.test(lines) || lines.startsWith('\n');
    const [reply] = await lmtp.deliver(raw, [user.username], { bdat });
    assert.equal(reply?.code, 250, `${name}: ${reply?.code} ${reply?.text}`);
  }
  await lmtp.quit();
  return 'behind-trace';
};

async function readBack(
  worker: TestWorker,
  user: TestUser,
  messages: readonly CorpusMessage[],
  kind: 'exact' | 'behind-trace',
  failures: string[],
): Promise<void> {
  const imap = await ImapProbe.login(worker.port('imap'), user.username, user.password);
  await imap.ok('SELECT INBOX');
  await pipelined(messages, async ({ name, raw }, at) => {
    try {
      const uid = at + 1;
      const whole = await fetchOne(imap, uid, 'RFC822.SIZE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODYSTRUCTURE');
      const bytes = octets(whole.items.get('BODY[]'));
      const got = kind === 'exact' ? bytes : withoutTrace(bytes);
      assert.ok(got.equals(raw), firstDifference(got, raw));
      assert.equal(whole.items.get('RFC822.SIZE'), String(bytes.length));
      const header = octets(whole.items.get('BODY[HEADER]'));
      const text = octets(whole.items.get('BODY[TEXT]'));
      assert.ok(Buffer.concat([header, text]).equals(bytes), 'BODY[HEADER] and BODY[TEXT] join to BODY[]');
      await checkParts(imap, uid, bytes, { header, text, structure: whole.items.get('BODYSTRUCTURE') });
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message.slice(0, 600) : String(error)}`);
    }
  });
  await imap.logout();
}

type Whole = { readonly header: Buffer; readonly text: Buffer; readonly structure: Value | undefined };

/** Every part is a slice of the message, behind its MIME header, in order and inside its parent; partials are slices of the part. */
async function checkParts(imap: ImapProbe, uid: number, bytes: Buffer, whole: Whole): Promise<void> {
  const random = seeded(uid * 7919 + bytes.length);
  const parts = numberedParts(whole.structure).slice(0, 200);
  const items: string[] = [];
  const partials: { section: string; start: number; length: number; of: () => Buffer }[] = [];
  for (const [section, value] of [
    ['', bytes],
    ['TEXT', whole.text],
    ['HEADER', whole.header],
  ] as const) {
    const start = Math.floor(random() * (value.length + 2));
    partials.push({ section, start, length: 1 + Math.floor(random() * 9000), of: () => value });
  }
  const found = new Map<string, Buffer>();
  for (const part of parts) {
    items.push(`BODY.PEEK[${part.section}]`);
    if (part.section !== '1' || part.multipartParent) items.push(`BODY.PEEK[${part.section}.MIME]`);
    if (part.message) items.push(`BODY.PEEK[${part.section}.HEADER]`, `BODY.PEEK[${part.section}.TEXT]`);
    const start = Math.floor(random() * ((part.octets ?? 500) + 2));
    partials.push({
      section: part.section,
      start,
      length: 1 + Math.floor(random() * 5000),
      of: () => found.get(`BODY[${part.section}]`) ?? Buffer.alloc(0),
    });
  }
  // Partials of one section in one FETCH would share a name only when they start alike; the names below tell them apart.
  for (const { section, start, length } of partials) items.push(`BODY.PEEK[${section}]<${start}.${length}>`);
  const { items: answers } = await fetchOne(imap, uid, items.join(' '));
  for (const [name, value] of answers) if (name.startsWith('BODY[')) found.set(name, octets(value ?? ''));
  const sectionOf = (section: string): Buffer => {
    const value = found.get(`BODY[${section}]`);
    assert.ok(value !== undefined, `BODY[${section}] is answered`);
    return value;
  };
  for (const { section, start, length, of } of partials) {
    const value = found.get(`BODY[${section}]<${start}>`);
    assert.ok(value !== undefined, `BODY[${section}]<${start}> is answered`);
    const expected = of().subarray(start, start + length);
    assert.ok(value.equals(expected), `BODY[${section}]<${start}.${length}>: ${firstDifference(value, expected)}`);
  }
  const searchFrom = new Map<string, number>();
  for (const part of parts) {
    const body = sectionOf(part.section);
    if (part.octets !== undefined) assert.equal(body.length, part.octets, `BODYSTRUCTURE tells the octets of ${part.section}`);
    if (!part.multipartParent) {
      const around = part.parent === '' ? whole.text : sectionOf(`${part.parent}.TEXT`);
      assert.ok(body.equals(around), `BODY[${part.section}] of a message of one part is its text`);
    } else {
      const mime = sectionOf(`${part.section}.MIME`);
      const around = part.parent === '' ? whole.text : sectionOf(part.parent);
      const at = around.indexOf(Buffer.concat([mime, body]), searchFrom.get(part.parent) ?? 0);
      assert.ok(at !== -1, `BODY[${part.section}] follows its MIME header inside ${part.parent || 'the text'}`);
      searchFrom.set(part.parent, at + mime.length + body.length);
    }
    if (part.message) {
      const joined = Buffer.concat([sectionOf(`${part.section}.HEADER`), sectionOf(`${part.section}.TEXT`)]);
      assert.ok(joined.equals(body), `HEADER and TEXT of ${part.section} join to the embedded message`);
    }
  }
}

type NumberedPart = {
  readonly section: string;
  /** '' for the message itself. */
  readonly parent: string;
  /** Undefined for a multipart: BODYSTRUCTURE does not tell. */
  readonly octets: number | undefined;
  readonly message: boolean;
  /** Its parent is a multipart, so it has a MIME header of its own. */
  readonly multipartParent: boolean;
};

/** The parts of a BODYSTRUCTURE with their section numbers (RFC 9051 §6.4.5.1), parents before children. */
function numberedParts(structure: Value | undefined): NumberedPart[] {
  const parts: NumberedPart[] = [];
  const leaf = (node: readonly Value[], section: string, parent: string, multipartParent: boolean): void => {
    const message =
      `${String(node[0])}/${String(node[1])}`.toLowerCase() === 'message/rfc822' &&
      Array.isArray(node[8]) &&
      Array.isArray(node[7]);
    parts.push({ section, parent, octets: Number(node[6]), message, multipartParent });
    if (message) walk(node[8], section, true);
  };
  const walk = (node: Value | undefined, prefix: string, top: boolean): void => {
    assert.ok(Array.isArray(node), 'BODYSTRUCTURE is a list');
    if (!Array.isArray(node[0])) {
      if (top) leaf(node, prefix === '' ? '1' : `${prefix}.1`, prefix, false);
      return;
    }
    for (const [at, child] of node.filter((value) => Array.isArray(value) && isBody(value)).entries()) {
      const section = prefix === '' ? String(at + 1) : `${prefix}.${at + 1}`;
      if (!Array.isArray(child)) continue;
      if (Array.isArray(child[0])) {
        parts.push({ section, parent: prefix, octets: undefined, message: false, multipartParent: true });
        walk(child, section, false);
      } else leaf(child, section, prefix, true);
    }
  };
  walk(structure, '', true);
  return parts;
}

/** Bodies come before the subtype; parameter lists and dispositions after it begin with a string and are shorter. */
function isBody(list: readonly Value[]): boolean {
  return Array.isArray(list[0]) || list.length >= 7;
}

async function fetchOne(imap: ImapProbe, uid: number, items: string): Promise<FetchedMessage> {
  const { untagged } = await imap.ok(`UID FETCH ${uid} (${items})`);
  const fetched = untagged.flatMap((response) => parseFetch(response) ?? []);
  assert.equal(fetched.length, 1, `one FETCH response for UID ${uid}`);
  const [only] = fetched;
  assert.ok(only);
  assert.equal(only.items.get('UID'), String(uid));
  return only;
}

/** Keeps a number of commands in flight, begun in order. */
async function pipelined<T>(values: readonly T[], work: (value: T, at: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: PIPELINED }, async () => {
      for (let at = next++; at < values.length; at = next++) {
        const value = values[at];
        if (value !== undefined) await work(value, at);
      }
    }),
  );
}

/** Without the fields that LMTP delivery adds: Return-Path, Delivered-To and one Received with its continuation lines. */
function withoutTrace(bytes: Buffer): Buffer {
  const trace = /^Return-Path: <[^\r\n]*>\r\nDelivered-To: [^\r\n]*\r\nReceived: [^\r\n]*\r\n(?:\t[^\r\n]*\r\n)*/.exec(
    bytes.toString('latin1', 0, 4096),
  );
  assert.ok(trace, `trace fields: ${bytes.toString('latin1', 0, 200)}`);
  return bytes.subarray(trace[0].length);
}

function firstDifference(got: Buffer, expected: Buffer): string {
  let at = 0;
  while (at < got.length && got[at] === expected[at]) at += 1;
  const show = (bytes: Buffer): string => JSON.stringify(bytes.toString('latin1', Math.max(0, at - 20), at + 40));
  return `${got.length} octets instead of ${expected.length}, different from ${at}: ${show(got)} instead of ${show(expected)}`;
}
