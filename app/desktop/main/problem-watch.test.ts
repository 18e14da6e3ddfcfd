import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service, Status } from '../../appliance/control/contract.ts';
import { ProblemWatch } from './problem-watch.ts';
import { serverState } from './server-state.ts';
import { appMenu, trayMenu, type MenuActions } from './menus.ts';
import { wordsFor, languageOf } from './words.ts';

const words = wordsFor('en');

function service(name: string, state: Service['state'], message?: string): Service {
  return {
    name,
    state,
    pid: null,
    port: null,
    version: null,
    rssBytes: null,
    since: '2026-01-01T00:00:00.000Z',
    restarts: 0,
    kind: name === 'mongod' || name === 'valkey' ? name : 'worker',
    external: false,
    ...(message === undefined ? {} : { failure: { kind: 'exited', message, lastLines: [], at: '2026-01-01T00:00:00.000Z' } }),
  };
}

function status(state: Status['state'], ...services: Service[]): Status {
  return {
    state,
    version: '1',
    dataDir: '/d',
    gui: null,
    api: null,
    services,
    endpoints: {},
    pid: 1,
    rssBytes: null,
    since: null,
    notices: [],
  };
}

test('a blip is not told', () => {
  const watch = new ProblemWatch(words);
  assert.deepEqual(watch.look(status('degraded', service('worker-1', 'backoff', 'it ended')), 0), []);
  assert.deepEqual(watch.look(status('degraded', service('worker-1', 'starting', 'it ended')), 20_000), []);
  assert.deepEqual(watch.look(status('running', service('worker-1', 'ready')), 25_000), []);
  // Later a new blip: its time is counted anew.
  assert.deepEqual(watch.look(status('degraded', service('worker-1', 'backoff', 'it ended')), 40_000), []);
});

test('what stays down is told once, and that it is over', () => {
  const watch = new ProblemWatch(words);
  const down = status('degraded', service('mongod', 'ready'), service('worker-1', 'backoff', 'it ended'));
  watch.look(down, 0);
  assert.deepEqual(watch.look(down, 30_000), ['worker-1 does not run: it ended']);
  assert.deepEqual(watch.look(down, 60_000), []);
  assert.deepEqual(watch.look(status('running', service('mongod', 'ready'), service('worker-1', 'ready')), 70_000), [
    'The mail server works again.',
  ]);
  // Again soon: the person knows already.
  watch.look(down, 80_000);
  assert.deepEqual(watch.look(down, 120_000), []);
  // Much later it is news.
  watch.look(status('running', service('worker-1', 'ready')), 3_000_000);
  watch.look(down, 3_100_000);
  assert.deepEqual(watch.look(down, 3_140_000), ['worker-1 does not run: it ended']);
});

test('what has given up is told at once; what somebody stopped is not told', () => {
  const watch = new ProblemWatch(words);
  assert.deepEqual(watch.look(status('failed', service('mongod', 'failed', 'the disk is full')), 0), [
    'mongod does not run: the disk is full',
  ]);
  assert.deepEqual(watch.look(status('stopped', service('valkey', 'stopped')), 0), []);
  assert.deepEqual(watch.look(status('stopped', service('mongod', 'stopped')), 10), [], 'stopped is not "works again"');
});

test('notices: errors only, each once', () => {
  const watch = new ProblemWatch(words);
  const at = '2026-01-01T00:00:00.000Z';
  assert.equal(watch.notice({ level: 'info', message: 'a', at }, 0), undefined);
  assert.equal(watch.notice({ level: 'error', message: 'The log cannot be written', at }, 0), 'The log cannot be written');
  assert.equal(watch.notice({ level: 'error', message: 'The log cannot be written', at }, 1000), undefined);
});

test('one icon and one sentence for each state', () => {
  const link = { home: 'child', lines: [] } as const;
  const connected = (state: Status) => serverState({ ...link, phase: 'connected', status: state }, false, words);
  const cases: [ReturnType<typeof serverState>, string, string, string | undefined][] = [
    [serverState({ ...link, phase: 'starting' }, false, words), 'starting', 'Mallard is starting', undefined],
    [serverState({ ...link, phase: 'failed' }, false, words), 'problem', 'Mail server could not start', 'start'],
    [serverState({ ...link, phase: 'stopped' }, true, words), 'stopped', 'Mail server is stopped', 'start'],
    [
      connected(status('starting', service('mongod', 'ready'), service('valkey', 'starting'), service('worker-1', 'stopped'))),
      'starting',
      'Mallard is starting (2 of 3)',
      undefined,
    ],
    [connected(status('running', service('mongod', 'ready'))), 'running', 'Mail server is running', 'stop'],
    [
      connected(status('degraded', service('mongod', 'ready'), service('worker-1', 'backoff'))),
      'problem',
      'Needs attention: worker-1',
      'stop',
    ],
    [connected(status('stopped', service('mongod', 'stopped'))), 'stopped', 'Mail server is stopped', 'start'],
  ];
  for (const [state, icon, sentence, offer] of cases)
    assert.deepEqual([state.icon, state.sentence, state.offer], [icon, sentence, offer]);
  const paused = serverState({ ...link, phase: 'connected', status: status('running', service('mongod', 'ready')) }, true, words);
  assert.deepEqual([paused.sentence, paused.paused, paused.canPause], ['Running, incoming mail is paused', true, true]);
});

test('menus: the tray has the six things, and quitting says what it does', () => {
  const nothing = (): void => {};
  const actions: MenuActions = {
    show: nothing,
    showLogs: nothing,
    start: nothing,
    stop: nothing,
    setPaused: nothing,
    openDataFolder: nothing,
    closeWindow: nothing,
    quit: nothing,
    about: nothing,
  };
  const server = serverState(
    { phase: 'connected', home: 'child', lines: [], status: status('running', service('mongod', 'ready')) },
    false,
    words,
  );
  const labels = (attached: boolean) => trayMenu({ server, attached }, words, actions).flatMap(({ label }) => label ?? []);
  assert.deepEqual(labels(false), [
    'Mail server is running',
    'Open Mallard',
    'Stop mail server',
    'Pause incoming mail',
    'Logs',
    'Stop mail server and quit',
  ]);
  assert.equal(labels(true).at(-1), 'Quit (the mail server keeps running)');
  const developer = JSON.stringify(appMenu({ server, attached: false }, words, actions, { mac: false, developer: true }));
  assert.match(developer, /toggleDevTools/);
  assert.doesNotMatch(
    JSON.stringify(appMenu({ server, attached: false }, words, actions, { mac: false, developer: false })),
    /toggleDevTools/,
  );
});

test('languages', () => {
  for (const [locale, language] of [
    ['de', 'de'],
    ['de-AT', 'de'],
    ['de_DE.UTF-8', 'de'],
    ['en-US', 'en'],
    ['den', 'en'],
    ['', 'en'],
  ] as const) {
    assert.equal(languageOf(locale), language, locale);
  }
});
