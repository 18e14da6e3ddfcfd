/** sieve-connect, which people use to put scripts from a terminal: upload, list, activate, download, delete; and a wrong script is refused. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { selfSigned } from '../harness/self-signed.ts';
import { sharedServers, tempDir } from '../harness/servers.ts';
import { closeStores, createUser, startWorker, storeOf, type TestUser, type TestWorker } from '../harness/worker.ts';
import { missingTool, type Ran, runTool } from './tool.ts';

const skip = missingTool({ name: 'sieve-connect', debianPackage: 'sieve-connect' }) ?? false;
const folder = tempDir('sieve-connect');
let worker: TestWorker;
let user: TestUser;

before(async () => {
  if (skip !== false) return;
  const { mongodbUri, redisUri } = await sharedServers();
  worker = await startWorker({ mongodbUri, redisUri, services: ['managesieve'], config: { tls: await selfSigned('localhost') } });
  user = await createUser(worker);
});
after(async () => {
  if (skip !== false) return;
  await worker.stop();
  await closeStores();
});

/** The password comes by a descriptor; each command is a connection of its own. */
function sieve(...args: readonly string[]): Promise<Ran> {
  const common = ['-s', '127.0.0.1', '-p', String(worker.port('managesieve')), '-u', user.username, '--authmech', 'PLAIN'];
  return runTool('sieve-connect', [...common, '--notlsverify', '--passwordfd', '0', ...args], { input: `${user.password}\n` });
}

test('sieve-connect manages scripts', { skip }, async () => {
  const file = path.join(folder, 'main.sieve');
  writeFileSync(file, 'require "fileinto";\nif header :contains "subject" "news" { fileinto "Archive"; }\n');
  const upload = await sieve('--localsieve', file, '--upload');
  assert.equal(upload.code, 0, upload.err + upload.out.toString());
  const activate = await sieve('--remotesieve', 'main.sieve', '--activate');
  assert.equal(activate.code, 0, activate.err);
  const list = await sieve('--list');
  assert.match(list.out.toString(), /"main\.sieve" ACTIVE/);
  const store = await storeOf(worker);
  assert.equal((await store.sieve.active(user.id))?.name, 'main.sieve');

  const copy = path.join(folder, 'copy.sieve');
  await sieve('--remotesieve', 'main.sieve', '--localsieve', copy, '--download');
  assert.equal(readFileSync(copy, 'utf8'), readFileSync(file, 'utf8'));

  const wrong = path.join(folder, 'wrong.sieve');
  writeFileSync(wrong, 'keep;\nnonsense;\n');
  const refused = await sieve('--localsieve', wrong, '--upload');
  assert.ok(`${refused.err}${refused.out.toString()}`.includes('line 2: There is no command nonsense'), refused.err);

  assert.equal((await sieve('--deactivate')).code, 0);
  assert.equal((await sieve('--remotesieve', 'main.sieve', '--delete')).code, 0);
  assert.deepEqual(await store.sieve.list(user.id), []);
});
