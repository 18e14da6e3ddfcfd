import { expect, test } from 'vitest';
import type { Status } from '../../../app/appliance/control/contract.ts';
import { deviceValues, serverNames, thunderbirdQr } from './device-values.ts';

const status: Status = {
  state: 'running',
  version: '1',
  dataDir: '/d',
  gui: null,
  api: null,
  services: [],
  endpoints: {
    imap: { host: '127.0.0.1', port: 143, tls: 'starttls' },
    imaps: { host: '127.0.0.1', port: 993, tls: 'implicit' },
    submission: { host: '127.0.0.1', port: 587, tls: 'starttls' },
  },
  reachableAs: ['mail.example.org', '192.168.1.10'],
  pid: 1,
  rssBytes: 1,
  since: null,
  notices: [],
};
const person = { username: 'anna@example.org', address: 'anna@example.org' };

test('encryption from the start is preferred, upgrading is taken where there is nothing else', () => {
  expect(deviceValues(status, person, 'apple', 'mail.example.org')).toEqual({
    user: 'anna@example.org',
    incoming: { server: 'mail.example.org', port: 993, tls: 'implicit' },
    outgoing: { server: 'mail.example.org', port: 587, tls: 'starttls' },
  });
  expect(deviceValues(status, person, 'printer', 'x').incoming).toBeUndefined();
});

test('a page that was opened by a name of the network offers that name first; loopback is never offered', () => {
  expect(serverNames(status, 'box.local')).toEqual(['box.local', 'mail.example.org', '192.168.1.10']);
  expect(serverNames(status, '127.0.0.1')).toEqual(['mail.example.org', '192.168.1.10']);
});

test('the code for Thunderbird has the values of the page; none for an address that the format does not take', () => {
  const values = deviceValues(status, person, 'android', '192.168.1.10');
  expect(JSON.parse(thunderbirdQr(status, { ...person, name: 'Anna' }, values, 'pw') ?? '')).toEqual([
    1,
    [1, 1],
    [0, '192.168.1.10', 993, 3, 1, 'anna@example.org', '', 'pw'],
    [
      [
        [0, '192.168.1.10', 587, 2, 1, 'anna@example.org', 'pw'],
        ['anna@example.org', 'Anna'],
      ],
    ],
  ]);
  expect(thunderbirdQr(status, { ...person, name: 'Anna', address: 'дядя@example.org' }, values, 'pw')).toBeUndefined();
});
