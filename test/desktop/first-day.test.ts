/** The first day in the desktop app's own window, on the real Electron: a person, a service off and on, the log as it happens. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ensureBuilt } from '../../ui/build.ts';
import { LogsScreen } from '../gui/pages/logs.ts';
import { PeopleScreen } from '../gui/pages/people.ts';
import { ServicesScreen } from '../gui/pages/services.ts';
import { RawImapClient } from '../harness/imap-client.ts';
import { LmtpProbe } from '../harness/probe/lmtp-probe.ts';
import { tempDir } from '../harness/temp-dir.ts';
import { waitFor } from '../harness/wait-for.ts';
import {
  buildForTests,
  type Desktop,
  launch,
  screenshot,
  statusOf,
  testHome,
  type TestHome,
  untilGui,
  untilNothingRuns,
  untilRunning,
} from './app.ts';
import { processesOf } from './processes.ts';
import { openScreen, type Screen } from './screen.ts';

const opened = await openScreen();
const screen = opened as Screen;

describe('the first day in the window', { skip: typeof opened === 'string' ? opened : false }, () => {
  const folder = tempDir('first-day');
  let at: TestHome;
  let desktop: Desktop;
  let password = '';

  before(async () => {
    await Promise.all([buildForTests(), ensureBuilt()]);
    at = testHome(folder, screen);
    desktop = await launch(screen, at);
    await untilGui(desktop.page);
    await untilRunning(at);
  });
  after(async () => {
    desktop?.app.process().kill('SIGTERM');
    await untilNothingRuns(folder, 60_000).finally(() => {
      for (const { pid } of processesOf(folder)) process.kill(pid, 'SIGKILL');
      screen.close();
    });
  });

  const port = async (name: string): Promise<number> => (await statusOf(at))?.endpoints[name]?.port ?? assert.fail(`no ${name}`);

  test('a person is added, and gets mail', async () => {
    const people = new PeopleScreen(desktop.page);
    await people.goTo('People');
    password = await people.add('Anna Berg', 'anna@example.test');
    await people.row('anna@example.test').waitFor();
    const lmtp = await LmtpProbe.connect(await port('lmtp'));
    const [reply] = await lmtp.deliver(Buffer.from('From: bob@example.test\r\nSubject: hello\r\n\r\nQuack.\r\n'), [
      'anna@example.test',
    ]);
    assert.equal(reply?.code, 250);
    lmtp.close();
    const imap = await RawImapClient.login(await port('imap'), 'anna@example.test', password);
    assert.match((await imap.ok('STATUS INBOX (MESSAGES)')).join('\n'), /MESSAGES 1/);
    await imap.close();
    await screenshot(desktop.page, 'desktop-people');
  });

  test('IMAP is turned off and on', async () => {
    const services = new ServicesScreen(desktop.page);
    await services.goTo('Services');
    await services.waitForState('IMAP', 'Running');
    await services.toggle('IMAP').press('Space');
    await services.waitForState('IMAP', 'Off');
    assert.equal((await statusOf(at))?.endpoints['imap'], undefined);
    await screenshot(desktop.page, 'desktop-services');
    await services.toggle('IMAP').press('Space');
    await services.waitForState('IMAP', 'Running');
    await waitFor(
      async () => (await RawImapClient.login(await port('imap'), 'anna@example.test', password)).close().then(() => true),
      {
        timeoutMs: 20_000,
      },
    );
  });

  test('the log shows a failed sign-in as it happens', async () => {
    const logs = new LogsScreen(desktop.page);
    await logs.goTo('Logs');
    await logs.list().waitFor();
    await assert.rejects(RawImapClient.login(await port('imap'), 'anna@example.test', 'wrong'));
    await logs.line('login failed').last().waitFor({ timeout: 60_000 });
    await screenshot(desktop.page, 'desktop-logs');
  });
});
