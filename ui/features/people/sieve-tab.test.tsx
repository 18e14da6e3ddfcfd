// @vitest-environment happy-dom
import { fireEvent, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import type { Person } from '../../lib/people.ts';
import { show } from '../../testing/show.tsx';
import { SieveTab } from './sieve-tab.tsx';

const person = { id: 'u1', username: 'anna', address: 'anna@example.org', name: 'Anna' } as unknown as Person;
const main = { name: 'main', active: true, size: 5, updated: '2026-01-01T00:00:00.000Z' };
const trouble = { at: '2026-01-01T00:00:00.000Z', script: 'main', line: 3, text: 'there is no mailbox Old' };

test('shows the script that works, and what went wrong with it', async () => {
  const { calls } = await show(<SieveTab person={person} />, {
    'GET /api/users/u1/sieve': { results: [main], trouble, extensions: ['fileinto'] },
    'GET /api/users/u1/sieve/main': { text: 'keep;' },
    'PUT /api/users/u1/sieve/main': { success: true },
  });
  expect(await screen.findByText('The script main did not work; the message was kept')).toBeTruthy();
  expect(screen.getByText(/line 3: there is no mailbox Old/)).toBeTruthy();
  expect(((await screen.findByRole('textbox', { name: 'Script' })) as HTMLTextAreaElement).value).toBe('keep;');
  await userEvent.click(screen.getByRole('button', { name: 'Switch it off' }));
  await waitFor(() => expect(screen.getByTestId('polite').textContent).toContain('No script works now.'));
  expect(calls.find(({ method }) => method === 'PUT')?.body).toEqual({ active: false });
});

test('a wrong script is not saved, and the line is told', async () => {
  const { calls } = await show(
    <SieveTab person={person} />,
    {
      'GET /api/users/u1/sieve': { results: [], trouble: null, extensions: ['fileinto'] },
      'POST /api/users/u1/sieve/check': { success: true, valid: false, line: 2, problem: 'There is no command nonsense' },
    },
    'de',
  );
  expect(await screen.findByText('Noch kein Skript')).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Neues Skript' }));
  await userEvent.type(screen.getByLabelText(/Name des Skripts/), 'neu');
  fireEvent.change(screen.getByLabelText(/Inhalt/), { target: { value: 'keep;\nnonsense;' } });
  await userEvent.click(screen.getByRole('button', { name: 'Speichern' }));
  expect(await screen.findByText('Zeile 2: There is no command nonsense')).toBeTruthy();
  expect(calls.some(({ method }) => method === 'PUT')).toBe(false);
});
