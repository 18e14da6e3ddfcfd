import { expect, test } from 'vitest';
import { usesOf } from './uses.ts';

const event = (last: string, more: object) => ({
  id: last,
  action: 'authentication',
  result: 'success',
  created: last,
  last,
  ...more,
});

test('one device for each app password, one for each address of the own password; failures are none', () => {
  const uses = usesOf([
    event('2026-11-24T10:00', { protocol: 'IMAP', ip: '10.0.0.1', asp: 'a', aname: 'iPhone' }),
    event('2026-11-24T11:00', { protocol: 'SMTP', ip: '10.0.0.2', asp: 'a', aname: 'iPhone' }),
    event('2026-11-24T09:00', { protocol: 'IMAP', ip: '10.0.0.3' }),
    event('2026-11-24T12:00', { protocol: 'IMAP', ip: '10.0.0.3', result: 'fail' }),
    { ...event('2026-11-24T12:00', {}), action: 'password change' },
  ]);
  expect(uses.map(({ device, protocols, ip, last }) => [device, protocols, ip, last])).toEqual([
    ['iPhone', ['IMAP', 'SMTP'], '10.0.0.2', '2026-11-24T11:00'],
    [undefined, ['IMAP'], '10.0.0.3', '2026-11-24T09:00'],
  ]);
});
