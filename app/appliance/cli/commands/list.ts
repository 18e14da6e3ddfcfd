/** `mallard list …`: distribution lists, and the posts that wait for their moderators. */
import { z } from 'zod';
import type { CliContext } from '../context.ts';
import { CliFault } from '../fault.ts';
import { duration, printJson, printLine, printTable } from '../output.ts';
import { WorkerApiClient } from '../worker-api.ts';

const listSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  address: z.string(),
  posting: z.string(),
  moderated: z.boolean(),
  moderators: z.array(z.string()),
  disabled: z.boolean(),
});
const listsSchema = z.looseObject({ results: z.array(listSchema.extend({ members: z.number() })) });
const oneSchema = listSchema.extend({ members: z.array(z.string()) });
const heldSchema = z.looseObject({
  results: z.array(z.looseObject({ id: z.string(), from: z.string(), subject: z.string(), created: z.string() })),
});
const anySchema = z.looseObject({});
const MOST = 250;

export type ListFlags = {
  readonly name?: string;
  readonly members?: boolean;
  readonly open?: boolean;
  readonly moderated?: boolean;
  readonly unmoderated?: boolean;
  readonly moderator?: readonly string[];
};

export async function listLists({ paths, json }: CliContext): Promise<void> {
  const answer = await new WorkerApiClient(paths).call(listsSchema, 'GET', `/lists?limit=${MOST}`);
  if (json) return printJson(answer);
  printTable(
    ['ADDRESS', 'MEMBERS', 'POSTING', 'MODERATED', 'MODERATORS'],
    answer.results.map(({ address, members, posting, moderated, moderators }) => [
      address,
      String(members),
      posting,
      moderated ? 'yes' : 'no',
      moderators.join(', '),
    ]),
  );
}

export async function addList({ paths, json }: CliContext, address: string, flags: ListFlags): Promise<void> {
  const answer = await new WorkerApiClient(paths).call(anySchema, 'POST', '/lists', {
    address,
    ...changesOf(flags),
    moderators: flags.moderator ?? [],
  });
  if (json) printJson(answer);
}

export async function setList(context: CliContext, address: string, flags: ListFlags): Promise<void> {
  const moderators = flags.moderator ?? [];
  await change(context, address, { ...changesOf(flags), ...(moderators.length === 0 ? {} : { moderators }) });
}

export async function changeMembers(
  context: CliContext,
  address: string,
  members: readonly string[],
  way: 'add' | 'remove',
): Promise<void> {
  await change(context, address, { [way]: members });
}

export async function showList({ paths, json }: CliContext, address: string): Promise<void> {
  const api = new WorkerApiClient(paths);
  const found = await api.call(oneSchema, 'GET', `/lists/${await idOf(api, address)}`);
  if (json) return printJson(found);
  printLine(`Posting      ${found.posting}${found.moderated ? ', moderated' : ''}`);
  printLine(`Moderators   ${found.moderators.join(', ')}`);
  for (const member of found.members) printLine(`Member       ${member}`);
}

export async function removeList({ paths, json }: CliContext, address: string): Promise<void> {
  const api = new WorkerApiClient(paths);
  const answer = await api.call(anySchema, 'DELETE', `/lists/${await idOf(api, address)}`);
  if (json) printJson(answer);
}

export async function listHeld({ paths, json }: CliContext, address: string): Promise<void> {
  const api = new WorkerApiClient(paths);
  const answer = await api.call(heldSchema, 'GET', `/lists/${await idOf(api, address)}/held?limit=${MOST}`);
  if (json) return printJson(answer);
  printTable(
    ['ID', 'AGE', 'FROM', 'SUBJECT'],
    answer.results.map(({ id, created, from, subject }) => [id, duration(Date.now() - Date.parse(created)), from, subject]),
  );
}

export async function decide(
  { paths, json }: CliContext,
  address: string,
  post: string,
  action: 'approve' | 'refuse' | 'discard',
  reason?: string,
): Promise<void> {
  const api = new WorkerApiClient(paths);
  const path = `/lists/${await idOf(api, address)}/held/${encodeURIComponent(post)}`;
  const answer = await api.call(anySchema, 'PUT', path, { action, ...(reason === undefined ? {} : { reason }) });
  if (json) printJson(answer);
}

async function change({ paths, json }: CliContext, address: string, body: object): Promise<void> {
  const api = new WorkerApiClient(paths);
  const answer = await api.call(anySchema, 'PUT', `/lists/${await idOf(api, address)}`, body);
  if (json) printJson(answer);
}

function changesOf({ name, members, open, moderated, unmoderated }: ListFlags): object {
  return {
    ...(name === undefined ? {} : { name }),
    ...(members === true ? { posting: 'members' } : open === true ? { posting: 'anyone' } : {}),
    ...(moderated === true ? { moderated: true } : unmoderated === true ? { moderated: false } : {}),
  };
}

async function idOf(api: WorkerApiClient, address: string): Promise<string> {
  const { results } = await api.call(listsSchema, 'GET', `/lists?limit=${MOST}&query=${encodeURIComponent(address)}`);
  const found = results.find((one) => one.address.toLowerCase() === address.toLowerCase());
  if (found === undefined) throw new CliFault(1, `There is no list ${address}. "mallard list list" shows all.`, 'ListNotFound');
  return found.id;
}
