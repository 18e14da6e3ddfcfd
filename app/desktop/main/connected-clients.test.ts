import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { connectedClients, parseNetstat, parseProc, summary } from './connected-clients.ts';

test('the kernel’s table', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0201A8C0:03E1 0701A8C0:C738 01 00000000:00000000 00:00000000 00000000  1000        0 1',
    '   1: 00000000:008F 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 2',
    '   2: 0000000000000000FFFF00000100007F:008F 0000000000000000FFFF00000100007F:D431 01 0:0 0:0 0 0 0 3',
    '   3: B80D01200000000000000000010000:03E1 bad 06',
    '   4: B80D0120000000000000000001000000:03E1 B80D0120000000000000000002000000:C000 01 0:0 0:0 0 0 0 4',
  ].join('\n');
  assert.deepEqual(parseProc(table), [
    { localPort: 993, remoteAddress: '192.168.1.7', remotePort: 51000 },
    { localPort: 143, remoteAddress: '127.0.0.1', remotePort: 54321 },
    { localPort: 993, remoteAddress: '2001:db8::2', remotePort: 49152 },
  ]);
});

test('netstat, as macOS and Windows print it', () => {
  const mac =
    'tcp4       0      0  192.168.1.2.993        192.168.1.7.51000      ESTABLISHED\ntcp46      0      0  *.143                  *.*                    LISTEN';
  const windows =
    '  TCP    192.168.1.2:993        192.168.1.7:51000      ESTABLISHED\r\n  TCP    [::1]:143   [::1]:50001   ESTABLISHED\r\n  UDP    0.0.0.0:5353   *:*';
  const macV6 = 'tcp6       0      0  fe80::1%en0.993        fe80::2%en0.51001       ESTABLISHED';
  assert.deepEqual(parseNetstat(mac), [{ localPort: 993, remoteAddress: '192.168.1.7', remotePort: 51000 }]);
  assert.deepEqual(parseNetstat(macV6), [{ localPort: 993, remoteAddress: 'fe80::2', remotePort: 51001 }]);
  assert.deepEqual(parseNetstat(windows), [
    { localPort: 993, remoteAddress: '192.168.1.7', remotePort: 51000 },
    { localPort: 143, remoteAddress: '::1', remotePort: 50001 },
  ]);
});

test('counted by connection, named by address', () => {
  const from = (remoteAddress: string, localPort: number) => ({ localPort, remoteAddress, remotePort: 1 });
  const all = [
    from('192.168.1.9', 993),
    from('192.168.1.7', 993),
    from('192.168.1.7', 993),
    from('127.0.0.1', 143),
    from('10.0.0.1', 22),
  ];
  assert.deepEqual(summary(all, [143, 993]), { connections: 4, addresses: ['192.168.1.7', '192.168.1.9'], local: 1 });
});

test('a real connection is seen', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const client = connect(port, '127.0.0.1');
  const accepted = once(server, 'connection');
  await once(client, 'connect');
  await accepted;
  assert.deepEqual(await connectedClients([port]), { connections: 1, addresses: [], local: 1 });
  client.destroy();
  server.close();
});
