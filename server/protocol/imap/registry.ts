/** All commands by name, and what they let the server announce. */
import type { CapabilityFacts, CommandSpec } from './command.ts';
import { aclCommands } from './commands/acl.ts';
import { appendCommands } from './commands/append.ts';
import { authenticateCommands } from './commands/authenticate.ts';
import { basicCommands } from './commands/basic.ts';
import { compressCommands } from './commands/compress.ts';
import { copyCommands } from './commands/copy.ts';
import { expungeCommands } from './commands/expunge.ts';
import { fetchCommands } from './commands/fetch.ts';
import { idleCommands } from './commands/idle.ts';
import { listCommands } from './commands/list.ts';
import { mailboxCommands } from './commands/mailboxes.ts';
import { metadataCommands } from './commands/metadata.ts';
import { multisearchCommands } from './commands/multisearch.ts';
import { notifyCommands } from './commands/notify.ts';
import { quotaCommands } from './commands/quota.ts';
import { searchCommands } from './commands/search.ts';
import { selectCommands } from './commands/select.ts';
import { sortCommands } from './commands/sort.ts';
import { storeCommands } from './commands/store.ts';

/** In the order in which their capabilities are announced. */
export const commandSpecs: readonly CommandSpec[] = [
  ...basicCommands,
  ...authenticateCommands,
  ...listCommands,
  ...mailboxCommands,
  ...selectCommands,
  ...idleCommands,
  ...notifyCommands,
  ...appendCommands,
  ...fetchCommands,
  ...storeCommands,
  ...searchCommands,
  ...sortCommands,
  ...multisearchCommands,
  ...copyCommands,
  ...expungeCommands,
  ...quotaCommands,
  ...aclCommands,
  ...metadataCommands,
  ...compressCommands,
];

const byName: ReadonlyMap<string, CommandSpec> = new Map(
  commandSpecs.flatMap((spec) => spec.names.map((name) => [name, spec] as const)),
);

/** `name` in upper case, `UID X` for UID forms. */
export function findCommand(name: string): CommandSpec | undefined {
  return byName.get(name);
}

/** Space-separated, without duplicates. */
export function capabilitiesOf(facts: CapabilityFacts): string {
  const names = new Set<string>();
  for (const spec of commandSpecs) for (const name of spec.capabilities?.(facts) ?? []) names.add(name);
  return [...names].join(' ');
}
