/** The log screen. */
import type { Locator } from 'playwright-core';
import { AppFrame } from './app.ts';

export class LogsScreen extends AppFrame {
  list(): Locator {
    return this.page.getByRole('listbox', { name: 'Log lines' });
  }

  line(text: string | RegExp): Locator {
    return this.list().getByRole('option').filter({ hasText: text });
  }

  filter(label: string): Locator {
    return this.page.getByRole('search', { name: 'Filters' }).getByLabel(label);
  }
}
