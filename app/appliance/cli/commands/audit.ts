/** `mallard audit …`: who changed what, and whether the log of it is as it was written. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import { z } from 'zod';
import type { CliContext } from '../context.ts';
import { ControlClient } from '../control-client.ts';
import { CliFault, usage } from '../fault.ts';
import { printJson, printLine, printTable, tell } from '../output.ts';
import { timeOf } from '../time.ts';
import { WorkerApiClient } from '../worker-api.ts';

const actSchema = z.looseObject({
  seq: z.number(),
  at: z.string(),
  action: z.string(),
  role: z.string(),
  by: z.string().nullable(),
  ip: z.string(),
  user: z.string().nullable(),
  input: z.record(z.string(), z.unknown()),
  before: z.record(z.string(), z.unknown()).nullable(),
});
const listSchema = z.looseObject({
  total: z.number(),
  nextCursor: z.union([z.string(), z.literal(false)]),
  results: z.array(actSchema),
});
const verificationSchema = z.looseObject({
  intact: z.boolean(),
  entries: z.number(),
  first: z.number(),
  last: z.number(),
  brokenAt: z.number().optional(),
});

export type AuditFlags = {
  readonly user?: string;
  readonly by?: string;
  readonly action?: string;
  readonly ip?: string;
  readonly from?: string;
  readonly to?: string;
  readonly text?: string;
  readonly limit: string;
};

/** Of one answer of the HTTP API. */
const PAGE = 250;
const MAX_LIMIT = 100_000;
/** What was asked for, in a table. */
const MAX_TOLD = 120;

export async function listActs({ paths, json }: CliContext, flags: AuditFlags): Promise<void> {
  const { user, by, action, ip, from, to, text } = flags;
  const limit = /^\d{1,6}$/.test(flags.limit) ? Number(flags.limit) : 0;
  if (limit < 1 || limit > MAX_LIMIT)
    throw usage(`--limit cannot be ${JSON.stringify(flags.limit)}.\nAllowed: 1 to ${MAX_LIMIT}`);
  const times = { from: from === undefined ? undefined : timeOf(from), to: to === undefined ? undefined : timeOf(to) };
  const api = new WorkerApiClient(paths);
  const given = {
    user: user === undefined ? undefined : await api.userId(user),
    by: by === undefined ? undefined : await api.userId(by),
    action,
    filterip: ip,
    text,
    ...times,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value !== undefined) query.set(name, value);

  const found: z.output<typeof actSchema>[] = [];
  let total = 0;
  for (let next: string | false = ''; next !== false && found.length < limit; ) {
    query.set('limit', String(Math.min(PAGE, limit - found.length)));
    if (next !== '') query.set('next', next);
    const page: z.output<typeof listSchema> = await api.call(listSchema, 'GET', `/adminlog?${query.toString()}`);
    found.push(...page.results);
    total = page.total;
    next = page.nextCursor;
  }
  if (json) return printJson({ total, results: found });
  printTable(
    ['NO', 'WHEN', 'ACTION', 'USER', 'BY', 'FROM', 'WHAT'],
    found.map((one) => [
      String(one.seq),
      one.at.slice(0, 19).replace('T', ' '),
      one.action,
      one.user ?? '',
      one.by ?? one.role,
      one.ip,
      told(one),
    ]),
  );
  if (total > found.length) tell(`${total} in all: --limit shows more.`);
}

/** `name: "Ann" → "Anna"`. */
function told({ input, before }: z.output<typeof actSchema>): string {
  const parts = Object.entries(input).map(([name, value]) => {
    const former = before !== null && name in before ? `${JSON.stringify(before[name])} → ` : '';
    return `${name}: ${former}${JSON.stringify(value)}`;
  });
  const text = parts.join(', ');
  return text.length > MAX_TOLD ? `${text.slice(0, MAX_TOLD - 1)}…` : text;
}

/** Answers the exit code: 1 when the chain is broken. */
export async function verifyActs({ paths, json }: CliContext): Promise<number> {
  const found = await new WorkerApiClient(paths).call(verificationSchema, 'GET', '/adminlog/verify');
  const { intact, entries, first, last, brokenAt } = found;
  if (json) printJson({ intact, entries, first, last, ...(brokenAt === undefined ? {} : { brokenAt }) });
  else if (intact) printLine(entries === 0 ? 'The log is empty.' : `Intact: ${entries} entries, ${first} to ${last}.`);
  else
    printLine(`Broken at entry ${brokenAt ?? 0}: it was changed or removed. The ${entries} before it are as they were written.`);
  return intact ? 0 : 1;
}

/** The file is there when it is whole, and only its owner may read it. */
export async function exportActs({ paths, json }: CliContext, file: string): Promise<void> {
  const client = ControlClient.open(paths);
  let entries = 0;
  const count = (piece: Buffer): void => {
    for (const octet of piece) if (octet === 0x0a) entries += 1;
  };
  if (file === '-') {
    // Standard output itself must not end with the stream.
    const out = (): Writable =>
      new Writable({ write: (piece: Buffer, _encoding, done) => void process.stdout.write(piece, done) });
    return client.save('/api/adminlog/export', out);
  }
  const target = path.resolve(file);
  const part = `${target}.part`;
  try {
    await client.save('/api/adminlog/export', () => createWriteStream(part, { mode: 0o600, flush: true }), count);
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    if (error instanceof CliFault) throw error;
    throw new CliFault(1, `${target} could not be written: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (json) printJson({ success: true, file: target, entries });
  else printLine(`${entries} entries in ${target}.`);
}
