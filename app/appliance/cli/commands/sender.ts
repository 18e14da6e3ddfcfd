/** `mallard sender …`: whose mail is wanted and whose is not, for everybody or for a user. */
import { z } from 'zod';
import type { CliContext } from '../context.ts';
import { CliFault } from '../fault.ts';
import { printJson, printTable } from '../output.ts';
import { WorkerApiClient } from '../worker-api.ts';

const listSchema = z.looseObject({
  results: z.array(z.looseObject({ id: z.string(), sender: z.string(), action: z.string(), created: z.string() })),
});
const anySchema = z.looseObject({});
const MOST = 250;

export type SenderFlags = { readonly user?: string };

export async function listSenders({ paths, json }: CliContext, flags: SenderFlags): Promise<void> {
  const api = new WorkerApiClient(paths);
  const answer = await api.call(listSchema, 'GET', `${await pathOf(api, flags)}?limit=${MOST}`);
  if (json) return printJson(answer);
  printTable(
    ['SENDER', 'IS', 'SINCE'],
    answer.results.map(({ sender, action, created }) => [sender, action === 'allow' ? 'allowed' : 'blocked', created]),
  );
}

export async function setSender(
  { paths, json }: CliContext,
  sender: string,
  action: 'allow' | 'block',
  flags: SenderFlags,
): Promise<void> {
  const api = new WorkerApiClient(paths);
  const answer = await api.call(anySchema, 'POST', await pathOf(api, flags), { sender, action });
  if (json) printJson(answer);
}

export async function removeSender({ paths, json }: CliContext, sender: string, flags: SenderFlags): Promise<void> {
  const api = new WorkerApiClient(paths);
  const path = await pathOf(api, flags);
  const { results } = await api.call(listSchema, 'GET', `${path}?limit=${MOST}&query=${encodeURIComponent(sender)}`);
  const found = results.find((one) => one.sender === sender.toLowerCase());
  if (found === undefined) throw new CliFault(1, `${sender} is on no list. "mallard sender list" shows all.`, 'NotFound');
  const answer = await api.call(anySchema, 'DELETE', `${path}/${found.id}`);
  if (json) printJson(answer);
}

async function pathOf(api: WorkerApiClient, { user }: SenderFlags): Promise<string> {
  return user === undefined ? '/senders' : `/users/${await api.userId(user)}/senders`;
}
