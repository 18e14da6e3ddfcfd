import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { sharedServers } from '../../test/harness/servers.ts';
import { silentLogger } from '../base/log.ts';
import { type Database, connectDatabase } from './connect.ts';
import { migrate } from './migrations.ts';

let database: Database;
before(async () => {
  database = await connectDatabase({ uri: (await sharedServers()).mongodbUri }, silentLogger);
});
after(() => database.close());

it('runs the missing steps once, in order, and refuses a newer database', async () => {
  const ran: number[] = [];
  const steps = [2, 3].map((to) => ({ to, what: `step ${to}`, run: () => Promise.resolve(void ran.push(to)) }));
  await migrate(database, silentLogger, steps, 1);
  assert.deepEqual(ran, [], 'a new database is of the present version');
  await migrate(database, silentLogger, steps, 2);
  await migrate(database, silentLogger, steps, 3);
  await migrate(database, silentLogger, steps, 3);
  assert.deepEqual(ran, [2, 3]);
  await assert.rejects(migrate(database, silentLogger, steps, 1), { code: 'CANNOT' });
});
