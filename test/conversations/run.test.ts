/** Plays every conversation of this folder, each with a user of its own, on one worker and on two workers that share the database. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RawImapClient } from '../harness/imap-client.ts';
import { type ImapTestService, startImap } from '../harness/imap.ts';
import { Conversation, loadMessage, parseScript } from './script.ts';

const scripts = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .sort()
  .map((name) => parseScript(name, readFileSync(path.join(import.meta.dirname, name), 'utf8')));

let service: ImapTestService;
/** Names of users who administer; the service looks at it at each question. */
const administrators: string[] = [];
let announced: ReadonlySet<string>;

before(async () => {
  service = await startImap({ workers: 2, settings: { failureDelayMs: 1, administrators } });
  const { name } = await service.createUser();
  const client = await RawImapClient.login(service.port, name);
  const [line = ''] = await client.ok('CAPABILITY');
  announced = new Set(line.split(' ').slice(2));
  await client.close();
});
after(async () => {
  await service.close();
});

assert.ok(scripts.length > 0, 'there are conversations');

for (const [workers, title] of [
  [1, 'one worker'],
  [2, 'two workers'],
] as const) {
  describe(title, () => {
    for (const script of scripts.filter((one) => workers === 1 || one.connections > 1)) {
      test(script.name, async (t) => {
        const missing = script.capabilities.filter((capability) => !announced.has(capability));
        if (missing.length > 0) {
          t.skip(`${missing.join(', ')} is not announced`);
          return;
        }
        const { user, name } = await service.createUser();
        const inbox = await service.ops.mailboxes.inboxOf(user);
        for (const message of script.messages) {
          const stored = await service.ops.contents.store(Buffer.from(loadMessage(message), 'latin1'));
          await service.ops.messages.append(user, inbox, [{ stored, flags: [], internalDateMs: Date.UTC(2024, 0, 3, 4, 5, 6) }]);
        }
        const ports = service.workers.slice(0, workers).map((worker) => worker.port);
        const names = [name];
        while (names.length < script.users) names.push((await service.createUser()).name);
        administrators.push(...script.administrators.map((number) => names[number - 1]!));
        const bindings = Object.fromEntries(names.map((one, i) => [i === 0 ? 'user' : `user${i + 1}`, one]));
        await new Conversation(script, bindings).run(ports, names);
      });
    }
  });
}
