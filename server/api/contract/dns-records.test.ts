import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountQr } from './account-qr.ts';
import { recordsOf, zoneFile } from './dns-records.ts';

test('the records of a domain, services that run alone', () => {
  const ports = { imaps: 993, imap: 143, submissions: 465, submission: 587, pop3s: 10995, sieve: 4190, pop3: 0 };
  const dkim = [{ name: 's._domainkey.example.org', value: `v=DKIM1; p=${'A'.repeat(400)}` }];
  const records = recordsOf({ domain: 'example.org', server: 'mail.example.org', dkim, ports });
  const srv = records.filter(({ type }) => type === 'SRV').map(({ name, value }) => `${name} ${value}`);
  assert.deepEqual(srv, [
    '_imaps._tcp.example.org 0 1 993 mail.example.org.',
    '_submissions._tcp.example.org 0 1 465 mail.example.org.',
    '_pop3s._tcp.example.org 0 1 10995 mail.example.org.',
    '_imap._tcp.example.org 10 1 143 mail.example.org.',
    '_submission._tcp.example.org 10 1 587 mail.example.org.',
    '_sieve._tcp.example.org 0 1 4190 mail.example.org.',
  ]);
  const zone = zoneFile(records);
  assert.match(zone, /^example\.org\. 3600 IN MX 10 mail\.example\.org\.$/m);
  assert.match(zone, /^_imaps\._tcp\.example\.org\. 3600 IN SRV 0 1 993 mail\.example\.org\.$/m);
  const key = zone.split('\n').find((line) => line.includes('_domainkey')) ?? '';
  const strings = [...key.matchAll(/"([^"]*)"/g)].map(([, text = '']) => text);
  assert.ok(strings.length === 2 && strings.every((text) => text.length <= 255));
  assert.equal(strings.join(''), dkim[0]!.value);
});

test('an account as a QR code for Thunderbird', () => {
  const account = {
    protocol: 'imap',
    incoming: { host: 'imap.domain.example', port: 993, security: 'implicit' },
    outgoing: { host: 'smtp.domain.example', port: 587, security: 'starttls' },
    username: 'user@domain.example',
    address: 'user@domain.example',
    name: 'Jane Doe',
  } as const;
  assert.deepEqual(JSON.parse(accountQr(account)), [
    1,
    [1, 1],
    [0, 'imap.domain.example', 993, 3, 1, 'user@domain.example'],
    [
      [
        [0, 'smtp.domain.example', 587, 2, 1, 'user@domain.example'],
        ['user@domain.example', 'Jane Doe'],
      ],
    ],
  ]);
  const [, , incoming, [[outgoing]]] = JSON.parse(accountQr({ ...account, protocol: 'pop3', password: 'p' })) as [
    0,
    0,
    unknown[],
    [[unknown[]]],
  ];
  assert.deepEqual([incoming[0], incoming.slice(6), outgoing.slice(6)], [1, ['', 'p'], ['p']]);
});
