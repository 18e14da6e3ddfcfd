/** The list of people and the dialogs on it. */
import type { Locator } from 'playwright-core';
import { AppFrame } from './app.ts';

export class PeopleScreen extends AppFrame {
  row(text: string): Locator {
    return this.page.getByRole('row').filter({ hasText: text });
  }

  /** @returns the password that was made */
  async add(name: string, address: string): Promise<string> {
    await this.page.getByRole('button', { name: 'Add a person' }).first().click();
    const dialog = this.dialog();
    await dialog.getByLabel('Name', { exact: true }).fill(name);
    await dialog.getByRole('textbox', { name: 'Address' }).fill(address);
    const password = await dialog.getByRole('textbox', { name: 'Password' }).inputValue();
    await dialog.getByRole('button', { name: 'Add a person' }).click();
    await dialog.getByText('has a mailbox now').waitFor();
    await dialog.getByRole('button', { name: 'Done' }).click();
    return password;
  }

  async search(text: string): Promise<void> {
    await this.page.getByRole('searchbox', { name: 'Search people' }).fill(text);
  }

  async open(name: string): Promise<void> {
    await this.page.getByRole('link', { name, exact: true }).click();
    await this.heading(name).waitFor();
  }

  tab(name: string): Locator {
    return this.page.getByRole('tab', { name });
  }
}
