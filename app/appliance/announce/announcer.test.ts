import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../../../test/harness/wait-for.ts';
import { silentLogger } from '../../../server/base/log.ts';
import type { Endpoints } from '../supervisor/contract.ts';
import { Announcer } from './announcer.ts';
import { announcedHost, certificateNames } from '../certificates/names.ts';
import { announcedServices, announcedTypes } from './services.ts';

const endpoints = {
  imaps: { host: '0.0.0.0', port: 10993, tls: 'implicit' },
  submissions: { host: '0.0.0.0', port: 465, tls: 'implicit' },
  imap: { host: '0.0.0.0', port: 143, tls: 'starttls' },
} as unknown as Endpoints;

function settingsOf(changes: Readonly<Record<string, unknown>> = {}): Parameters<typeof announcedServices>[0] {
  const values: Readonly<Record<string, unknown>> = {
    'server.announce': true,
    'imaps.port': 993,
    'imaps.host': 'any',
    'submissions.port': 465,
    'submissions.host': 'any',
    'pop3s.port': 995,
    'pop3s.host': 'any',
    'gui.port': 8090,
    'gui.host': 'any',
    ...changes,
  };
  return { get: (name: string) => values[name] } as unknown as Parameters<typeof announcedServices>[0];
}

test('what others reach encrypted is told, with the port that it has', () => {
  const told = (changes?: Readonly<Record<string, unknown>>): string[] =>
    announcedServices(settingsOf(changes), endpoints, 8090).map(({ type, port }) => `${type} ${port}`);
  assert.deepEqual(told(), ['imaps 10993', 'submissions 465', 'http 8090']);
  assert.deepEqual(told({ 'imaps.host': 'localhost', 'gui.host': '127.0.0.1' }), ['submissions 465']);
  assert.deepEqual(told({ 'imaps.port': 0, 'gui.port': 0 }), ['submissions 465']);
  assert.deepEqual(told({ 'server.announce': false }), []);
});

test('every announced service has a host of its own, and the certificate is for all of them', () => {
  const hosts = announcedTypes.map((type) => announcedHost('Office.lan', type));
  assert.equal(new Set(hosts).size, announcedTypes.length);
  const { dns } = certificateNames(['mail.example.org'], 'Office.lan', {});
  assert.deepEqual(
    hosts.filter((host) => !dns.includes(host)),
    [],
  );
  const told = announcedServices(settingsOf(), endpoints, 8090).map(({ type }) => type);
  assert.ok(told.every((type) => announcedTypes.includes(type)));
});

test('each change replaces the one before, in turn; closing says goodbye', async () => {
  const told: string[] = [];
  const announcer = new Announcer({
    log: silentLogger,
    open: () =>
      Promise.resolve({
        publish: async (services) => void told.push(services.map(({ type }) => type).join('+')),
        close: async () => void told.push('bye'),
      }),
  });
  const service = (type: string) => ({ type, port: 1, txt: {} });
  announcer.update([]);
  announcer.update([service('imaps')]);
  announcer.update([service('imaps')]);
  announcer.update([service('imaps'), service('http')]);
  // The first was under way when the others came; of those only the last counts.
  await waitFor(() => told.includes('imaps+http'), { what: 'the second set' });
  await announcer.close();
  assert.deepEqual(told, ['imaps', 'bye', 'imaps+http', 'bye']);
});

test('a network that cannot be announced on disturbs nobody; the next change tries again', async () => {
  let tries = 0;
  const announcer = new Announcer({
    log: silentLogger,
    open: () => {
      tries += 1;
      return Promise.reject(new Error('no multicast'));
    },
  });
  announcer.update([{ type: 'imaps', port: 1, txt: {} }]);
  await announcer.close();
  announcer.update([{ type: 'imaps', port: 2, txt: {} }]);
  await announcer.close();
  assert.equal(tries, 2);
});
