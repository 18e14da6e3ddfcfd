import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { isStillRunning, readProcessIdentity } from '../../../server/base/process-identity.ts';
import { tempDir } from '../../../test/harness/temp-dir.ts';
import { waitFor } from '../../../test/harness/wait-for.ts';
import type { SupervisorEvent, SupervisorLimits } from './contract.ts';
import { StartFault, type ProcessLaunch, type ServiceDefinition } from './definition.ts';
import { startGuard } from './guard.ts';
import { defaultLimits } from './limits.ts';
import { endOrphan, pidFileOf } from './pid-file.ts';
import { ManagedService } from './service.ts';

/** Real children, played by small shell scripts: they crash, hang, ignore TERM and babble. */
function play(
  script: string,
  more: Partial<ProcessLaunch> & { prepare?: ServiceDefinition['prepare']; limits?: Partial<SupervisorLimits> } = {},
) {
  const { prepare, limits, ...launch } = more;
  const events: SupervisorEvent[] = [];
  const lines: string[] = [];
  const runDir = tempDir('run');
  const guard = startGuard({ graceSeconds: 0 });
  const service = new ManagedService(
    {
      name: 'worker-1',
      kind: 'worker',
      format: 'text',
      prepare:
        prepare ??
        (() =>
          Promise.resolve({
            external: false,
            program: '/bin/sh',
            args: ['-c', script],
            lifeLine: true,
            reports: true,
            ...launch,
          })),
    },
    {
      limits: {
        ...defaultLimits,
        backoffFirstMs: 10,
        backoffLongestMs: 40,
        crashesToFail: 3,
        startTimeoutMs: { mongod: 20_000, valkey: 20_000, worker: 20_000 },
        stopTimeoutMs: { mongod: 700, valkey: 700, worker: 700 },
        probeEveryMs: 30,
        probeFailuresToRestart: 2,
        ...limits,
      },
      runDir,
      guard,
      onLine: (text) => void lines.push(text),
      emit: (event) => void events.push(event),
    },
  );
  const states = (): string[] => events.flatMap((event) => (event.type === 'state' ? [event.service.state] : []));
  return { service, events, lines, states, runDir, guard };
}

const READY = `echo '{"type":"ready","endpoints":{"imap":{"host":"127.0.0.1","port":143,"tls":"starttls"}}}' >&3;`;
const UNTIL_EOF = 'while read -r line; do echo "got $line"; done;';

test('starts, says ready, takes commands, stops; nothing is left', async () => {
  const { service, states, lines, runDir, guard } = play(`echo hello; echo bad >&2; ${READY} ${UNTIL_EOF}`);
  service.start();
  const ready = await service.until(({ state }) => state === 'ready');
  assert.deepEqual(ready.endpoints, { imap: { host: '127.0.0.1', port: 143, tls: 'starttls' } });
  const pid = ready.pid ?? 0;
  assert.ok(existsSync(path.join(runDir, 'worker-1.pid')));
  service.say('certificate');
  await waitFor(() => lines.includes('got certificate'));
  assert.deepEqual(lines.slice(0, 2).toSorted(), ['bad', 'hello']);
  await waitFor(() => (service.status.rssBytes ?? 0) > 100_000);
  service.stop();
  const stopped = await service.until(({ state }) => state === 'stopped');
  assert.deepEqual(states(), ['starting', 'ready', 'stopping', 'stopped']);
  assert.equal(stopped.pid, undefined);
  assert.equal(stopped.failure, undefined);
  assert.equal(readProcessIdentity(pid), undefined);
  assert.ok(!existsSync(path.join(runDir, 'worker-1.pid')));
  guard.release();
});

test('crashes: backoff, then failed with the last lines; a person starts it again', async () => {
  const flag = path.join(tempDir('flag'), 'good');
  const { service, states, guard } = play(
    `[ -e ${flag} ] && { ${READY} ${UNTIL_EOF} exit 0; }; echo first; echo second; echo "last words" >&2; exit 7`,
    {
      limits: { keptLines: 2 },
    },
  );
  service.start();
  const failed = await service.until(({ state }) => state === 'failed');
  assert.deepEqual(states(), [
    'starting',
    'crashed',
    'backoff',
    'starting',
    'crashed',
    'backoff',
    'starting',
    'crashed',
    'failed',
  ]);
  assert.equal(failed.restarts, 2);
  assert.equal(failed.failure?.exitCode, 7);
  assert.equal(failed.failure?.lastLines.length, 2);
  assert.ok(failed.failure?.lastLines.includes('last words'));
  writeFileSync(flag, '');
  service.start();
  const ready = await service.until(({ state }) => state === 'ready');
  assert.equal(ready.failure, undefined);
  service.stop();
  await service.until(({ state }) => state === 'stopped');
  guard.release();
});

test('ignores TERM: killed with its whole group', async () => {
  const { service, events, lines, guard } = play(
    `trap '' TERM; (trap '' TERM; echo child $(exec sh -c 'echo $PPID'); while :; do sleep 0.05; done) & ${READY} while :; do sleep 0.05; done`,
  );
  service.start();
  const { pid = 0 } = await service.until(({ state }) => state === 'ready');
  const grandchild = await waitFor(() => Number(/^child (\d+)$/m.exec(lines.join('\n'))?.[1]));
  service.stop();
  await service.until(({ state }) => state === 'stopped');
  assert.ok(events.some((event) => event.type === 'notice' && /was killed/.test(event.message)));
  assert.equal(readProcessIdentity(pid), undefined);
  await waitFor(() => readProcessIdentity(grandchild) === undefined);
  guard.release();
});

test('never becomes ready: not-ready after the deadline', async () => {
  const { service, guard } = play(`echo thinking; exec sleep 60`, {
    limits: { crashesToFail: 1, startTimeoutMs: { mongod: 300, valkey: 300, worker: 300 } },
  });
  service.start();
  const failed = await service.until(({ state }) => state === 'failed');
  assert.equal(failed.failure?.kind, 'not-ready');
  assert.deepEqual(failed.failure?.lastLines, ['thinking']);
  assert.equal(failed.pid, undefined);
  guard.release();
});

test('ready but then hanging: probes fail, it is restarted', async () => {
  let answers = true;
  const { service, states, guard } = play(`exec sleep 60`, {
    reports: false,
    becomeReady: () => Promise.resolve(),
    probe: () => (answers ? Promise.resolve() : Promise.reject(new Error('silence'))),
  });
  service.start();
  const first = await service.until(({ state }) => state === 'ready');
  answers = false;
  const crashed = await service.until(({ state }) => state === 'backoff');
  assert.equal(crashed.failure?.kind, 'not-ready');
  assert.match(crashed.failure?.message ?? '', /silence/);
  answers = true;
  const second = await service.until(({ state }) => state === 'ready');
  assert.notEqual(second.pid, first.pid);
  assert.equal(second.restarts, 1);
  assert.deepEqual(states(), ['starting', 'ready', 'crashed', 'backoff', 'starting', 'ready']);
  service.stop();
  await service.until(({ state }) => state === 'stopped');
  guard.release();
});

test('its own shutdown is used; TERM only when that does not end it', async () => {
  let asked = 0;
  const { service, lines, guard } = play(`trap 'echo TERM; exit 0' TERM; ${READY} while :; do sleep 0.02; done`, {
    shutdown: () => {
      asked += 1;
      return Promise.resolve();
    },
  });
  service.start();
  await service.until(({ state }) => state === 'ready');
  service.stop();
  await service.until(({ state }) => state === 'stopped');
  assert.equal(asked, 1);
  assert.deepEqual(lines, ['TERM']);
  guard.release();
});

test('a program that is not there; a start that can never succeed', async () => {
  const missing = play('', { program: '/nowhere/at-all', limits: { crashesToFail: 1 } });
  missing.service.start();
  const failed = await missing.service.until(({ state }) => state === 'failed');
  assert.equal(failed.failure?.kind, 'spawn');
  assert.match(failed.failure?.lastLines.join('\n') ?? '', /ENOENT/);
  const refused = play('', {
    prepare: () => Promise.reject(new StartFault({ kind: 'data-version', message: 'too new', remedy: 'go back', final: true })),
  });
  refused.service.start();
  const status = await refused.service.until(({ state }) => state === 'failed');
  assert.deepEqual(
    { ...status.failure, at: 0 },
    { kind: 'data-version', message: 'too new', remedy: 'go back', lastLines: [], at: 0 },
  );
  missing.guard.release();
  refused.guard.release();
});

test('stopped while it is still being prepared: the late result is ignored', async () => {
  let finish = (): void => undefined;
  const { service, states, guard } = play('', {
    prepare: async ({ progress }) => {
      progress('downloading 40 %');
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return {
        external: false,
        program: '/bin/sh',
        args: ['-c', 'exec sleep 60'],
        lifeLine: false,
        reports: false,
        becomeReady: () => Promise.resolve(),
      };
    },
  });
  service.start();
  await waitFor(() => service.status.progress === 'downloading 40 %');
  service.stop();
  const stopped = await service.until(({ state }) => state === 'stopped');
  assert.equal(stopped.progress, undefined);
  finish();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(states(), ['starting', 'stopping', 'stopped']);
  assert.equal(service.status.pid, undefined);
  guard.release();
});

test('endless output without a newline is cut, a flood is only kept at its end', async () => {
  const { service, lines, guard } = play(
    `head -c 300000 /dev/zero | tr '\\0' x; echo; i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; exit 1`,
    {
      limits: {
        crashesToFail: 1,
        keptLines: 3,
        maxLineBytes: 10_000,
        startTimeoutMs: { mongod: 9000, valkey: 9000, worker: 9000 },
      },
    },
  );
  service.start();
  const failed = await service.until(({ state }) => state === 'failed');
  assert.ok(lines.every((line) => line.length <= 10_000));
  assert.equal(lines.join('').replaceAll(/line \d+/g, '').length, 300_000);
  assert.deepEqual(failed.failure?.lastLines, ['line 1997', 'line 1998', 'line 1999']);
  guard.release();
});

test('a pid file that names somebody else is not acted upon; an orphan of ours is ended', async () => {
  const folder = tempDir('pids');
  const stranger = spawn('sleep', ['60']);
  const orphan = spawn('sleep', ['60']);
  const strangerIs = readProcessIdentity(stranger.pid ?? 0);
  const orphanIs = readProcessIdentity(orphan.pid ?? 0);
  assert.ok(strangerIs !== undefined && orphanIs !== undefined);
  for (const [name, content, fate] of [
    ['started', { ...strangerIs, startedAt: 'yesterday' }, 'none'],
    ['program', { ...strangerIs, executable: '/usr/bin/other' }, 'none'],
    ['half', '{"pid":', 'none'],
    ['mine', orphanIs, 'ended'],
  ] as const) {
    const file = pidFileOf(folder, name);
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    assert.equal(await endOrphan(file, 5000), fate, name);
    assert.ok(!existsSync(file), name);
  }
  assert.ok(isStillRunning(strangerIs));
  assert.ok(!isStillRunning(orphanIs));
  stranger.kill('SIGKILL');
});
