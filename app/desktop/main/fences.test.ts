import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deepLinkIn, deepLinkPath } from './deep-link.ts';
import { externalTarget, mayCallBridge, mayShow, mayUse, type Places } from './fences.ts';

const places: Places = { origin: 'http://127.0.0.1:8090', ownPages: ['file:///opt/Mallard/pages/status.html'] };

test('a window shows the appliance and the own page, nothing else', () => {
  const cases: [string, boolean][] = [
    ['http://127.0.0.1:8090/', true],
    ['http://127.0.0.1:8090/people/anna?x=1#signin=abc', true],
    ['file:///opt/Mallard/pages/status.html', true],
    ['file:///opt/Mallard/pages/status.html#x', true],
    ['http://127.0.0.1:8091/', false],
    ['https://127.0.0.1:8090/', false],
    ['http://localhost:8090/', false],
    ['http://127.0.0.1:8090@example.org/', false],
    ['http://127.0.0.1:8090.example.org/', false],
    ['file:///opt/Mallard/pages/other.html', false],
    ['file:///etc/passwd', false],
    ['javascript:alert(1)', false],
    ['data:text/html,hello', false],
    ['blob:http://127.0.0.1:8090/1234', false],
    ['about:blank', false],
    ['', false],
  ];
  for (const [url, expected] of cases) {
    assert.equal(mayShow(url, places), expected, url);
    assert.equal(mayCallBridge(url, places), expected, url);
  }
  assert.equal(mayShow('http://127.0.0.1:8090/', { ...places, origin: undefined }), false);
  assert.equal(mayShow('', { ...places, origin: '' }), false);
});

test('links elsewhere open in the browser or the mail program; other schemes do nothing', () => {
  const cases: [string, string | undefined][] = [
    ['https://example.org/docs', 'https://example.org/docs'],
    ['http://192.168.1.1/', 'http://192.168.1.1/'],
    ['mailto:anna@example.test', 'mailto:anna@example.test'],
    ['http://127.0.0.1:8090/logs', undefined],
    ['https://user:pass@example.org/', undefined],
    ['file:///etc/passwd', undefined],
    ['javascript:alert(1)', undefined],
    ['ms-msdt:/id', undefined],
    ['smb://host/share', undefined],
    ['mallard://open/', undefined],
    ['no url', undefined],
  ];
  for (const [url, expected] of cases) assert.equal(externalTarget(url, places), expected, url);
});

test('permissions: two harmless ones, for the appliance alone', () => {
  assert.equal(mayUse('notifications', 'http://127.0.0.1:8090', places), true);
  assert.equal(mayUse('clipboard-sanitized-write', 'http://127.0.0.1:8090/', places), true);
  assert.equal(mayUse('notifications', 'https://example.org', places), false);
  for (const permission of [
    'media',
    'geolocation',
    'clipboard-read',
    'openExternal',
    'fullscreen',
    'hid',
    'serial',
    'usb',
    'unknown',
  ]) {
    assert.equal(mayUse(permission, 'http://127.0.0.1:8090', places), false, permission);
  }
});

test('a deep link names a place to show, never something to do', () => {
  const cases: [string, string | undefined][] = [
    ['mallard://open/people/anna@example.test', '/people/anna@example.test'],
    ['mallard://open', '/'],
    ['mallard://open/', '/'],
    ['mallard://open/logs?x=1#signin=stolen', '/logs'],
    ['mallard://open/control/shutdown', undefined],
    ['mallard://open/api/users', undefined],
    ['mallard://open/%61pi/users', undefined],
    ['mallard://open//example.org/', undefined],
    ['mallard://open/../control/x', undefined],
    ['mallard://close/', undefined],
    ['mallard://u@open/', undefined],
    ['https://open/logs', undefined],
    [`mallard://open/${'a'.repeat(600)}`, undefined],
    ['mallard://open/<script>', '/%3Cscript%3E'],
  ];
  for (const [link, expected] of cases) assert.equal(deepLinkPath(link), expected, link);
  assert.equal(deepLinkIn(['--hidden', '/some/file', 'mallard://open/logs']), 'mallard://open/logs');
  assert.equal(deepLinkIn(['--hidden']), undefined);
});
