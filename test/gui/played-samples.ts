/** Samples for the played API: mail on its way, the queue, a signing key. */
import { randomBytes } from 'node:crypto';

const hexId = (): string => randomBytes(12).toString('hex');
const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

export function playedTraces(): object[] {
  return [
    {
      transaction: '45a2e79ba5c144e460',
      at: ago(3),
      from: 'orders@shop.example',
      to: ['anna.berg@example.org'],
      subject: 'Your order has been shipped',
      messageId: '<2026.1124.7781@shop.example>',
      ip: '203.0.113.24',
      steps: [
        { at: ago(3), kind: 'accepted', ip: '203.0.113.24', checks: 'spf=pass dkim=pass dmarc=pass' },
        { at: ago(3), kind: 'rule', rule: 'learning filter', score: -2.1 },
        { at: ago(3), kind: 'delivered', to: 'anna.berg@example.org', outcome: 'delivered' },
      ],
    },
    {
      transaction: '45a2e79ba5c144e45f',
      at: ago(18),
      from: 'ben.martin@example.org',
      to: ['office@partner.example', 'carla.kowalski@example.org'],
      subject: 'Minutes of Tuesday',
      messageId: '<e5b1c0d4@example.org>',
      steps: [
        { at: ago(18), kind: 'accepted', ip: '192.168.1.24' },
        { at: ago(18), kind: 'delivered', to: 'carla.kowalski@example.org', outcome: 'delivered' },
        { at: ago(18), kind: 'queued', to: ['office@partner.example'] },
        {
          at: ago(17),
          kind: 'attempt',
          to: 'office@partner.example',
          outcome: 'deferred',
          status: '4.7.1',
          server: 'mx.partner.example',
          text: '451 4.7.1 Greylisted, please try again in 300 seconds',
          attempt: 1,
        },
        {
          at: ago(11),
          kind: 'attempt',
          to: 'office@partner.example',
          outcome: 'sent',
          status: '2.0.0',
          server: 'mx.partner.example',
          text: '250 2.0.0 Ok: queued as 4WbT',
          attempt: 2,
        },
      ],
    },
    {
      transaction: '45a2e79ba5c144e45e',
      at: ago(64),
      from: 'greta.keller@example.org',
      to: ['old.address@vendor.example'],
      subject: 'Question about the invoice',
      steps: [
        { at: ago(64), kind: 'queued', to: ['old.address@vendor.example'] },
        {
          at: ago(64),
          kind: 'attempt',
          to: 'old.address@vendor.example',
          outcome: 'failed',
          status: '5.1.1',
          server: 'mail.vendor.example',
          text: '550 5.1.1 No such user here',
          attempt: 1,
        },
        { at: ago(64), kind: 'notice', notified: 'greta.keller@example.org' },
      ],
    },
  ];
}

export function playedQueue(): object[] {
  const common = {
    message: hexId(),
    transaction: '45a2e79ba5c144e45f',
    size: 48_211,
    attempts: 2,
    created: ago(40),
    messageId: '',
  };
  return [
    {
      ...common,
      id: hexId(),
      from: 'ines.schmidt@example.org',
      recipients: ['service@slow.example'],
      destination: 'slow.example',
      subject: 'Offer for the new office',
      state: 'queued',
      next: ago(-12),
      last: { at: ago(8), server: 'mx.slow.example', text: '451 4.3.2 Please try again later' },
    },
    {
      ...common,
      id: hexId(),
      from: 'finn.rossi@example.org',
      recipients: ['all@club.example'],
      destination: 'club.example',
      subject: 'Summer party',
      state: 'held',
      next: ago(-12),
    },
  ];
}

export const playedKey = {
  id: hexId(),
  domain: 'example.org',
  selector: 'mallard202611',
  dnsTxt: {
    name: 'mallard202611._domainkey.example.org',
    value: 'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  },
};
