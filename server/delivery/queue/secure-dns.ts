/**
 * DNS answers together with whether the resolver has validated them by DNSSEC: the AD bit (RFC 6840 §5.7), which `node:dns` does not show. The bit is worth as much
 * as the way to the resolver; the caller decides which resolvers it believes.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIP } from 'node:net';

/** RFC 6698 §2.1. */
export type TlsaRecord = { readonly usage: number; readonly selector: number; readonly matching: number; readonly data: Buffer };

export type SecureAnswer = {
  /** Validated, be it presence or absence. */
  readonly secure: boolean;
  /** The name or the type does not exist. */
  readonly absent: boolean;
  /** The data of the records of the type asked for. */
  readonly records: readonly Buffer[];
};

export type SecureDns = {
  /** Throws when there is no answer, or SERVFAIL: what a validating resolver says of a forged one. */
  readonly query: (name: string, type: 'MX' | 'TLSA') => Promise<SecureAnswer>;
};

const TYPES = { MX: 15, TLSA: 52 } as const;
const UDP_BYTES = 1_232;
const TRIES = 2;
const MAX_ANSWER_BYTES = 64 * 1024;

/** `servers` as `dns.getServers()` has them: address, or address and port. */
export function createSecureDns(servers: readonly string[], timeoutMs = 3_000): SecureDns {
  return {
    query: async (name, type) => {
      let failure: unknown;
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        for (const server of servers) {
          try {
            return await ask(parseServer(server), name, TYPES[type], timeoutMs);
          } catch (error) {
            failure = error;
          }
        }
      }
      throw failure ?? new Error('no DNS server is configured');
    },
  };
}

export function parseTlsa(data: Buffer): TlsaRecord | undefined {
  const [usage, selector, matching] = data;
  if (usage === undefined || selector === undefined || matching === undefined || data.length < 4) return undefined;
  return { usage, selector, matching, data: data.subarray(3) };
}

type Server = { readonly address: string; readonly port: number };

function parseServer(text: string): Server {
  if (isIP(text) !== 0) return { address: text, port: 53 };
  const found = /^\[?(.+?)\]?:(\d+)$/.exec(text);
  return { address: found?.[1] ?? text, port: Number(found?.[2] ?? 53) };
}

async function ask(server: Server, name: string, type: number, timeoutMs: number): Promise<SecureAnswer> {
  const query = encodeQuery(name, type);
  const short = await overUdp(server, query, timeoutMs);
  const truncated = (short.readUInt16BE(2) & 0x0200) !== 0;
  return readAnswer(truncated ? await overTcp(server, query, timeoutMs) : short, type);
}

function encodeQuery(name: string, type: number): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(randomInt(0x10000), 0);
  // Recursion desired; AD in a question asks for AD in the answer.
  head.writeUInt16BE(0x0120, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(1, 10);
  const labels = name.split('.').filter((label) => label !== '');
  if (labels.some((label) => label.length > 63)) throw new Error('a label is too long');
  const encoded = labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  const question = Buffer.from([0, type >> 8, type & 255, 0, 1]);
  // OPT (RFC 6891): answers up to UDP_BYTES.
  const options = Buffer.from([0, 0, 41, UDP_BYTES >> 8, UDP_BYTES & 255, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, ...encoded, question, options]);
}

function overUdp({ address, port }: Server, query: Buffer, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
    const end = (act: () => void): void => {
      clearTimeout(timer);
      socket.close();
      act();
    };
    const timer = setTimeout(() => end(() => reject(new Error('the DNS server does not answer'))), timeoutMs);
    socket.on('error', (error) => end(() => reject(error)));
    socket.on('message', (answer) => {
      if (isAnswerTo(query, answer)) end(() => resolve(answer));
    });
    // Connected, so that answers of others are not even seen.
    socket.connect(port, address, () => socket.send(query));
  });
}

function overTcp({ address, port }: Server, query: Buffer, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let pending = Buffer.alloc(0);
    const socket = connect(port, address);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () => fail(new Error('the DNS server does not answer')));
    socket.on('error', fail);
    socket.on('close', () => reject(new Error('the DNS server ended the connection')));
    socket.on('connect', () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    });
    socket.on('data', (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      if (pending.length > MAX_ANSWER_BYTES + 2) return fail(new Error('the DNS answer is too long'));
      if (pending.length < 2 || pending.length < 2 + pending.readUInt16BE(0)) return;
      const answer = pending.subarray(2, 2 + pending.readUInt16BE(0));
      socket.destroy();
      if (isAnswerTo(query, answer)) resolve(answer);
      else reject(new Error('the DNS answer is to another question'));
    });
  });
}

/** Id, and the question as it was asked. */
function isAnswerTo(query: Buffer, answer: Buffer): boolean {
  const questionEnd = query.length - 11;
  if (answer.length < questionEnd || (answer.readUInt16BE(2) & 0x8000) === 0) return false;
  const asked = query.toString('latin1', 12, questionEnd).toLowerCase();
  return answer.readUInt16BE(0) === query.readUInt16BE(0) && answer.toString('latin1', 12, questionEnd).toLowerCase() === asked;
}

function readAnswer(answer: Buffer, type: number): SecureAnswer {
  const flags = answer.readUInt16BE(2);
  const code = flags & 15;
  if (code !== 0 && code !== 3)
    throw Object.assign(new Error(`the DNS server says ${code}`), { code: code === 2 ? 'ESERVFAIL' : 'EBADRESP' });
  const records: Buffer[] = [];
  let at = 12;
  for (let left = answer.readUInt16BE(4); left > 0; left -= 1) at = skipName(answer, at) + 4;
  for (let left = answer.readUInt16BE(6); left > 0; left -= 1) {
    at = skipName(answer, at);
    const length = answer.readUInt16BE(at + 8);
    const data = answer.subarray(at + 10, at + 10 + length);
    if (data.length < length) throw new Error('the DNS answer is cut');
    if (answer.readUInt16BE(at) === type) records.push(data);
    at += 10 + length;
  }
  return { secure: (flags & 0x0020) !== 0, absent: records.length === 0, records };
}

function skipName(message: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
}
