/** One measured number and how to read it. */
import { ImapProbe, type ProbeOptions } from '../harness/probe/imap-probe.ts';
import type { Mail } from './messages.ts';
import type { BenchUser, Target } from './target.ts';

export type Measured = {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly better: 'more' | 'less';
};

export type Bed = {
  readonly target: Target;
  readonly mail: Mail;
  /** Whose INBOX gets all the mail. */
  readonly user: BenchUser;
  readonly add: (name: string, value: number, unit: string, better: 'more' | 'less') => void;
};

export function login(bed: Bed, options: ProbeOptions = {}): Promise<ImapProbe> {
  return ImapProbe.login(bed.target.imapPort, bed.user.username, bed.user.password, { timeoutMs: 600_000, ...options });
}

/** Shares work among a number of concurrent workers, each with a resource of its own. */
export async function shareOut<T>(
  count: number,
  workers: number,
  open: () => Promise<T>,
  work: (resource: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: workers }, async () => {
      const resource = await open();
      for (let index = next++; index < count; index = next++) await work(resource, index);
    }),
  );
}
