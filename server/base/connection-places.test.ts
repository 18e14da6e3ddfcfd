import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionPlaces } from './connection-places.ts';

test('places are counted in all and by address, an IPv6 household being one address and this machine none', () => {
  const places = new ConnectionPlaces({ maxConnections: 7, maxConnectionsPerAddress: 2 });
  const table: readonly (readonly [string, string | undefined])[] = [
    ['192.0.2.1', undefined],
    ['192.0.2.1', undefined],
    ['192.0.2.1', 'too many connections from your address'],
    ['192.0.2.2', undefined],
    ['2001:db8:1:2::1', undefined],
    ['2001:db8:1:2:ffff::9', undefined],
    ['2001:db8:1:2:3:4:5:6', 'too many connections from your address'],
    ['127.0.0.1', undefined],
    ['127.0.0.1', undefined],
    ['127.0.0.1', 'too many connections'],
  ];
  for (const [address, expected] of table) assert.equal(places.take(address), expected, address);
  places.release('192.0.2.1');
  assert.equal(places.take('192.0.2.1'), undefined);
  places.release('2001:db8:1:2::1');
  assert.equal(places.take('2001:db8:1:2::2'), undefined);
});
