// @vitest-environment happy-dom
import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { show } from '../testing/show.tsx';
import { SessionGate } from './session-gate.tsx';

test('a session asked for before the link was taken does not sign out again', async () => {
  let answerLate = (_answer: unknown): void => {};
  const late = new Promise((resolve) => (answerLate = resolve));
  await show(<SessionGate>inside</SessionGate>, {
    'GET /control/session': late,
    'POST /control/session': { signedIn: true },
  });
  window.location.hash = '#signin=abcDEF_123-xyz';
  await screen.findByText('inside');
  answerLate({ signedIn: false, here: true, passwordSet: false, passkey: false });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(screen.getByText('inside')).toBeTruthy();
});
