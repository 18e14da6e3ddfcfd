import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DnsWanted } from './control/contract.ts';
import { checkDns, type DnsSource, judge } from './dns-check.ts';

const table: [DnsWanted['type'], string, string[], string][] = [
  ['MX', '10 mail.example.org.', ['20 MAIL.example.org.'], 'right'],
  ['MX', '10 mail.example.org.', ['10 other.example.'], 'different'],
  ['MX', '10 mail.example.org.', [], 'missing'],
  ['TXT', 'v=spf1 mx -all', ['v=spf1 mx -all', 'site-verification=1'], 'right'],
  ['TXT', 'v=spf1 mx -all', ['v=spf1 include:x.example ~all'], 'different'],
  ['TXT', 'v=spf1 mx -all', ['v=spf1 mx -all', 'v=spf1 a -all'], 'several'],
  ['TXT', 'v=spf1 mx -all', ['site-verification=1'], 'missing'],
  ['TXT', 'v=DMARC1; p=quarantine', ['v=DMARC1; p=reject; rua=mailto:a@b'], 'right'],
  ['TXT', 'v=DKIM1; k=rsa; p=ABCD', ['k=rsa; p=AB CD'], 'right'],
  ['TXT', 'v=DKIM1; k=rsa; p=ABCD', ['v=DKIM1; p=OTHER'], 'different'],
  ['SRV', '0 1 993 mail.example.org.', ['5 5 993 mail.example.org.'], 'right'],
  ['SRV', '0 1 993 mail.example.org.', ['0 1 143 mail.example.org.'], 'different'],
  ['A', '', ['203.0.113.4'], 'right'],
];
for (const [type, wanted, found, state] of table)
  test(`${type} ${wanted} against ${found.join(' | ')}: ${state}`, () => assert.equal(judge(type, wanted, found), state));

test('a name that is not there is missing; a resolver that does not answer says nothing', async () => {
  const fail = (code: string) => async (): Promise<never> => {
    throw Object.assign(new Error(code), { code });
  };
  const source = {
    resolveMx: fail('ENOTFOUND'),
    resolveTxt: async () => [['v=spf1 ', 'mx -all']],
    resolveSrv: fail('ETIMEOUT'),
    resolve4: fail('ENODATA'),
    resolve6: fail('ENODATA'),
  } satisfies DnsSource;
  const found = await checkDns(
    [
      { type: 'MX', name: 'a.example', value: '10 m.' },
      { type: 'TXT', name: 'a.example', value: 'v=spf1 mx -all' },
      { type: 'SRV', name: '_imaps._tcp.a.example', value: '0 1 993 m.' },
    ],
    source,
  );
  assert.deepEqual(
    found.map(({ state }) => state),
    ['missing', 'right', 'unknown'],
  );
});
