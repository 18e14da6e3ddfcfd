/** Every screen against WCAG 2.2 AA by axe, in both colours and both languages, over a played appliance. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { ensureBuilt } from '../../ui/build.ts';
import { noBrowser, openBrowser, Visit } from './browser.ts';
import { playLog } from './play-log.ts';
import { playedBans } from './played-security.ts';
import { raiseStage, type Stage } from './stage.ts';

let stage: Stage;
let browser: Browser;
let light: Visit;
let dark: Visit;

before(async () => {
  if (noBrowser !== false) return;
  await ensureBuilt();
  [stage, browser] = await Promise.all([raiseStage(), openBrowser()]);
  playLog(stage.logs);
  light = await Visit.open(browser, stage.signInUrl());
  dark = await Visit.open(browser, stage.signInUrl(), { colorScheme: 'dark', locale: 'de-DE' });
  for (const [name, visit] of [
    ['axe light', light],
    ['axe dark', dark],
  ] as const) {
    try {
      await visit.page.getByRole('navigation').waitFor();
    } catch (error) {
      await visit.keep(name);
      throw error;
    }
  }
});
after(async () => {
  await browser?.close();
  await stage?.close();
});

const screens = [
  ['/', 'Everything is working', 'Alles läuft'],
  ['/people', 'People', 'Personen'],
  ['/connect?client=apple', 'Connect a device', 'Gerät verbinden'],
  ['/domains', 'Domains', 'Domains'],
  ['/mail', 'Mail flow', 'Postfluss'],
  ['/mail?tab=queue', 'Mail flow', 'Postfluss'],
  ['/setup', 'First steps', 'Erste Schritte'],
  ['/security', 'Security', 'Sicherheit'],
  ['/security?tab=bans', 'Security', 'Sicherheit'],
  ['/security?tab=certificates', 'Security', 'Sicherheit'],
  ['/security?tab=changes', 'Security', 'Sicherheit'],
  ['/security?tab=access', 'Security', 'Sicherheit'],
  ['/services', 'Services', 'Dienste'],
  ['/backups', 'Storage & backups', 'Speicher und Sicherungen'],
  ['/logs', 'Logs', 'Protokoll'],
  ['/settings', 'Settings', 'Einstellungen'],
] as const;

for (const [path, english, german] of screens) {
  test(`${path} has no violation`, { skip: noBrowser }, async () => {
    stage.api.bans = path.endsWith('bans') ? playedBans() : [];
    for (const [{ page }, title, language] of [
      [light, english, 'en'],
      [dark, german, 'de'],
    ] as const) {
      await page.goto(`${stage.url}${path}`);
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      await page.locator('.mantine-Skeleton-root').first().waitFor({ state: 'detached' });
      assert.equal(await page.evaluate('document.documentElement.lang'), language);
    }
    assert.deepEqual([await light.axe(), await dark.axe(), light.troubles, dark.troubles], [[], [], [], []]);
  });
}
