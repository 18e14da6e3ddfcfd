// @vitest-environment happy-dom
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';
import { show } from '../testing/show.tsx';
import { FiltersCard } from './filters-card.tsx';

const filter = (id: string, query: object, action: object) => ({ success: true, id, name: '', query, action, disabled: false });
const answers = {
  'GET /api/users/u/filters': { limits: { allowed: 10, used: 2 }, results: [{ id: 'a' }, { id: 'b' }] },
  'GET /api/users/u/filters/a': filter('a', { from: 'news' }, { mailbox: 'm', seen: true }),
  'GET /api/users/u/filters/b': filter('b', { ha: true }, { flag: true, stop: true }),
  'GET /api/users/u/mailboxes': { results: [{ id: 'm', name: 'Letters', path: 'Work/Letters' }] },
  'PUT /api/users/u/filters': { success: true },
  'PUT /api/users/u/filters/a': { success: true },
  'POST /api/users/u/filters': { success: true, id: 'c' },
};

test('filters are told in sentences, ordered and turned off', async () => {
  const { calls } = await show(<FiltersCard user="u" />, answers);
  await screen.findByText('Sender contains “news”');
  await screen.findByText('→ move to Work/Letters · mark as read');
  screen.getByText('→ mark with a star · no further filters');
  await userEvent.click(screen.getByRole('button', { name: 'Move Has attachments up' }));
  expect(calls.find(({ method }) => method === 'PUT')?.body).toEqual({ order: ['b', 'a'] });
  await userEvent.click(screen.getByRole('switch', { name: 'Sender contains “news”: on' }));
  expect(calls.findLast(({ method }) => method === 'PUT')).toMatchObject({
    path: '/api/users/u/filters/a',
    body: { disabled: true },
  });
});

test('a new filter needs something that fits and something to do', async () => {
  const { calls } = await show(<FiltersCard user="u" />, answers);
  await screen.findByText('Sender contains “news”');
  await userEvent.click(screen.getByRole('button', { name: 'Add a filter' }));
  const dialog = within(await screen.findByRole('dialog'));
  await userEvent.click(dialog.getByRole('button', { name: 'Save' }));
  dialog.getByText('Say at least one thing that must fit.');
  await userEvent.type(dialog.getByLabelText('Subject contains'), 'bill');
  dialog.getByText('Say at least one thing that is to be done.');
  await userEvent.click(dialog.getByLabelText('Mark with a star'));
  await userEvent.click(dialog.getByRole('button', { name: 'Save' }));
  const made = calls.find(({ method }) => method === 'POST')?.body as { query: object; action: object };
  expect(made.query).toMatchObject({ subject: 'bill', from: null });
  expect(made.action).toMatchObject({ flag: true, mailbox: null, targets: [] });
});
