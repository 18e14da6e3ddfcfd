/** `mallard dkim …`: the keys that sign outgoing mail, and the records that DNS must have for them. */
import { z } from 'zod';
import type { CliContext } from '../context.ts';
import { printJson, printLine, printTable } from '../output.ts';
import { WorkerApiClient } from '../worker-api.ts';

const keySchema = z.looseObject({ domain: z.string(), selector: z.string(), state: z.string(), until: z.string().optional() });
const listSchema = z.looseObject({ results: z.array(keySchema) });
const madeSchema = keySchema.extend({ dnsTxt: z.looseObject({ name: z.string(), value: z.string() }) });
const rotatedSchema = z.looseObject({ results: z.array(madeSchema) });

export async function listKeys({ paths, json }: CliContext, domain: string | undefined): Promise<void> {
  const query = domain === undefined ? '' : `&query=${encodeURIComponent(domain)}`;
  const answer = await new WorkerApiClient(paths).call(listSchema, 'GET', `/dkim?limit=250${query}`);
  if (json) return printJson(answer);
  printTable(
    ['DOMAIN', 'SELECTOR', 'STATE', 'RECORD MAY GO'],
    answer.results.map((key) => [key.domain, key.selector, key.state, key.until ?? '']),
  );
}

export async function createKey({ paths, json }: CliContext, domain: string, selector: string): Promise<void> {
  const made = await new WorkerApiClient(paths).call(madeSchema, 'POST', '/dkim', { domain, selector });
  if (json) printJson(made);
  else printRecord(made);
}

/** The new keys sign once DNS has their records. */
export async function rotateKeys({ paths, json }: CliContext, domain: string): Promise<void> {
  const answer = await new WorkerApiClient(paths).call(rotatedSchema, 'POST', '/dkim/rotate', { domain });
  if (json) return printJson(answer);
  for (const key of answer.results) printRecord(key);
}

function printRecord({ dnsTxt }: z.output<typeof madeSchema>): void {
  printLine(`${dnsTxt.name}. TXT "${dnsTxt.value}"`);
}
