import { expect, test } from 'vitest';
import type { SettingEntry } from '../../../app/appliance/control/contract.ts';
import { type Answers, answersFrom, problemOf, settingsOf } from './setup-plan.ts';

const entry = (name: string, value: unknown, origin: SettingEntry['origin'] = 'default'): [string, SettingEntry] => [
  name,
  { name, kind: 'text', value, default: value, origin, help: '', allowed: '', restart: 'worker', secret: false },
];
const fresh = new Map([
  entry('server.hostname', ''),
  entry('outbound.mode', 'direct'),
  entry('smtp.host', 'any'),
  entry('outbound.relay.host', ''),
  entry('outbound.relay.username', ''),
  entry('outbound.relay.password', ''),
  entry('outbound.catchAddress', ''),
]);
const answers: Answers = {
  usage: 'office',
  relayHost: '',
  relayUser: '',
  relayPassword: '',
  hostname: '',
  publicCertificate: false,
  certificateEmail: '',
  adminPassword: '',
  startMode: undefined,
  person: { name: 'Anna', address: 'anna@example.org', password: 'long enough', quota: 0 },
};

test('each use comes to the settings that differ, and to no others', () => {
  expect(settingsOf(answers, fresh)).toEqual({ 'outbound.mode': 'paused', 'smtp.host': 'localhost' });
  expect(settingsOf({ ...answers, usage: 'internet', hostname: 'mail.example.org' }, fresh)).toEqual({
    'server.hostname': 'mail.example.org',
  });
  expect(settingsOf({ ...answers, usage: 'testing' }, fresh)).toEqual({
    'outbound.mode': 'catch',
    'smtp.host': 'localhost',
    'outbound.catchAddress': 'anna@example.org',
  });
  expect(settingsOf({ ...answers, usage: 'relay', relayHost: ' smtp.x ', relayUser: 'u', relayPassword: 'p' }, fresh)).toEqual({
    'outbound.mode': 'relay',
    'outbound.relay.host': 'smtp.x',
    'outbound.relay.username': 'u',
    'outbound.relay.password': 'p',
  });
});

test('run again, it begins with what is set', () => {
  const set = new Map([...fresh, entry('outbound.mode', 'relay', 'stored'), entry('outbound.relay.host', 'smtp.x', 'stored')]);
  expect(answersFrom(set)).toMatchObject({ usage: 'relay', relayHost: 'smtp.x' });
});

test('what keeps a step from being left', () => {
  expect(problemOf(1, { ...answers, usage: 'relay' })).toBe('relayHost');
  expect(problemOf(4, { ...answers, hostname: 'not a name' })).toBe('hostname');
  expect(problemOf(5, { ...answers, person: { name: '', address: 'x', password: 'long enough', quota: 0 } })).toBe('address');
  expect(problemOf(5, { ...answers, person: undefined })).toBeUndefined();
  expect(problemOf(5, { ...answers, adminPassword: 'short' })).toBe('adminPassword');
  expect(problemOf(4, { ...answers, usage: 'internet', publicCertificate: true, hostname: 'desk' })).toBe('publicName');
  expect(problemOf(4, { ...answers, usage: 'office', publicCertificate: true, hostname: 'desk' })).toBeUndefined();
});
