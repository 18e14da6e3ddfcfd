import { expect, test } from 'vitest';
import { recordsOf, zoneFile } from './records.ts';

const facts = { domain: 'example.org', server: 'mail.example.org', dkim: undefined, imapsPort: 993, submissionsPort: undefined };

test('the records of a domain', () => {
  expect(recordsOf(facts).map(({ type, name }) => `${type} ${name}`)).toEqual([
    'MX example.org',
    'TXT example.org',
    'TXT _dmarc.example.org',
    'SRV _imaps._tcp.example.org',
  ]);
});

test('a long key becomes several strings of at most 255 octets', () => {
  const value = `v=DKIM1; p=${'A'.repeat(400)}`;
  const zone = zoneFile(recordsOf({ ...facts, dkim: { name: 's._domainkey.example.org', value } }));
  const line = zone.split('\n').find((each) => each.includes('_domainkey')) ?? '';
  const strings = [...line.matchAll(/"([^"]*)"/g)].map(([, text = '']) => text);
  expect(strings.every((text) => text.length <= 255)).toBe(true);
  expect(strings.join('')).toBe(value);
});
