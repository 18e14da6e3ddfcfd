import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simpleParser } from 'mailparser';
import { defaultConfig, resolveConfig } from '../../config/load.ts';
import { composeNotice, wantingNotice, type NoticeRecipient } from './bounce.ts';
import { chooseRoute, findHosts, RouteFault, type Dns } from './destinations.ts';
import { isExpired, retryDelayMs } from './schedule.ts';
import { statusOf } from './results.ts';

test('delays grow to three hours, with jitter, for four days', () => {
  const { outbound } = defaultConfig();
  const minutes = [1, 2, 3, 4, 5, 6, 7, 50].map((attempt) => retryDelayMs(outbound, attempt, 0.5) / 60_000);
  assert.deepEqual(minutes, [5, 10, 20, 40, 80, 160, 180, 180]);
  assert.deepEqual(
    [0, 0.9999].map((random) => Math.round(retryDelayMs(outbound, 1, random) / 1000)),
    [240, 360],
  );
  const created = 1_000_000;
  assert.deepEqual(
    [0, 96 * 3_600_000 - 1, 96 * 3_600_000].map((age) => isExpired(outbound, created, created + age)),
    [false, false, true],
  );
  const given = { ...outbound, delaysMs: [5, 7, 30].map((minute) => minute * 60_000) };
  assert.deepEqual(
    [1, 2, 3, 4, 5, 50].map((attempt) => retryDelayMs(given, attempt, 0.5) / 60_000),
    [5, 7, 30, 60, 120, 180],
  );
});

function fail(code: string): Promise<never> {
  return Promise.reject(Object.assign(new Error(code), { code }));
}

function dns(
  zone: Record<string, { mx?: readonly [number, string][] | string; a?: readonly string[] | string; aaaa?: readonly string[] }>,
): Dns {
  return {
    resolveMx: (name) => {
      const mx = zone[name]?.mx;
      if (typeof mx === 'string') return fail(mx);
      if (mx === undefined) return fail(zone[name] === undefined ? 'ENOTFOUND' : 'ENODATA');
      return Promise.resolve(mx.map(([priority, exchange]) => ({ priority, exchange })));
    },
    resolve4: (name) => {
      const a = zone[name]?.a;
      if (typeof a === 'string') return fail(a);
      return a === undefined ? fail(zone[name] === undefined ? 'ENOTFOUND' : 'ENODATA') : Promise.resolve(a);
    },
    resolve6: (name) => {
      const aaaa = zone[name]?.aaaa;
      return aaaa === undefined ? fail('ENODATA') : Promise.resolve(aaaa);
    },
  };
}

const zone = dns({
  'two.test': {
    mx: [
      [20, 'b.two.test'],
      [10, 'a.two.test'],
      [10, 'c.two.test'],
    ],
  },
  'a.two.test': { a: ['192.0.2.1'], aaaa: ['2001:db8::1'] },
  'b.two.test': { a: ['192.0.2.2'] },
  'c.two.test': { a: 'ESERVFAIL' },
  'host.test': { a: ['192.0.2.3'] },
  'null.test': { mx: [[0, '']] },
  'nowhere.test': { mx: [[10, 'gone.test']] },
  'broken.test': { mx: 'ESERVFAIL' },
  'loop.test': {
    mx: [
      [10, 'me.test'],
      [20, 'b.two.test'],
    ],
  },
  'backup.test': {
    mx: [
      [10, 'b.two.test'],
      [20, 'me.test'],
    ],
  },
});

test('hosts of a domain, in the order to try', async () => {
  const options = { dns: zone, ipVersion: 'any' as const, ownName: 'me.test', random: () => 0.5 };
  const table: readonly (readonly [string, unknown])[] = [
    [
      'two.test',
      [
        { name: 'a.two.test', addresses: ['2001:db8::1', '192.0.2.1'] },
        { name: 'b.two.test', addresses: ['192.0.2.2'] },
      ],
    ],
    ['host.test', [{ name: 'host.test', addresses: ['192.0.2.3'] }]],
    ['backup.test', [{ name: 'b.two.test', addresses: ['192.0.2.2'] }]],
    ['[192.0.2.9]', [{ name: '192.0.2.9', addresses: ['192.0.2.9'] }]],
    ['[IPv6:2001:db8::9]', [{ name: '2001:db8::9', addresses: ['2001:db8::9'] }]],
    ['null.test', '5.1.10 permanent'],
    ['nowhere.test', '5.1.2 permanent'],
    ['absent.test', '5.1.2 permanent'],
    ['broken.test', '4.4.3 temporary'],
    ['loop.test', '5.4.6 permanent'],
  ];
  for (const [domain, expected] of table) {
    const found = await findHosts(domain, options).catch((error: unknown) => {
      assert.ok(error instanceof RouteFault);
      return `${error.enhanced} ${error.permanent ? 'permanent' : 'temporary'}`;
    });
    assert.deepEqual(found, expected, domain);
  }
  const four = await findHosts('two.test', { ...options, ipVersion: 'ipv4' });
  assert.deepEqual(four[0]?.addresses, ['192.0.2.1']);
});

test('routes: the first exception that fits, then the mode', () => {
  const { outbound } = resolveConfig({
    outbound: {
      mode: 'relay',
      relay: { host: 'smart.test' },
      routes: [
        { recipientDomain: 'partner.test', relay: { host: 'partner-relay.test' } },
        { recipientDomain: '.below.test', senderDomain: 'me.test', relay: { host: 'below-relay.test' } },
      ],
    },
  });
  const hostOf = (from: string, to: string): string => {
    const route = chooseRoute(outbound, from, to);
    return route.kind === 'relay' ? route.relay.host : 'direct';
  };
  assert.deepEqual(
    [
      hostOf('x.test', 'partner.test'),
      hostOf('me.test', 'a.below.test'),
      hostOf('x.test', 'a.below.test'),
      hostOf('me.test', 'below.test'),
    ],
    ['partner-relay.test', 'below-relay.test', 'smart.test', 'smart.test'],
  );
  assert.equal(chooseRoute({ ...outbound, mode: 'direct' }, 'x.test', 'y.test').kind, 'direct');
  assert.throws(() => chooseRoute({ ...outbound, relay: undefined }, 'x.test', 'y.test'), RouteFault);
});

test('enhanced status codes of replies', () => {
  assert.deepEqual(
    [
      statusOf('550 5.7.1 no', 550),
      statusOf('550-5.7.1 no', 550),
      statusOf('550 no', 550),
      statusOf('450 5.1.1 mixed up', 450),
      statusOf('', 400),
    ],
    ['5.7.1', '5.7.1', '5.0.0', '4.0.0', '4.0.0'],
  );
});

const envelope = {
  from: 'sender@mail.test',
  transactionId: 'x',
  body: '8BITMIME' as const,
  smtpUtf8: false,
  requireTls: false,
  sizeBytes: 10,
  messageId: '<id@mail.test>',
  subject: 'Grüße',
};
const failed = (address: string, more: object = {}): NoticeRecipient => ({
  recipient: { address, ...more },
  status: '5.1.1',
  text: '550 5.1.1 no such user\r\nInjected: yes',
  server: 'mx.else.test [192.0.2.1]',
});

test('a failure report is one for people and for programs', async () => {
  const { message, smtpUtf8 } = composeNotice({
    kind: 'failed',
    envelope: { ...envelope, envelopeId: 'env-1' },
    recipients: [failed('a@else.test', { originalRecipient: 'rfc822;b@orig.test' })],
    original: Buffer.from('Subject: x\r\n\r\nbody\r\n'),
    hostname: 'mail.test',
    now: new Date('2026-01-02T03:04:05Z'),
    arrived: new Date('2026-01-02T03:00:00Z'),
  });
  assert.equal(smtpUtf8, false);
  const text = message.toString('utf8');
  const status = /Content-Type: message\/delivery-status\r\n\r\n([^]*?)\r\n--=_mallard/.exec(text)?.[1];
  assert.equal(
    status,
    'Reporting-MTA: dns; mail.test\r\nOriginal-Envelope-Id: env-1\r\nArrival-Date: Fri, 02 Jan 2026 03:00:00 +0000\r\n\r\n' +
      'Original-Recipient: rfc822;b@orig.test\r\nFinal-Recipient: rfc822; a@else.test\r\nAction: failed\r\nStatus: 5.1.1\r\n' +
      'Remote-MTA: dns; mx.else.test\r\nDiagnostic-Code: smtp; 550 5.1.1 no such user Injected: yes\r\n' +
      'Last-Attempt-Date: Fri, 02 Jan 2026 03:04:05 +0000\r\n',
  );
  assert.match(text, /Content-Type: message\/rfc822\r\n\r\nSubject: x\r\n\r\nbody\r\n/);
  const parsed = await simpleParser(message);
  assert.match(
    parsed.text ?? '',
    /could not be delivered to:\s+a@else\.test\s+mx\.else\.test \[192\.0\.2\.1\] said: 550 5\.1\.1 no such user/,
  );
  assert.deepEqual([parsed.inReplyTo, parsed.headers.get('auto-submitted')], ['<id@mail.test>', 'auto-replied']);
});

test('addresses beyond ASCII make the report global; RET=HDRS returns the header alone', () => {
  const { message, smtpUtf8 } = composeNotice({
    kind: 'delayed',
    envelope: { ...envelope, smtpUtf8: true, returnContent: 'HDRS' },
    recipients: [failed('андрис@уайлддак.орг')],
    original: Buffer.from('Subject: привет\r\n\r\nsecret body\r\n'),
    hostname: 'mail.test',
    now: new Date('2026-01-02T08:00:00Z'),
    arrived: new Date('2026-01-02T03:00:00Z'),
    until: new Date('2026-01-06T03:00:00Z'),
  });
  assert.equal(smtpUtf8, true);
  const text = message.toString('utf8');
  assert.match(text, /Content-Type: message\/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n/);
  assert.match(text, /Final-Recipient: utf-8; андрис@уайлддак\.орг\r\nAction: delayed\r\n/);
  assert.match(text, /Content-Type: message\/global-headers\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: привет\r\n/);
  assert.match(text, /waiting for 5 hours/);
  assert.doesNotMatch(text, /secret body/);
});

test('who wants to be told', () => {
  const recipients = [
    failed('default@x.test'),
    failed('never@x.test', { notify: 'NEVER' }),
    failed('success@x.test', { notify: ['SUCCESS'] }),
    failed('all@x.test', { notify: ['SUCCESS', 'FAILURE', 'DELAY'] }),
  ];
  const names = (kind: 'failed' | 'delayed' | 'delivered'): string[] =>
    wantingNotice(kind, recipients).map(({ recipient }) => recipient.address.split('@')[0] ?? '');
  assert.deepEqual(
    [names('failed'), names('delayed'), names('delivered')],
    [
      ['default', 'all'],
      ['default', 'all'],
      ['success', 'all'],
    ],
  );
});
