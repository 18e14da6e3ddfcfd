/** Changes to a whole mailbox at once. */
import { type Bed, login } from './measure.ts';
import { timed } from './statistics.ts';

/** Leaves INBOX as it was. */
export async function measureChanges(bed: Bed): Promise<void> {
  const { add } = bed;
  const imap = await login(bed, { keepUntagged: false });
  const count = await (async () => {
    const probe = await login(bed);
    const { untagged } = await probe.ok('STATUS INBOX (MESSAGES)');
    probe.close();
    return Number(/MESSAGES (\d+)/.exec(untagged[0]?.text ?? '')?.[1]);
  })();
  await imap.ok('CREATE Copies');
  await imap.ok('CREATE Moved');
  await imap.ok('SELECT INBOX');
  const rate = async (name: string, command: string): Promise<void> => {
    const ms = await timed(() => imap.ok(command));
    add(name, (count / ms) * 1_000, 'msgs/s', 'more');
  };
  await rate('STORE of all', 'STORE 1:* +FLAGS (\\Answered)');
  await rate('COPY of all', 'COPY 1:* Copies');
  await imap.ok('SELECT Copies');
  await rate('MOVE of all', 'MOVE 1:* Moved');
  await imap.ok('SELECT Moved');
  await imap.ok('STORE 1:* +FLAGS.SILENT (\\Deleted)');
  await rate('EXPUNGE of all', 'EXPUNGE');
  await imap.ok('UNSELECT').catch(() => {});
  await imap.ok('DELETE Copies');
  await imap.ok('DELETE Moved');
  imap.close();
}
