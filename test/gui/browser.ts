/**
 * A Chromium for the GUI's tests. Debian's is installed when it is missing and this is Debian with root; else the tests are skipped and say what to
 * install. Every browser has a fresh profile and asks nothing of the network.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const axeFile = createRequire(createRequire(import.meta.url).resolve('@axe-core/playwright')).resolve('axe-core/axe.min.js');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Undefined when there is none and none can be installed. */
export function findChromium(): string | undefined {
  const named = process.env['MALLARD_CHROMIUM'];
  const found = (): string | undefined => [...(named === undefined ? [] : [named]), ...places].find((file) => existsSync(file));
  if (found() === undefined && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore', env });
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium'], { stdio: 'ignore', env });
  }
  return found();
}

const executable = findChromium();

/** For the `skip` of a test: false, or the reason. */
export const noBrowser: string | false =
  executable === undefined ? 'no Chromium; install it (apt-get install chromium) or name one in MALLARD_CHROMIUM' : false;

export async function openBrowser(): Promise<Browser> {
  return chromium.launch({ ...(executable === undefined ? {} : { executablePath: executable }), args: flags });
}

export interface VisitOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly locale?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** A window in which everything that goes wrong in the page is kept. */
export class Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, of the content security policy, and failed loads that nobody expected. */
  readonly troubles: string[] = [];
  readonly #expected: RegExp[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    page.on('pageerror', (error) => this.#trouble(`script: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#trouble(`console: ${message.text()} ${message.location().url}`);
    });
  }

  static async open(browser: Browser, url: string, options: VisitOptions = {}): Promise<Visit> {
    const context = await browser.newContext({
      locale: options.locale ?? 'en-GB',
      colorScheme: options.colorScheme ?? 'light',
      viewport: options.viewport ?? { width: 1280, height: 840 },
      reducedMotion: 'reduce',
      acceptDownloads: true,
    });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const visit = new Visit(context, page);
    await page.goto(url);
    return visit;
  }

  /** A failure that the test makes on purpose. */
  expectTrouble(pattern: RegExp): void {
    this.#expected.push(pattern);
  }

  /** A new test begins in the same window. */
  forget(): void {
    this.troubles.length = 0;
    this.#expected.length = 0;
  }

  #trouble(text: string): void {
    if (!this.#expected.some((pattern) => pattern.test(text))) this.troubles.push(text);
  }

  /** What axe finds against WCAG 2.2 A and AA, a line each. */
  async axe(): Promise<string[]> {
    // A dialog has a header of its own; what is behind it is out of reach meanwhile. The notices in the corner and the live regions stand outside of the
    // landmarks on purpose.
    const dialogs = await this.page.getByRole('dialog').count();
    const off = ['region', ...(dialogs > 0 ? ['landmark-no-duplicate-banner', 'landmark-unique'] : [])];
    if ((await this.page.locator('iframe[sandbox]').count()) > 0) return this.#axeWithoutFrames(off);
    const { violations } = await new AxeBuilder({ page: this.page }).withTags(tags).disableRules(off).analyze();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`),
    );
  }

  /** A frame in which no script may run cannot be looked into, and axe would wait for it for ever: the page alone, then. */
  async #axeWithoutFrames(off: readonly string[]): Promise<string[]> {
    const rules = Object.fromEntries(off.map((name) => [name, { enabled: false }]));
    await this.page.evaluate(readFileSync(axeFile, 'utf8'));
    const found = await this.page.evaluate(
      `axe.run(document, { iframes: false, runOnly: ${JSON.stringify(tags)}, rules: ${JSON.stringify(rules)} })
        .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ': ' + node.html.slice(0, 160) + ' ' + node.failureSummary)))`,
    );
    return found as string[];
  }

  async shot(name: string): Promise<void> {
    const folder = process.env['MALLARD_SHOTS'];
    if (folder !== undefined) await this.page.screenshot({ path: path.join(folder, `${name}.png`) });
  }

  /** After a failed test: what the page showed, as a picture in test/results and in words. */
  async keep(name: string): Promise<void> {
    const folder = path.resolve(import.meta.dirname, '../results');
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, `${name.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 60)}.png`);
    await this.page.screenshot({ path: file });
    const words = (await this.page.locator('body').innerText()).replaceAll(/\s+/g, ' ').slice(0, 600);
    process.stderr.write(`${name}\n  ${this.page.url()}\n  ${words}\n  ${this.troubles.join('\n  ')}\n  ${file}\n`);
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
