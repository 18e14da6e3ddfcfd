/** `mallard fetch …`: mail from accounts elsewhere. */
import { z } from 'zod';
import type { CliContext } from '../context.ts';
import { usage } from '../fault.ts';
import { duration, printJson, printLine, printTable } from '../output.ts';
import { type PasswordFlags, readPassword } from '../password.ts';
import { WorkerApiClient } from '../worker-api.ts';

const failureSchema = z.looseObject({ at: z.string(), code: z.string(), text: z.string() });
const accountSchema = z.looseObject({
  id: z.string(),
  kind: z.string(),
  host: z.string(),
  port: z.number(),
  username: z.string(),
  keep: z.string(),
  keepDays: z.number(),
  state: z.string(),
  next: z.string(),
  lastSuccess: z.string().nullable(),
  lastError: failureSchema.nullable(),
  fetched: z.number(),
  refused: z.number(),
});
const listSchema = z.looseObject({ results: z.array(accountSchema) });
const createdSchema = z.looseObject({ id: z.string() });
const doneSchema = z.looseObject({});
const mailboxesSchema = z.looseObject({ results: z.array(z.looseObject({ id: z.string(), path: z.string() })) });

export type FetchAddFlags = PasswordFlags & {
  readonly kind: 'imap' | 'pop3';
  readonly port?: string;
  readonly tls: 'implicit' | 'starttls' | 'none';
  readonly anyCertificate?: boolean;
  readonly folder?: string;
  readonly into?: string;
  readonly keep: string;
  readonly every: string;
};

export async function addExternal(
  { paths, json }: CliContext,
  name: string,
  server: string,
  login: string,
  flags: FetchAddFlags,
): Promise<void> {
  const api = new WorkerApiClient(paths);
  const user = await api.userId(name);
  const days = /^(\d{1,4})d$/.exec(flags.keep)?.[1];
  if (days === undefined && flags.keep !== 'leave' && flags.keep !== 'delete') {
    throw usage(`${JSON.stringify(flags.keep)} is not known.\nAllowed: leave, delete, or days such as 14d`);
  }
  const minutes = Number(/^(\d{1,5})m?$/.exec(flags.every)?.[1] ?? Number.NaN);
  if (!(minutes >= 1)) throw usage(`${JSON.stringify(flags.every)} is no number of minutes.\nAllowed: 1m or more`);
  const made = await api.call(createdSchema, 'POST', `/users/${user}/external`, {
    kind: flags.kind,
    host: server,
    ...(flags.port === undefined ? {} : { port: flags.port }),
    tls: flags.tls,
    verifyCertificate: flags.anyCertificate !== true,
    username: login,
    password: await readPassword(flags),
    ...(flags.folder === undefined ? {} : { folder: flags.folder }),
    ...(flags.into === undefined ? {} : { mailbox: await mailboxOf(api, user, flags.into) }),
    ...(days === undefined ? { keep: flags.keep } : { keep: 'days', keepDays: Number(days) }),
    interval: minutes * 60,
  });
  if (json) printJson({ id: made.id });
  else printLine(made.id);
}

export async function listExternal({ paths, json }: CliContext, name: string): Promise<void> {
  const api = new WorkerApiClient(paths);
  const answer = await api.call(listSchema, 'GET', `/users/${await api.userId(name)}/external`);
  if (json) return printJson(answer);
  printTable(
    ['ID', 'STATE', 'ACCOUNT', 'THERE', 'FETCHED', 'LAST SUCCESS', 'NEXT', 'LAST ERROR'],
    answer.results.map((one) => [
      one.id,
      one.state,
      `${one.kind}://${one.username}@${one.host}:${one.port}`,
      one.keep === 'days' ? `${one.keepDays} days` : one.keep,
      one.refused === 0 ? String(one.fetched) : `${one.fetched} (${one.refused} stayed there)`,
      one.lastSuccess === null ? 'never' : `${duration(Date.now() - Date.parse(one.lastSuccess))} ago`,
      one.state === 'off' ? '' : `in ${duration(Date.parse(one.next) - Date.now())}`,
      one.lastError?.text ?? '',
    ]),
  );
}

export async function removeExternal({ paths, json }: CliContext, name: string, id: string): Promise<void> {
  const api = new WorkerApiClient(paths);
  const answer = await api.call(doneSchema, 'DELETE', `/users/${await api.userId(name)}/external/${encodeURIComponent(id)}`);
  if (json) printJson(answer);
}

/** One account, or all that the user has. */
export async function fetchNow({ paths, json }: CliContext, name: string, id: string | undefined): Promise<void> {
  const api = new WorkerApiClient(paths);
  const user = await api.userId(name);
  const ids =
    id === undefined ? (await api.call(listSchema, 'GET', `/users/${user}/external`)).results.map((one) => one.id) : [id];
  for (const one of ids) await api.call(doneSchema, 'POST', `/users/${user}/external/${encodeURIComponent(one)}/fetch`, {});
  if (json) printJson({ asked: ids });
  else
    printLine(
      ids.length === 0 ? 'There is no account elsewhere.' : 'It is looked at now. "mallard fetch list" tells how it went.',
    );
}

async function mailboxOf(api: WorkerApiClient, user: string, path: string): Promise<string> {
  const { results } = await api.call(mailboxesSchema, 'GET', `/users/${user}/mailboxes`);
  const found = results.find((one) => one.path === path) ?? results.find((one) => one.path.toLowerCase() === path.toLowerCase());
  if (found === undefined)
    throw usage(`There is no mailbox ${JSON.stringify(path)}.\nAllowed: ${results.map((one) => one.path).join(', ')}`);
  return found.id;
}
