// @vitest-environment happy-dom
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { Fault } from '../lib/fault.ts';
import { Refusal, show } from '../testing/show.tsx';
import { SignIn } from './sign-in.tsx';

const here = { signedIn: false, here: true, passwordSet: false, passkey: false };

test('takes a pasted link and nothing else', async () => {
  const onLink = vi.fn();
  await show(<SignIn session={here} fault={null} onLink={onLink} onRetry={undefined} />);
  const field = screen.getByLabelText('Or paste the link here');
  await userEvent.type(field, 'http://127.0.0.1:8090/');
  await userEvent.click(screen.getByRole('button', { name: 'Open with the link' }));
  expect(screen.getByText(/This is no sign-in link/)).toBeTruthy();
  await userEvent.type(field, '#signin=abcDEF_123-xyz');
  await userEvent.click(screen.getByRole('button', { name: 'Open with the link' }));
  expect(onLink).toHaveBeenCalledWith('abcDEF_123-xyz');
});

test('a used link is told as such', async () => {
  await show(<SignIn session={here} fault={new Fault('Unauthorized', 401, 'used')} onLink={() => {}} onRetry={undefined} />);
  expect(screen.getByRole('alert').textContent).toContain('A link works once');
});

test('from another computer: the password, then the code; no link', async () => {
  let asked = 0;
  const answers = {
    get 'POST /control/session/password'() {
      asked += 1;
      return asked === 1 ? { signedIn: false, needsCode: true } : new Refusal(403, { error: 'no', code: 'WrongCode' });
    },
  };
  const { calls } = await show(
    <SignIn session={{ ...here, here: false, passwordSet: true }} fault={null} onLink={() => {}} onRetry={undefined} />,
    answers,
  );
  expect(screen.queryByLabelText('Or paste the link here')).toBeNull();
  await userEvent.type(screen.getByLabelText(/^Password/), 'a long enough password');
  await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  await userEvent.type(await screen.findByLabelText(/^Code/), '123456');
  await userEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  expect((await screen.findByRole('alert')).textContent).toContain('This code is not right');
  expect(calls.map(({ body }) => body)).toEqual([
    { password: 'a long enough password' },
    { password: 'a long enough password', code: '123456' },
  ]);
});

test('without a password other computers are told where to set one', async () => {
  await show(<SignIn session={{ ...here, here: false }} fault={null} onLink={() => {}} onRetry={undefined} />);
  expect(screen.getByText('No password is set yet')).toBeTruthy();
});
