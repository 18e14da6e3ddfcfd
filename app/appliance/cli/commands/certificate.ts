/** `mallard certificate …`: certificates by server name, brought or issued by a public authority. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { CliContext } from '../context.ts';
import { CliFault } from '../fault.ts';
import { printJson, printLine, printTable, tell } from '../output.ts';
import { WorkerApiClient } from '../worker-api.ts';

const certificateSchema = z.looseObject({
  id: z.string(),
  servername: z.string(),
  acme: z.boolean(),
  expires: z.string(),
  orderError: z.string().optional(),
  orderPending: z.boolean().optional(),
});
const oneSchema = certificateSchema.extend({ hasCert: z.boolean() });
const pageSchema = z.looseObject({ results: z.array(certificateSchema), nextCursor: z.union([z.string(), z.literal(false)]) });
const idSchema = z.looseObject({ id: z.string() });
const successSchema = z.looseObject({ success: z.literal(true) });
type Certificate = z.output<typeof certificateSchema>;

const POLL_MS = 1_000;
/** Somewhat longer than an order may take. */
const MAX_WAIT_MS = 7 * 60_000;

export async function listCertificates({ paths, json }: CliContext): Promise<void> {
  const api = new WorkerApiClient(paths);
  const all: Certificate[] = [];
  let next: string | false = '';
  do {
    const query: string = next === '' ? '' : `&next=${encodeURIComponent(next)}`;
    const page = await api.call(pageSchema, 'GET', `/certs?limit=250${query}`);
    all.push(...page.results);
    next = page.nextCursor;
  } while (next !== false);
  if (json) return printJson({ results: all });
  printTable(
    ['NAME', 'FROM', 'GOOD UNTIL', 'LAST ORDER'],
    all.map((one) => [one.servername, one.acme ? 'authority' : 'brought', untilOf(one), one.orderError ?? '']),
  );
}

/** Waits until it is there, or the authority has said no. */
export async function orderCertificate({ paths, json }: CliContext, name: string, wait: boolean): Promise<void> {
  const api = new WorkerApiClient(paths);
  const { id } = await api.call(idSchema, 'POST', '/certs', { servername: name, acme: true });
  if (!wait) return json ? printJson({ id }) : printLine(`Ordered. See: mallard certificate list`);
  tell(`Waiting for the authority…`);
  for (const endMs = Date.now() + MAX_WAIT_MS; Date.now() < endMs; await pause(POLL_MS)) {
    const one = await api.call(oneSchema, 'GET', `/certs/${id}`);
    if (one.orderError !== undefined) throw new CliFault(1, `No certificate for ${name}: ${one.orderError}`, 'OrderFailed');
    if (!one.hasCert || one.orderPending === true) continue;
    return json ? printJson(one) : printLine(`${one.servername}: good until ${untilOf(one)}`);
  }
  throw new CliFault(1, `There is no answer of the authority yet. See: mallard certificate list`, 'OrderPending');
}

export async function removeCertificate({ paths, json }: CliContext, name: string): Promise<void> {
  const api = new WorkerApiClient(paths);
  const { id } = await api.call(idSchema, 'GET', `/certs/resolve/${encodeURIComponent(name)}`);
  await api.call(successSchema, 'DELETE', `/certs/${id}`);
  if (json) printJson({ removed: true });
  else printLine(`Removed. The server’s own certificate serves ${name}.`);
}

function untilOf({ expires }: Certificate): string {
  return new Date(expires).getTime() === 0 ? 'not issued yet' : expires.slice(0, 10);
}
