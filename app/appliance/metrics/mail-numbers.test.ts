import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import type { ServiceStatus } from '../supervisor/contract.ts';
import { MailNumbers } from './mail-numbers.ts';

const worker = (pid: number, received: number, sent: number, imap: number): ServiceStatus =>
  ({ name: 'worker-1', pid, numbers: { received, sent, clients: { imap } } }) as unknown as ServiceStatus;

test('mail is counted since the sample before, over all workers and over their restarts', () => {
  let workers = [worker(1, 5, 1, 2), worker(2, 3, 0, 1)];
  const numbers = new MailNumbers({ workers: () => workers, folder: tmpdir() });
  const first = numbers.sample();
  assert.deepEqual([first['mail.in'], first['mail.out'], first['clients.imap'], first['queue.waiting']], [8, 1, 3, undefined]);
  assert.ok((first['disk.free'] ?? 0) > 0);
  workers = [worker(1, 9, 1, 0), worker(7, 2, 2, 1)];
  numbers.queued = 4;
  const second = numbers.sample();
  assert.deepEqual([second['mail.in'], second['mail.out'], second['clients.imap'], second['queue.waiting']], [6, 2, 1, 4]);
  assert.equal(new MailNumbers({ workers: () => [], folder: '/no/such/place' }).disk(), undefined);
});
