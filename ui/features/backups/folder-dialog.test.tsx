// @vitest-environment happy-dom
import { screen } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import { expect, it } from 'vitest';
import { Refusal, show } from '../../testing/show.tsx';
import { FolderDialog } from './folder-dialog.tsx';
import { JobProgress } from './job-progress.tsx';

it('shows the recovery key of a new folder until it is said to be kept', async () => {
  const { calls } = await show(<FolderDialog opened folder="" onClose={() => {}} />, {
    'POST /control/backups/folder': { created: true, recoveryKey: 'ABCDE-FGHJK' },
    'GET /control/backups': { state: 'none', folder: '', backups: [] },
  });
  await userEvent.type(await screen.findByLabelText(/Folder on this server/), '/media/disk');
  await userEvent.type(screen.getByLabelText(/Passphrase/), 'correct horse');
  await userEvent.click(screen.getByRole('button', { name: 'Use this folder' }));
  expect(await screen.findByText('ABCDE-FGHJK')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Done' })).toHaveProperty('disabled', true);
  await userEvent.click(screen.getByLabelText('I have kept the recovery key'));
  expect(screen.getByRole('button', { name: 'Done' })).toHaveProperty('disabled', false);
  expect(calls[0]?.body).toEqual({ folder: '/media/disk', passphrase: 'correct horse' });
});

it('says in words that the passphrase is wrong', async () => {
  await show(<FolderDialog opened folder="/media/disk" onClose={() => {}} />, {
    'POST /control/backups/folder': new Refusal(400, { error: 'Neither fits.', code: 'BackupWrongKey' }),
  });
  await userEvent.type(await screen.findByLabelText(/Passphrase/), 'wrong horse');
  await userEvent.click(screen.getByRole('button', { name: 'Use this folder' }));
  expect(await screen.findByText('Neither the passphrase nor the recovery key fits.')).toBeTruthy();
});

it('shows how far a job is, and why it failed', async () => {
  const job = { id: '1', kind: 'backup', startedAt: '2026-11-24T03:00:00.000Z' } as const;
  await show(<JobProgress job={{ ...job, state: 'running', progress: { phase: 'contents', done: 30, total: 120 } }} />, {}, 'de');
  expect(screen.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('25');
  expect(screen.getByText('Nachrichten werden geschrieben')).toBeTruthy();
});

it('tells that a disk is full', async () => {
  const job = { id: '1', kind: 'backup', startedAt: '2026-11-24T03:00:00.000Z', state: 'failed' } as const;
  await show(<JobProgress job={{ ...job, error: { code: 'disk-full', message: 'There is no room left.' } }} />);
  expect(screen.getByText('There is no room left where the backups are.')).toBeTruthy();
});
