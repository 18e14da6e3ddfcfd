import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { silentLogger } from '../../base/log.ts';
import type { GreylistStore } from '../../store/greylist.ts';
import type { CheckResult, IncomingChecks } from '../hooks.ts';
import { createClamav, parseAnswer } from './clamav.ts';
import { combineChecks } from './combine.ts';
import { createBlockLists, isPrivate, reverseName, type BlockListDns } from './dnsbl.ts';
import { createGreylist, networkOf } from './greylist.ts';
import { createRspamd } from './rspamd.ts';

const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

const facts = { ip: '192.0.2.1', hello: 'mx.else.test', from: 'a@else.test' };

function listDns(zone: Record<string, { a: readonly string[]; txt?: string } | 'SERVFAIL'>, asked: string[] = []): BlockListDns {
  const find = (name: string): { a: readonly string[]; txt?: string } => {
    asked.push(name);
    const entry = zone[name];
    if (entry === undefined || entry === 'SERVFAIL')
      throw Object.assign(new Error('no'), { code: entry === undefined ? 'ENOTFOUND' : 'ESERVFAIL' });
    return entry;
  };
  return { resolve4: async (name) => find(name).a, resolveTxt: async (name) => [[find(name).txt ?? '']] };
}

test('block lists: who is on one, with its words; refusals of the list itself and silence list nobody', async () => {
  const asked: string[] = [];
  const dns = listDns(
    {
      '1.2.0.192.bl.test': { a: ['127.0.0.2'], txt: 'see https://bl.test/192.0.2.1' },
      '2.2.0.192.bl.test': { a: ['127.255.255.254'] },
      '3.2.0.192.bl.test': 'SERVFAIL',
      '4.2.0.192.soft.test': { a: ['127.0.0.10'] },
      '5.2.0.192.soft.test': { a: ['127.0.0.11'] },
    },
    asked,
  );
  const lists = createBlockLists({
    lists: [
      { zone: 'soft.test', action: 'junk', answers: ['127.0.0.10'] },
      { zone: 'bl.test', action: 'reject', answers: [] },
    ],
    dns,
    log: silentLogger,
  });
  assert.deepEqual(await lists.find('192.0.2.1'), { zone: 'bl.test', action: 'reject', reason: 'see https://bl.test/192.0.2.1' });
  assert.deepEqual(
    await Promise.all(['192.0.2.2', '192.0.2.3', '192.0.2.5', '127.0.0.1', '10.0.0.1'].map((ip) => lists.find(ip))),
    Array(5).fill(undefined),
  );
  assert.equal((await lists.find('192.0.2.4'))?.action, 'junk');
  const before = asked.length;
  await lists.find('192.0.2.1');
  assert.equal(asked.length, before, 'remembered');
});

test('names for lists', () => {
  assert.equal(reverseName('192.0.2.99'), '99.2.0.192');
  assert.equal(reverseName('2001:db8:1:2:3:4:567:89ab'), 'b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2');
  assert.equal(reverseName('2001:db8::1').startsWith('1.0.0.0.0.'), true);
  const private_ = [
    '127.0.0.1',
    '10.1.1.1',
    '192.168.0.1',
    '172.16.0.1',
    '172.31.0.1',
    '169.254.1.1',
    '::1',
    'fe80::1',
    'fd00::1',
  ];
  assert.deepEqual([...private_, '172.32.0.1', '2001:db8::1', '8.8.8.8'].map(isPrivate), [
    ...private_.map(() => true),
    false,
    false,
    false,
  ]);
});

test('greylisting puts off the first try, not the second; a network that came back often is trusted', async () => {
  const seen = new Map<string, number>();
  let now = 0;
  const store: GreylistStore = {
    pass: async (network, from, to, { now: at, delayMs }) => {
      const key = `${network} ${from} ${to}`;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, at.getTime());
      return first !== undefined && at.getTime() - first >= delayMs;
    },
  };
  const greylist = createGreylist(store, { delayMs: 60, log: silentLogger, now: () => now });
  const pass = (ip: string, to = 'u@mail.test'): Promise<boolean> => greylist.mayPass(ip, 'A@else.test', to);
  assert.equal(await pass('192.0.2.1'), false);
  now = 59;
  assert.equal(await pass('192.0.2.1'), false);
  now = 60;
  assert.equal(await pass('192.0.2.77'), true);
  for (let count = 0; count < 4; count += 1) await pass('192.0.2.1');
  assert.equal(await pass('192.0.2.1', 'new@mail.test'), true);
  assert.equal(await pass('192.168.1.1'), true);
  const broken = createGreylist({ pass: () => Promise.reject(new Error('away')) }, { delayMs: 1, log: silentLogger });
  assert.equal(await broken.mayPass('192.0.2.1', 'a@b.test', 'c@d.test'), true);
  assert.deepEqual(
    [networkOf('192.0.2.9'), networkOf('2001:DB8::1'), networkOf('2001:db8:1:2:3::9')],
    ['192.0.2.0/24', '2001:db8:0:0::/64', '2001:db8:1:2::/64'],
  );
});

test('Rspamd’s actions become verdicts; without it mail goes on', async () => {
  const asked: unknown[] = [];
  let answer: object | string = 'broken';
  const server = createHttpServer((request, response) => {
    let body = '';
    request.on('data', (bytes: Buffer) => (body += bytes.toString()));
    request.on('end', () => {
      asked.push([
        request.method,
        request.url,
        request.headers['ip'],
        request.headers['from'],
        request.headers['password'],
        body,
      ]);
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const rspamd = createRspamd({ url, password: 'pw', timeoutMs: 2_000, log: silentLogger });
  const verdict = async (next: object | string): Promise<CheckResult> => {
    answer = next;
    return rspamd.check(Buffer.from('raw'), facts);
  };
  assert.deepEqual(await verdict('broken'), { header: '', verdict: 'accept' });
  const symbols = { BAYES_SPAM: { score: 5.1 }, R_SPF_ALLOW: { score: -0.2 }, 'bad\r\nname': { score: 1 } };
  assert.deepEqual(await verdict({ action: 'add header', score: 7.5, required_score: 15, symbols }), {
    header: 'X-Spam-Status: Yes, score=7.50 required=15.00 by rspamd\r\n\tBAYES_SPAM(5.10)\r\n\tR_SPF_ALLOW(-0.20)\r\n',
    verdict: 'quarantine',
  });
  assert.deepEqual(
    [
      (await verdict({ action: 'no action' })).verdict,
      (await verdict({ action: 'reject', score: 20 })).verdict,
      (await verdict({ action: 'soft reject' })).verdict,
    ],
    ['accept', 'reject', 'defer'],
  );
  assert.deepEqual(asked[0], ['POST', '/checkv2', '192.0.2.1', 'a@else.test', 'pw', 'raw']);
  const away = createRspamd({ url: 'http://127.0.0.1:1', timeoutMs: 500, log: silentLogger });
  assert.equal((await away.check(Buffer.from('x'), facts)).verdict, 'accept');
});

test('ClamAV: clean, virus, too big, away', async () => {
  const received: Buffer[] = [];
  let answer = 'stream: OK\0';
  const server = createServer((socket) => {
    let bytes = Buffer.alloc(0);
    socket.on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      if (!bytes.subarray(-4).equals(Buffer.alloc(4))) return;
      received.push(bytes);
      socket.end(answer);
    });
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const options = {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    maxBytes: 1_000_000,
    timeoutMs: 2_000,
    log: silentLogger,
  };
  const clamav = createClamav({ ...options, onFailure: 'defer' });
  const raw = Buffer.alloc(600_000, 'x');
  assert.equal((await clamav.check(raw, facts)).verdict, 'accept');
  const [sent = Buffer.alloc(0)] = received;
  assert.equal(sent.toString('latin1', 0, 10), 'zINSTREAM\0');
  assert.equal(sent.length, 10 + raw.length + 3 * 4 + 4);
  answer = 'stream: Eicar-Signature FOUND\0';
  assert.deepEqual(await clamav.check(raw, facts), {
    header: '',
    verdict: 'reject',
    text: 'The message holds a virus (Eicar-Signature)',
  });
  answer = 'INSTREAM size limit exceeded. ERROR\0';
  assert.equal((await clamav.check(raw, facts)).verdict, 'defer');
  assert.equal((await clamav.check(Buffer.alloc(1_000_001), facts)).verdict, 'accept');
  const away = createClamav({ ...options, port: 1, onFailure: 'accept' });
  assert.equal((await away.check(raw, facts)).verdict, 'accept');
  assert.equal(parseAnswer('stream: OK\0'), undefined);
});

test('several checks: the hardest verdict, all headers in order, and one that fails is left out', async () => {
  const fixed = (verdict: CheckResult['verdict'], header: string, text?: string): IncomingChecks => ({
    check: async () => ({ verdict, header, ...(text === undefined ? {} : { text }) }),
  });
  const failing: IncomingChecks = { check: () => Promise.reject(new Error('x')) };
  const all = combineChecks(
    [fixed('quarantine', 'A: 1\r\n'), failing, fixed('defer', 'B: 2\r\n', 'later'), fixed('accept', '')],
    silentLogger,
  );
  assert.deepEqual(await all.check(Buffer.alloc(0), facts), { verdict: 'defer', header: 'A: 1\r\nB: 2\r\n', text: 'later' });
  assert.deepEqual(await combineChecks([], silentLogger).check(Buffer.alloc(0), facts), { verdict: 'accept', header: '' });
});
