// @vitest-environment happy-dom
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { Fault } from '../lib/fault.ts';
import { show } from '../testing/show.tsx';
import { SignIn } from './sign-in.tsx';

test('takes a pasted link and nothing else', async () => {
  const onLink = vi.fn();
  await show(<SignIn fault={null} onLink={onLink} onRetry={undefined} />);
  const field = screen.getByLabelText('Or paste the link here');
  await userEvent.type(field, 'http://127.0.0.1:8090/');
  await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  expect(screen.getByText(/This is no sign-in link/)).toBeTruthy();
  await userEvent.type(field, '#signin=abcDEF_123-xyz');
  await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  expect(onLink).toHaveBeenCalledWith('abcDEF_123-xyz');
});

test('a used link is told as such', async () => {
  await show(<SignIn fault={new Fault('Unauthorized', 401, 'used')} onLink={() => {}} onRetry={undefined} />);
  expect(screen.getByRole('alert').textContent).toContain('A link works once');
});
