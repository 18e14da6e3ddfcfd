// @vitest-environment happy-dom
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { Fault } from '../lib/fault.ts';
import { show } from '../testing/show.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { FaultAlert } from './fault-alert.tsx';

test('says what happened, what to do, and keeps the details', async () => {
  const retry = vi.fn();
  await show(<FaultAlert fault={new Fault('Unavailable', 503, 'No worker is ready to answer.')} onRetry={retry} />);
  const alert = screen.getByRole('alert');
  expect(alert.textContent).toContain('The mail server is not ready to answer.');
  expect(alert.textContent).toContain('It may be starting.');
  expect(alert.textContent).toContain('No worker is ready to answer.');
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(retry).toHaveBeenCalledOnce();
});

test('a code that nobody knows is told by its status, in German too', async () => {
  await show(<FaultAlert fault={new Fault('SomethingNew', 404, 'x')} />, {}, 'de');
  expect(screen.getByRole('alert').textContent).toContain('Es ist nicht da.');
});

test('what destroys waits for the name', async () => {
  const confirm = vi.fn();
  await show(
    <ConfirmDialog
      opened
      title="Remove?"
      confirmLabel="Remove"
      danger
      typed="anna@example.org"
      onConfirm={confirm}
      onClose={() => {}}
    >
      All mail goes.
    </ConfirmDialog>,
  );
  const button = screen.getByRole('button', { name: 'Remove' }) as HTMLButtonElement;
  expect(button.disabled).toBe(true);
  await userEvent.type(screen.getByRole('textbox'), 'anna@example.org');
  expect(button.disabled).toBe(false);
  await userEvent.click(button);
  expect(confirm).toHaveBeenCalledOnce();
});
