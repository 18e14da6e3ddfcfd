/** `mallard mailbox …`. */
import { z } from 'zod';
import type { CliContext } from '../context.ts';
import { printJson, printTable } from '../output.ts';
import { WorkerApiClient } from '../worker-api.ts';

const listSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      id: z.string(),
      path: z.string(),
      specialUse: z.string().nullish(),
      subscribed: z.boolean().optional(),
      total: z.number().optional(),
      unseen: z.number().optional(),
    }),
  ),
});

export async function listMailboxes({ paths, json }: CliContext, user: string): Promise<void> {
  const api = new WorkerApiClient(paths);
  const id = await api.userId(user);
  const { results } = await api.call(listSchema, 'GET', `/users/${id}/mailboxes?counters=true`);
  if (json) {
    printJson({ results });
    return;
  }
  printTable(
    ['MAILBOX', 'USE', 'MESSAGES', 'UNSEEN', 'SUBSCRIBED', 'ID'],
    results.map((each) => [
      each.path,
      each.specialUse ?? '',
      String(each.total ?? ''),
      String(each.unseen ?? ''),
      each.subscribed === false ? 'no' : 'yes',
      each.id,
    ]),
  );
}
