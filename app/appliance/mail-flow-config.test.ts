import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveConfig } from '../../server/config/load.ts';
import { checks, devices, outbound, spam } from './mail-flow-config.ts';
import { type SettingName, settingOf } from './settings/registry.ts';
import type { Settings } from './settings/store.ts';

/** Settings with these values, judged as the store judges them. */
function settings(values: Partial<Record<SettingName, string>>): Settings {
  return {
    get: (name: SettingName) => {
      const setting = settingOf(name);
      const given = values[name];
      return given === undefined ? setting.default : setting.schema.parse(setting.fromText(given));
    },
  } as Settings;
}

function config(values: Partial<Record<SettingName, string>>) {
  const given = settings(values);
  return resolveConfig({
    outbound: outbound(given),
    spam: spam(given),
    smtp: { devices: devices(given), checks: checks(given) },
  });
}

test('the defaults of the appliance are those of the worker', () => {
  const { outbound: out, spam: filters, smtp } = config({});
  const defaults = resolveConfig({});
  assert.deepEqual({ out, filters, devices: smtp.devices }, { out: defaults.outbound, filters: defaults.spam, devices: [] });
});

test('a relay with a login, devices, lists and helpers reach the worker as it wants them', () => {
  const {
    outbound: out,
    spam: filters,
    smtp,
  } = config({
    'outbound.mode': 'relay',
    'outbound.relay.host': 'smtp.provider.test',
    'outbound.relay.username': 'me',
    'outbound.relay.password': 'a b',
    'outbound.hostname': 'mx.example.org',
    'outbound.routes':
      'lan.example direct, from:shop.example relay, .far.example mx.far.example:25, x.example s.example:465 me pw',
    'smtp.dmarc': '* quarantine, example.org ignore',
    'smtp.devices': '192.168.1.20 scanner@example.org, fd00::/64 nas@example.org 5',
    'spam.dnsbl': 'zen.spamhaus.org',
    'spam.greylist': 'on',
    'spam.rspamd.url': 'http://127.0.0.1:11333',
    'spam.clamav.host': 'localhost',
  });
  assert.deepEqual(
    [out.mode, out.hostname, out.relay],
    [
      'relay',
      'mx.example.org',
      { host: 'smtp.provider.test', port: 587, tls: 'required', username: 'me', password: 'a b', verifyCertificate: true },
    ],
  );
  const relay = out.relay;
  const other = { verifyCertificate: true };
  assert.deepEqual(out.routes, [
    { recipientDomain: 'lan.example', relay: 'direct' },
    { senderDomain: 'shop.example', relay },
    { recipientDomain: '.far.example', relay: { host: 'mx.far.example', port: 25, tls: 'opportunistic', ...other } },
    {
      recipientDomain: 'x.example',
      relay: { host: 's.example', port: 465, tls: 'implicit', username: 'me', password: 'pw', ...other },
    },
  ]);
  assert.deepEqual([smtp.checks.dmarc, smtp.checks.dmarcByDomain], ['quarantine', { 'example.org': 'ignore' }]);
  assert.deepEqual(smtp.devices, [
    { name: '192.168.1.20', networks: ['192.168.1.20'], sender: 'scanner@example.org', maxPerHour: 100 },
    { name: 'fd00::/64', networks: ['fd00::/64'], sender: 'nas@example.org', maxPerHour: 5 },
  ]);
  assert.deepEqual(
    [filters.dnsbl[0]?.zone, filters.greylist.enabled, filters.rspamd?.url, filters.clamav?.port],
    ['zen.spamhaus.org', true, 'http://127.0.0.1:11333', 3310],
  );
});
