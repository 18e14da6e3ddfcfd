import assert from 'node:assert/strict';
import net from 'node:net';
import os from 'node:os';
import { test } from 'node:test';
import { describeHolder, findPortHolder, listeningInodes, parseLsof, parseNetstat } from './port-holder.ts';

const hasIpv6 = Object.values(os.networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));

test('names the process that holds a port, on either family', async () => {
  for (const host of ['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])]) {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen({ port: 0, host }, resolve));
    const { port } = server.address() as net.AddressInfo;
    const holder = await findPortHolder(port);
    assert.equal(holder?.pid, process.pid, host);
    assert.match(describeHolder(holder ?? { port }), new RegExp(`^port ${port} is used by \\S+ \\(process ${process.pid}`));
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await findPortHolder(port), undefined);
  }
});

test('a connection is not a listener', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0',
    '   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 20 4 30 10 -1',
    '   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0 100 0 0 10 0',
  ].join('\n');
  assert.deepEqual(listeningInodes(table, 0x1f90), ['4711']);
  assert.deepEqual(listeningInodes('', 25), []);
});

test('what other systems say', () => {
  assert.deepEqual(parseLsof('p812\ncexim4\nf3\n', 25), { port: 25, pid: 812, name: 'exim4' });
  assert.equal(parseLsof('', 25), undefined);
  const netstat = [
    '',
    'Aktive Verbindungen',
    '  Proto  Lokale Adresse         Remoteadresse          Status           PID',
    '  TCP    127.0.0.1:125          0.0.0.0:0              ABHÖREN          1',
    '  TCP    0.0.0.0:2500           10.0.0.7:25            HERGESTELLT      2',
    '  TCP    0.0.0.0:25             0.0.0.0:0              ABHÖREN          812',
  ].join('\r\n');
  assert.deepEqual(parseNetstat(netstat, 25), { port: 25, pid: 812 });
  assert.equal(parseNetstat(netstat, 26), undefined);
  assert.equal(describeHolder({ port: 25 }), 'port 25 is used by a program of another user');
});
