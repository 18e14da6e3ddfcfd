/**
 * A DNS server for tests, on loopback and a free port, with the zone as data. Answers over UDP, and over TCP what is too long for it.
 *
 *   const dns = await startDns({ 'there.test': { MX: [[10, 'mx.there.test']], TXT: ['v=spf1 -all'] }, 'mx.there.test': { A: ['127.0.0.1'] } });
 *   resolver.setServers([dns.address]);
 *   dns.zone['slow.test'] = 'silence';
 *
 * The zone may change while it runs. A name that is missing is NXDOMAIN, unless a name below it exists.
 */
import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo, type Socket } from 'node:net';

export type DnsRecords = {
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly MX?: readonly (readonly [priority: number, exchange: string])[];
  readonly TXT?: readonly string[];
  readonly PTR?: readonly string[];
  readonly CNAME?: string;
  /** Usage, selector, matching type, hex data. */
  readonly TLSA?: readonly (readonly [number, number, number, string])[];
};

/** `servfail` = answered with SERVFAIL, `silence` = not answered at all. */
export type DnsZone = Record<string, DnsRecords | 'servfail' | 'silence'>;

export type DnsServer = {
  /** `127.0.0.1:port`, as `Resolver.setServers` takes it. */
  readonly address: string;
  readonly zone: DnsZone;
  /** Names below these are answered as validated by DNSSEC. */
  readonly secure: Set<string>;
  /** Names and types that were asked for, in order, e.g. `there.test MX`. */
  readonly questions: string[];
  readonly stop: () => Promise<void>;
};

const TYPES: Readonly<Record<number, keyof DnsRecords>> = {
  1: 'A',
  5: 'CNAME',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  52: 'TLSA',
};
const NUMBERS = new Map(Object.entries(TYPES).map(([number, type]) => [type, Number(number)]));
const UDP_BYTES = 1_200;

export async function startDns(zone: DnsZone = {}): Promise<DnsServer> {
  const questions: string[] = [];
  const secure = new Set<string>();
  const tcp = createServer((socket) => serveTcp(socket, (query) => respond(query, zone, questions, secure)));
  const connections = new Set<Socket>();
  tcp.on('connection', (socket) => {
    connections.add(socket);
    socket.on('error', () => {}).on('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket('udp4');
  udp.on('message', (query, { port: from, address }) => {
    const answer = respond(query, zone, questions, secure);
    if (answer === undefined) return;
    udp.send(answer.length > UDP_BYTES ? truncated(answer) : answer, from, address);
  });
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject);
    udp.bind(port, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${port}`,
    zone,
    secure,
    questions,
    stop: async () => {
      for (const socket of connections) socket.destroy();
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ]);
    },
  };
}

function serveTcp(socket: Socket, answer: (query: Buffer) => Buffer | undefined): void {
  let pending = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const reply = answer(pending.subarray(2, end));
      pending = pending.subarray(end);
      if (reply === undefined) continue;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length);
      socket.write(Buffer.concat([length, reply]));
    }
  });
}

function respond(query: Buffer, zone: DnsZone, questions: string[], secure: ReadonlySet<string>): Buffer | undefined {
  const { name, end } = readName(query, 12);
  const type = TYPES[query.readUInt16BE(end)];
  questions.push(`${name} ${type ?? 'other'}`);
  const question = query.subarray(12, end + 4);
  const entry = zone[name];
  if (entry === 'silence') return undefined;
  const answers: Buffer[] = [];
  let code = entry === 'servfail' ? 2 : 0;
  let owner = name;
  let records: DnsZone[string] | undefined = entry;
  for (let hops = 0; typeof records === 'object' && records.CNAME !== undefined && type !== 'CNAME' && hops < 8; hops += 1) {
    answers.push(record(owner, 'CNAME', encodeName(records.CNAME)));
    owner = records.CNAME;
    records = zone[owner];
    if (records === 'servfail') code = 2;
  }
  if (records === undefined && !Object.keys(zone).some((known) => known.endsWith(`.${owner}`))) code = 3;
  if (typeof records === 'object' && type !== undefined) {
    for (const data of dataOf(records, type)) answers.push(record(owner, type, data));
  }
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  const validated = [...secure].some((top) => name === top || name.endsWith(`.${top}`));
  header.writeUInt16BE(0x8580 | code | (validated ? 0x0020 : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, question, ...answers]);
}

function dataOf(records: DnsRecords, type: keyof DnsRecords): Buffer[] {
  switch (type) {
    case 'A':
      return (records.A ?? []).map((address) => Buffer.from(address.split('.').map(Number)));
    case 'AAAA':
      return (records.AAAA ?? []).map(encodeIpv6);
    case 'MX':
      return (records.MX ?? []).map(([priority, exchange]) =>
        Buffer.concat([Buffer.from([priority >> 8, priority & 255]), encodeName(exchange)]),
      );
    case 'TXT':
      return (records.TXT ?? []).map((text) => {
        const bytes = Buffer.from(text);
        const pieces: Buffer[] = [];
        for (let at = 0; at === 0 || at < bytes.length; at += 255) {
          const piece = bytes.subarray(at, at + 255);
          pieces.push(Buffer.from([piece.length]), piece);
        }
        return Buffer.concat(pieces);
      });
    case 'PTR':
      return (records.PTR ?? []).map(encodeName);
    case 'CNAME':
      return records.CNAME === undefined ? [] : [encodeName(records.CNAME)];
    case 'TLSA':
      return (records.TLSA ?? []).map(([usage, selector, matching, hex]) =>
        Buffer.concat([Buffer.from([usage, selector, matching]), Buffer.from(hex, 'hex')]),
      );
  }
}

function record(owner: string, type: keyof DnsRecords, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(NUMBERS.get(type) ?? 0, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(5, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encodeName(owner), fixed, data]);
}

function truncated(answer: Buffer): Buffer {
  const { end } = readName(answer, 12);
  const head = Buffer.from(answer.subarray(0, end + 4));
  head.writeUInt16BE(head.readUInt16BE(2) | 0x0200, 2);
  head.writeUInt16BE(0, 6);
  return head;
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]), Buffer.from([0])]);
}

function encodeIpv6(address: string): Buffer {
  const [left = '', right] = address.split('::');
  const words = (text: string): string[] => text.split(':').filter((word) => word !== '');
  const head = words(left);
  const tail = words(right ?? '');
  const all = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
  const bytes = Buffer.alloc(16);
  for (const [index, word] of all.entries()) bytes.writeUInt16BE(Number.parseInt(word, 16), index * 2);
  return bytes;
}

function readName(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}
