/** `mallard user …`. */
import { createInterface } from 'node:readline/promises';
import { z } from 'zod';
import { bytesHelp, formatBytes, tryQuota } from '../../settings/quantity.ts';
import type { CliContext } from '../context.ts';
import { CliFault, usage } from '../fault.ts';
import { printJson, printLine, printTable } from '../output.ts';
import { readPassword } from '../password.ts';
import type { UserFlags } from '../program.ts';
import { WorkerApiClient } from '../worker-api.ts';

const quotaSchema = z.object({ allowed: z.number(), used: z.number() });
const entrySchema = z.looseObject({
  id: z.string(),
  username: z.string(),
  name: z.string().optional(),
  address: z.string().nullish(),
  quota: quotaSchema.optional(),
  disabled: z.boolean().optional(),
  suspended: z.boolean().optional(),
});
const pageSchema = z.looseObject({
  total: z.number(),
  results: z.array(entrySchema),
  nextCursor: z.union([z.string(), z.literal(false)]),
});
const userSchema = entrySchema.extend({ limits: z.looseObject({ quota: quotaSchema.optional() }).optional() });
const addressesSchema = z.looseObject({ results: z.array(z.looseObject({ address: z.string(), main: z.boolean().optional() })) });
const createdSchema = z.looseObject({ success: z.literal(true), id: z.string() });
const successSchema = z.looseObject({ success: z.literal(true) });

const pageSize = 250;

export async function addUser({ paths, json }: CliContext, address: string, flags: UserFlags): Promise<void> {
  if (!/^[^@\s]+@[^@\s]+$/.test(address))
    throw usage(`${JSON.stringify(address)} is no address.\nAllowed: NAME@DOMAIN, as in anna@example.org`);
  const quota = quotaOf(flags);
  const api = new WorkerApiClient(paths);
  const password = await readPassword(flags);
  const { id } = await api.call(createdSchema, 'POST', '/users', {
    username: flags.username ?? address,
    address,
    password,
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(quota === undefined ? {} : { quota }),
  });
  if (json) printJson({ success: true, id, username: flags.username ?? address, address });
  else printLine(`Added ${address} (${id}).`);
}

export async function listUsers({ paths, json }: CliContext, query: string | undefined): Promise<void> {
  const api = new WorkerApiClient(paths);
  const results: z.output<typeof entrySchema>[] = [];
  let cursor: string | undefined;
  do {
    const parameters = new URLSearchParams({
      limit: String(pageSize),
      ...(query === undefined ? {} : { query }),
      ...(cursor === undefined ? {} : { next: cursor }),
    });
    const page = await api.call(pageSchema, 'GET', `/users?${parameters.toString()}`);
    results.push(...page.results);
    cursor = page.nextCursor === false ? undefined : page.nextCursor;
  } while (cursor !== undefined);
  if (json) {
    printJson({ total: results.length, results });
    return;
  }
  printTable(
    ['ADDRESS', 'NAME', 'USED', 'QUOTA', 'STATE', 'ID'],
    results.map((user) => [
      user.address ?? user.username,
      user.name ?? '',
      formatBytes(user.quota?.used ?? 0),
      quotaText(user.quota?.allowed),
      stateText(user),
      user.id,
    ]),
  );
}

export async function showUser({ paths, json }: CliContext, name: string): Promise<void> {
  const api = new WorkerApiClient(paths);
  const id = await api.userId(name);
  const user = await api.call(userSchema, 'GET', `/users/${id}`);
  const { results } = await api.call(addressesSchema, 'GET', `/users/${id}/addresses`);
  const addresses = results.map((each) => each.address);
  if (json) {
    printJson({ ...user, addresses });
    return;
  }
  const quota = user.limits?.quota ?? user.quota;
  printTable(
    ['', ''],
    [
      ['Address', user.address ?? ''],
      ['Addresses', addresses.join(', ')],
      ['User name', user.username],
      ['Name', user.name ?? ''],
      ['Used', `${formatBytes(quota?.used ?? 0)} of ${quotaText(quota?.allowed)}`],
      ['State', stateText(user)],
      ['Id', user.id],
    ],
  );
}

export async function setUser({ paths, json }: CliContext, name: string, flags: UserFlags): Promise<void> {
  if (flags.disable === true && flags.enable === true) throw usage('--disable and --enable exclude each other.');
  const quota = quotaOf(flags);
  const changes = {
    ...(flags.name === undefined ? {} : { name: flags.name }),
    ...(quota === undefined ? {} : { quota }),
    ...(flags.disable === true ? { disabled: true } : {}),
    ...(flags.enable === true ? { disabled: false } : {}),
  };
  if (Object.keys(changes).length === 0) throw usage('Nothing to change.\nAllowed: --quota, --name, --disable, --enable');
  await update({ paths, json }, name, changes, `Changed ${name}.`);
}

export async function changePassword(context: CliContext, name: string, flags: UserFlags): Promise<void> {
  const api = new WorkerApiClient(context.paths);
  // Found first: nobody should type a password for a user who does not exist.
  const id = await api.userId(name);
  const password = await readPassword(flags);
  await api.call(successSchema, 'PUT', `/users/${id}`, { password });
  if (context.json) printJson({ success: true, id });
  else printLine(`Changed the password of ${name}.`);
}

export async function removeUser({ paths, json }: CliContext, name: string, sure: boolean): Promise<void> {
  const api = new WorkerApiClient(paths);
  const id = await api.userId(name);
  if (!sure && process.stdin.isTTY) await confirm(name);
  await api.call(successSchema, 'DELETE', `/users/${id}`);
  if (json) printJson({ success: true, id });
  else printLine(`Removed ${name}.`);
}

async function update({ paths, json }: CliContext, name: string, changes: object, done: string): Promise<void> {
  const api = new WorkerApiClient(paths);
  const id = await api.userId(name);
  await api.call(successSchema, 'PUT', `/users/${id}`, changes);
  if (json) printJson({ success: true, id });
  else printLine(done);
}

async function confirm(name: string): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`This removes ${name} and all mail of that user. Type the address to go on: `);
    if (answer.trim() !== name) throw new CliFault(1, 'Nothing was removed.');
  } finally {
    terminal.close();
  }
}

function quotaOf(flags: UserFlags): number | undefined {
  if (flags.quota === undefined) return undefined;
  const quota = tryQuota(flags.quota);
  if (quota === undefined) throw usage(`--quota cannot be ${JSON.stringify(flags.quota)}.\nAllowed: unlimited, or ${bytesHelp}`);
  return quota;
}

function quotaText(allowed: number | undefined): string {
  return allowed === undefined || allowed === 0 ? 'unlimited' : formatBytes(allowed);
}

function stateText(user: { disabled?: boolean | undefined; suspended?: boolean | undefined }): string {
  if (user.disabled === true) return 'disabled';
  return user.suspended === true ? 'suspended' : 'active';
}
