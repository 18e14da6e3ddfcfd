// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import type { Person } from '../../lib/people.ts';
import { show } from '../../testing/show.tsx';
import type { ExternalAccount } from './external-api.ts';
import { ExternalTab } from './external-tab.tsx';

const person = { id: 'u1', username: 'anna', address: 'anna@example.org', name: 'Anna' } as unknown as Person;
const account: ExternalAccount = {
  id: 'a1',
  kind: 'pop3',
  host: 'pop.example.com',
  port: 995,
  tls: 'implicit',
  verifyCertificate: true,
  username: 'anna@example.com',
  folder: '',
  mailbox: null,
  keep: 'delete',
  keepDays: 14,
  interval: 300,
  enabled: true,
  created: '2026-01-01T00:00:00.000Z',
  state: 'waiting',
  next: '2099-01-01T00:00:00.000Z',
  lastTry: '2026-01-01T00:00:00.000Z',
  lastSuccess: '2026-01-01T00:00:00.000Z',
  lastError: null,
  fetched: 7,
  refused: 0,
  lastRefusal: null,
};
const list = (...results: readonly ExternalAccount[]): Readonly<Record<string, unknown>> => ({
  'GET /api/users/u1/external': { results },
  'GET /api/users/u1/mailboxes': { results: [{ id: 'm1', path: 'INBOX' }] },
});

test('tells how it goes, and why not', async () => {
  const lastError = { at: '2026-01-01T00:00:00.000Z', code: 'signIn' as const, text: 'The sign-in was refused: no such user' };
  await show(<ExternalTab person={person} />, list({ ...account, state: 'failing', lastError }));
  expect(await screen.findByText('Does not work')).toBeTruthy();
  for (const text of ['The sign-in was refused. Check user name and password.', 'The sign-in was refused: no such user'])
    expect(screen.getByText(text)).toBeTruthy();
  expect(screen.getByText(/7 messages fetched/)).toBeTruthy();
});

test('fetch now asks the server', async () => {
  const { calls } = await show(<ExternalTab person={person} />, {
    ...list(account),
    'POST /api/users/u1/external/a1/fetch': { success: true },
  });
  await userEvent.click(await screen.findByRole('button', { name: 'Fetch now' }));
  await waitFor(() => expect(screen.getByTestId('polite').textContent).toContain('anna@example.com is being looked at.'));
  expect(calls.some(({ method, path }) => method === 'POST' && path === '/api/users/u1/external/a1/fetch')).toBe(true);
});

test('an account is added with the usual port, and its password is sent once', async () => {
  const { calls } = await show(
    <ExternalTab person={person} />,
    { ...list(), 'POST /api/users/u1/external': { success: true, id: 'a2' } },
    'de',
  );
  expect(await screen.findByText('Kein anderes Konto')).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Konto hinzufügen' }));
  await userEvent.type(screen.getByLabelText(/Server/), 'imap.example.com');
  await userEvent.type(screen.getByLabelText(/Benutzername dort/), 'anna');
  await userEvent.type(screen.getByLabelText(/Kennwort dort/), 'geheim');
  const [, submit] = screen.getAllByRole('button', { name: 'Konto hinzufügen', hidden: true });
  await userEvent.click(submit as HTMLElement);
  await waitFor(() => expect(calls.some(({ method }) => method === 'POST')).toBe(true));
  expect(calls.find(({ method }) => method === 'POST')?.body).toEqual({
    kind: 'imap',
    host: 'imap.example.com',
    port: 993,
    tls: 'implicit',
    verifyCertificate: true,
    username: 'anna',
    password: 'geheim',
    folder: 'INBOX',
    mailbox: '',
    keep: 'leave',
    keepDays: 14,
    interval: 300,
    enabled: true,
  });
});
