import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { after, test } from 'node:test';
import { startDns } from './dns.ts';

const dns = await startDns({
  'there.test': { MX: [[10, 'mx.there.test']], TXT: ['v=spf1 -all', `long ${'x'.repeat(3_000)}`] },
  'mx.there.test': { A: ['127.0.0.1'], AAAA: ['::1', '2001:db8::5:6'] },
  'null.test': { MX: [[0, '.']] },
  'alias.test': { CNAME: 'mx.there.test' },
  'broken.test': 'servfail',
  '1.2.0.192.in-addr.arpa': { PTR: ['host.there.test'] },
});
after(() => dns.stop());
const resolver = new Resolver({ timeout: 500, tries: 1 });
resolver.setServers([dns.address]);

test('answers what the zone has, long ones over TCP', async () => {
  assert.deepEqual(
    (await resolver.resolveMx('there.test')).map(({ priority, exchange }) => ({ priority, exchange })),
    [{ priority: 10, exchange: 'mx.there.test' }],
  );
  assert.deepEqual(
    (await resolver.resolveTxt('there.test')).map((parts) => parts.join('').length).toSorted((a, b) => a - b),
    [11, 3_005],
  );
  assert.deepEqual(await resolver.resolve6('mx.there.test'), ['::1', '2001:db8::5:6']);
  assert.deepEqual(await resolver.resolve4('alias.test'), ['127.0.0.1']);
  assert.deepEqual(await resolver.reverse('192.0.2.1'), ['host.there.test']);
  assert.equal((await resolver.resolveMx('null.test'))[0]?.exchange, '');
});

test('tells absent names, absent records and failures apart', async () => {
  await assert.rejects(resolver.resolveMx('nowhere.test'), { code: 'ENOTFOUND' });
  await assert.rejects(resolver.resolve4('there.test'), { code: 'ENODATA' });
  await assert.rejects(resolver.resolve4('broken.test'), { code: 'ESERVFAIL' });
});
