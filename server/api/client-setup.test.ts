import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveConfig } from '../config/load.ts';
import { askedAddress, autoconfigXml, autodiscoverXml, serversOf } from './client-setup.ts';

const config = (more: object = {}) => resolveConfig({ hostname: 'mail.example.org', ...more });
const tls = { cert: '-----BEGIN CERTIFICATE-----', key: '-----BEGIN PRIVATE KEY-----' };

test('encrypted ports first, and only those that run and are known', () => {
  const told = (more: object) => serversOf(config(more)).map(({ type, port, socket }) => `${type} ${port} ${socket}`);
  assert.deepEqual(told({ tls }), [
    'imap 993 SSL',
    'imap 143 STARTTLS',
    'pop3 995 SSL',
    'pop3 110 STARTTLS',
    'smtp 465 SSL',
    'smtp 587 STARTTLS',
  ]);
  assert.deepEqual(told({}), ['imap 143 plain', 'pop3 110 plain', 'smtp 587 plain']);
  const services = {
    imaps: { port: 1993 },
    imap: { port: 0 },
    pop3: { enabled: false },
    pop3s: { enabled: false },
    submission: { enabled: false },
  };
  assert.deepEqual(told({ tls, services }), ['imap 1993 SSL', 'smtp 465 SSL']);
});

test('autoconfig', () => {
  const xml = autoconfigXml(config({ tls }), 'ann@example.org');
  assert.match(xml, /<domain>example\.org<\/domain>/);
  assert.match(
    xml,
    /<incomingServer type="imap">\s*<hostname>mail\.example\.org<\/hostname>\s*<port>993<\/port>\s*<socketType>SSL<\/socketType>\s*<authentication>password-cleartext<\/authentication>\s*<username>%EMAILADDRESS%<\/username>/,
  );
  assert.match(xml, /<outgoingServer type="smtp">/);
  assert.doesNotMatch(autoconfigXml(config(), 'a@<script>"&'), /<script>|"&</);
});

test('autodiscover', () => {
  const request =
    '<?xml version="1.0"?><Autodiscover xmlns="x"><Request><EMailAddress>ann&amp;co@example.org</EMailAddress></Request></Autodiscover>';
  assert.equal(askedAddress(request), 'ann&co@example.org');
  assert.equal(askedAddress('<EMailAddress>nobody</EMailAddress>'), undefined);
  assert.equal(askedAddress('x'.repeat(100_000)), undefined);
  const xml = autodiscoverXml(config({ tls }), 'ann&co@example.org');
  assert.deepEqual(
    [...xml.matchAll(/<Type>(\w+)<\/Type>\s*<Server>mail\.example\.org<\/Server>\s*<Port>(\d+)/g)].map(([, type, port]) => [
      type,
      port,
    ]),
    [
      ['IMAP', '993'],
      ['POP3', '995'],
      ['SMTP', '465'],
    ],
  );
  assert.match(xml, /<LoginName>ann&amp;co@example\.org<\/LoginName>/);
});
