/** What every screen has: navigation, palette, notices. */
import type { Locator, Page } from 'playwright-core';

export class AppFrame {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  heading(name: string | RegExp): Locator {
    return this.page.getByRole('heading', { level: 1, name });
  }

  async goTo(place: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name: place, exact: true }).click();
  }

  async openPalette(): Promise<Locator> {
    await this.page.keyboard.press('Control+k');
    const field = this.page.getByRole('combobox', { name: 'Search or go to' });
    await field.waitFor();
    return field;
  }

  /** What the corner says. */
  notice(text: string | RegExp): Locator {
    return this.page.locator('.mantine-Notification-root').filter({ hasText: text });
  }

  dialog(): Locator {
    return this.page.getByRole('dialog');
  }
}
