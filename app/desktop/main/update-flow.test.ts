import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { tempDir } from '../../../test/harness/temp-dir.ts';
import { copyData, copyFolder } from './data-copy.ts';
import { isNewer, UpdateFlow, type UpdateFlowOptions } from './update-flow.ts';

/** A flow whose every step is written down. */
function flow(changes: Partial<UpdateFlowOptions> & { offered?: string } = {}) {
  const steps: string[] = [];
  const made = new UpdateFlow({
    updater: {
      check: () => Promise.resolve(changes.offered ?? '2.0.0'),
      download: (onPercent) => {
        onPercent(50);
        return Promise.resolve();
      },
      install: () => void steps.push('install'),
    },
    currentVersion: '1.5.0',
    onState: ({ phase }) => void steps.push(phase),
    refusal: () => undefined,
    confirm: () => Promise.resolve(true),
    drain: () => Promise.resolve(void steps.push('drained')),
    keepCopy: () => Promise.resolve(void steps.push('copied')),
    restart: () => Promise.resolve(void steps.push('restarted')),
    failedText: 'Not installed.',
    ...changes,
  });
  return { made, steps };
}

test('the servers have stopped and the copy is kept before the installer runs', async () => {
  const { made, steps } = flow();
  assert.deepEqual(await made.check(), { phase: 'available', version: '2.0.0' });
  assert.deepEqual(await made.download(), { phase: 'ready', version: '2.0.0' });
  await made.install();
  assert.deepEqual(steps, [
    'checking',
    'available',
    'downloading',
    'downloading',
    'ready',
    'installing',
    'drained',
    'copied',
    'install',
  ]);
});

test('nothing is installed that a person did not agree to', async () => {
  const { made, steps } = flow({ confirm: () => Promise.resolve(false) });
  await made.install();
  await made.check();
  await made.install();
  await made.download();
  await made.install();
  assert.equal(steps.includes('drained'), false);
  assert.equal(made.state.phase, 'ready');
});

test('an older or equal version is no update', async () => {
  for (const offered of ['1.4.9', '1.5.0', '1.5.0-rc.1']) {
    const { made } = flow({ offered });
    assert.deepEqual(await made.check(), { phase: 'idle' }, offered);
  }
});

test('whatever fails before the installer, the mail server runs again and the reason is told', async () => {
  for (const change of [
    { drain: () => Promise.reject(new Error('mongod still runs')) },
    { keepCopy: () => Promise.reject(new Error('mongod still runs')) },
  ]) {
    const { made, steps } = flow(change);
    await made.check();
    await made.download();
    await made.install();
    assert.equal(steps.includes('install'), false);
    assert.equal(steps.includes('restarted'), true);
    assert.deepEqual(made.state, { phase: 'failed', version: '2.0.0', message: 'Not installed. mongod still runs' });
  }
});

test('a service is not updated under its feet; without an updater nothing is offered', async () => {
  const attached = flow({ refusal: () => 'It runs as a service.' });
  await attached.made.check();
  await attached.made.download();
  await attached.made.install();
  assert.deepEqual(attached.made.state, { phase: 'ready', version: '2.0.0', message: 'It runs as a service.' });
  assert.equal(attached.steps.includes('drained'), false);
  const none = flow({ updater: undefined });
  assert.deepEqual(await none.made.check(), { phase: 'unavailable' });
});

test('versions in order', () => {
  const ascending = ['0.9.9', '0.10.0', '1.0.0-alpha', '1.0.0-beta', '1.0.0', '1.0.1', '1.1.0', '2.0.0'];
  for (const [at, version] of ascending.entries()) {
    for (const [other, than] of ascending.entries()) assert.equal(isNewer(version, than), at > other, `${version} > ${than}`);
  }
  assert.equal(isNewer('v1.0.1', '1.0.0'), true);
});

test('the copy has everything but logs and what belongs to a run; the former copy goes last', async () => {
  const data = path.join(tempDir('copy'), 'mallard');
  for (const [file, text] of [
    ['mongo/collection-1.wt', 'mail'],
    ['secrets/api-token', 'secret'],
    ['settings/settings.sqlite', 'settings'],
    ['logs/logs.sqlite', 'log'],
    ['run/control.json', '{}'],
  ] as const) {
    mkdirSync(path.dirname(path.join(data, file)), { recursive: true });
    writeFileSync(path.join(data, file), text);
  }
  const parts: number[] = [];
  const copy = await copyData(data, (part) => parts.push(part));
  assert.equal(copy, `${data} before update`);
  assert.equal(readFileSync(path.join(copy, 'mongo/collection-1.wt'), 'utf8'), 'mail');
  assert.equal(existsSync(path.join(copy, 'logs')) || existsSync(path.join(copy, 'run')), false);
  assert.equal(parts.at(-1), 1);
  writeFileSync(path.join(data, 'mongo/collection-1.wt'), 'more mail');
  await copyData(data);
  assert.equal(readFileSync(path.join(copyFolder(data), 'mongo/collection-1.wt'), 'utf8'), 'more mail');
  assert.equal(existsSync(`${copyFolder(data)}.old`) || existsSync(`${copyFolder(data)}.part`), false);
});
