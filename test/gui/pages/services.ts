/** The services screen. */
import type { Locator } from 'playwright-core';
import { AppFrame } from './app.ts';

export class ServicesScreen extends AppFrame {
  card(title: string): Locator {
    return this.page.getByRole('article', { name: title, exact: true });
  }

  toggle(title: string): Locator {
    return this.card(title).getByRole('switch');
  }

  async waitForState(title: string, state: string): Promise<void> {
    await this.card(title).getByText(state, { exact: true }).waitFor({ timeout: 30_000 });
  }
}
