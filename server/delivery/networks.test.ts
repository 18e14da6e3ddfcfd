/** What is inside, and what is not: both ways, so that no list shuts out the world. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNetworks, isInside } from './networks.ts';

const inside = [
  '127.0.0.1',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fd00::1',
  'fe80::1',
  '::ffff:10.0.0.1',
  '::ffff:7f00:1',
];
const outside = [
  '8.8.8.8',
  '172.32.0.1',
  '172.15.0.1',
  '100.128.0.1',
  '192.0.2.1',
  '2a00::1',
  '2606:4700::1111',
  '::ffff:8.8.8.8',
];

test('addresses of this machine and its networks are inside, the world is not', () => {
  for (const address of inside) assert.equal(isInside(address), true, address);
  for (const address of outside) assert.equal(isInside(address), false, address);
});

test('single addresses and networks of a setting', () => {
  const has = createNetworks(['192.0.2.7', '198.51.100.0/24', '2001:db8::/32']);
  assert.deepEqual(['192.0.2.7', '192.0.2.8', '198.51.100.200', '198.51.101.1', '2001:db8:1::1', '2001:db9::1'].map(has), [
    true,
    false,
    true,
    false,
    true,
    false,
  ]);
});
