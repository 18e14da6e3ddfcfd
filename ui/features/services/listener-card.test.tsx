// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import type { Listener } from '../../lib/listeners.ts';
import { Refusal, show } from '../../testing/show.tsx';
import { ListenerCard } from './listener-card.tsx';

const imap: Listener = {
  name: 'imap',
  enabled: true,
  state: 'ready',
  endpoint: { host: '127.0.0.1', port: 143, tls: 'starttls' },
  host: 'any',
  reach: 'network',
  wantedPort: 143,
  portIsDefault: true,
};

test('shows state, port, reach and encryption in words', async () => {
  await show(<ListenerCard listener={imap} />);
  for (const text of ['Running', 'port 143', 'Everybody who reaches this computer', 'Encrypted by upgrade (STARTTLS)'])
    expect(screen.getByText(text)).toBeTruthy();
});

test('turning it off asks the appliance and does not pretend', async () => {
  const { calls } = await show(<ListenerCard listener={imap} />, {
    'PUT /control/settings': { changed: ['imap.enabled'], restart: 'worker', overridden: [] },
    'GET /control/settings': { settings: [] },
  });
  await userEvent.click(screen.getByRole('switch', { name: 'IMAP on or off' }));
  await waitFor(() => expect(screen.getByTestId('polite').textContent).toContain('IMAP is being turned off.'));
  expect(calls.find(({ method }) => method === 'PUT')?.body).toEqual({ values: { 'imap.enabled': false } });
  expect((screen.getByRole('switch') as HTMLInputElement).checked).toBe(true);
});

test('a refusal is told at once, with the words of the appliance', async () => {
  await show(<ListenerCard listener={imap} />, {
    'PUT /control/settings': new Refusal(400, { error: 'another setting needs it', code: 'SettingConflict' }),
    'GET /control/settings': { settings: [] },
  });
  await userEvent.click(screen.getByRole('switch'));
  await waitFor(() => expect(screen.getByTestId('urgent').textContent).toContain('another setting needs it'));
});
