/**
 * Schemathesis on the API's own document: whatever is asked, no answer is a failure of the server or another than the document says. A short run; by hand a longer one finds
 * more (`--max-time 600`). Needs the program: `pip install schemathesis`.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { ROOT_TOKEN, startApi } from './api.ts';

const program = [process.env['MALLARD_SCHEMATHESIS'], 'schemathesis', 'st'].find(
  (name) => name !== undefined && name !== '' && spawnSync(name, ['--version'], { encoding: 'utf8' }).stdout?.includes('version'),
);
const SECONDS = 15;
const CHECKS = ['not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_schema_conformance'];

test('no failure of the server, and no answer outside of the document', {
  skip: program === undefined ? 'schemathesis is not installed (pip install schemathesis)' : false,
}, async () => {
  const api = await startApi();
  await api.user();
  const how = `--phases fuzzing --max-time ${SECONDS} --workers 2 --request-timeout 20 --no-color --checks ${CHECKS.join(',')}`;
  // A stream has no end.
  const what = ['--header', `X-Access-Token: ${ROOT_TOKEN}`, '--exclude-path-regex', '/updates$'];
  const run = spawn(program!, ['run', `${api.url}/openapi.json`, ...what, ...how.split(' ')]);
  let said = '';
  for (const stream of [run.stdout, run.stderr]) stream.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const [code] = await new Promise<[number | null]>((resolve) => run.once('close', (status) => resolve([status])));
  assert.equal(code, 0, said.slice(-6_000));
  assert.match(said, /\d+ generated/);
  assert.ok(api.worker.isRunning);
});
