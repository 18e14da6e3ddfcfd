/** `mallard token …` and `mallard ban …`: who may call the HTTP API, and who is kept out. */
import { z } from 'zod';
import type { CliContext } from '../context.ts';
import { CliFault, usage } from '../fault.ts';
import { printJson, printLine, printTable } from '../output.ts';
import { WorkerApiClient } from '../worker-api.ts';

const createdSchema = z.looseObject({ id: z.string(), token: z.string() });
const listSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      id: z.string(),
      role: z.string(),
      user: z.string().optional(),
      description: z.string(),
      created: z.string(),
      lastUse: z.string().optional(),
      expires: z.string().optional(),
    }),
  ),
});
const bansSchema = z.looseObject({ results: z.array(z.looseObject({ key: z.string(), reason: z.string(), until: z.string() })) });
const removedSchema = z.looseObject({ removed: z.boolean() });
const successSchema = z.looseObject({ success: z.literal(true) });

export type TokenFlags = {
  readonly role: string;
  readonly user?: string;
  readonly ttl?: string;
  readonly description?: string;
  readonly grant?: readonly string[];
  readonly domain?: readonly string[];
};

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Prints the token alone, so that it can go straight into a variable. */
export async function createToken({ paths, json }: CliContext, flags: TokenFlags): Promise<void> {
  const api = new WorkerApiClient(paths);
  const made = await api.call(createdSchema, 'POST', '/tokens', {
    role: flags.role,
    ...(flags.user === undefined ? {} : { user: await api.userId(flags.user) }),
    ...(flags.ttl === undefined ? {} : { ttl: secondsOf(flags.ttl) }),
    ...(flags.description === undefined ? {} : { description: flags.description }),
    ...(flags.grant === undefined || flags.grant.length === 0 ? {} : { grants: flags.grant }),
    ...(flags.domain === undefined || flags.domain.length === 0 ? {} : { domains: flags.domain }),
  });
  if (json) printJson({ id: made.id, token: made.token });
  else printLine(made.token);
}

function secondsOf(text: string): number {
  const [, amount, unit = 's'] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
  if (amount === undefined) throw usage(`${JSON.stringify(text)} is no span of time.\nAllowed: 90s, 15m, 12h, 30d`);
  return Number(amount) * (UNITS[unit] ?? 1);
}

export async function listTokens({ paths, json }: CliContext): Promise<void> {
  const answer = await new WorkerApiClient(paths).call(listSchema, 'GET', '/tokens');
  if (json) return printJson(answer);
  printTable(
    ['ID', 'ROLE', 'USER', 'CREATED', 'LAST USE', 'EXPIRES', 'DESCRIPTION'],
    answer.results.map((one) => [
      one.id,
      one.role,
      one.user ?? '',
      day(one.created),
      day(one.lastUse),
      day(one.expires),
      one.description,
    ]),
  );
}

export async function revokeToken({ paths, json }: CliContext, id: string): Promise<void> {
  await new WorkerApiClient(paths).call(successSchema, 'DELETE', `/tokens/${encodeURIComponent(id)}`);
  if (json) printJson({ success: true, id });
  else printLine(`Revoked ${id}.`);
}

export async function listBans({ paths, json }: CliContext): Promise<void> {
  const answer = await new WorkerApiClient(paths).call(bansSchema, 'GET', '/bans');
  if (json) return printJson(answer);
  printTable(
    ['UNTIL', 'WHO', 'WHY'],
    answer.results.map((one) => [one.until, one.key, one.reason]),
  );
}

export async function removeBan({ paths, json }: CliContext, key: string): Promise<void> {
  const { removed } = await new WorkerApiClient(paths).call(removedSchema, 'DELETE', `/bans?key=${encodeURIComponent(key)}`);
  if (!removed) throw new CliFault(1, `Nobody is banned as ${JSON.stringify(key)}.\nSee: mallard ban list`, 'NotFound');
  if (json) printJson({ success: true, key });
  else printLine(`Let ${key} in again.`);
}

function day(text: string | undefined): string {
  return text === undefined ? '' : text.slice(0, 16).replace('T', ' ');
}
