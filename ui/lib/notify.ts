/** Short news in the corner, told to screen readers too. */
import { notifications } from '@mantine/notifications';
import { announce } from './announce.tsx';

export function notifyDone(words: string): void {
  notifications.show({ message: words, color: 'mallard', withBorder: true, role: 'presentation' });
  announce(words);
}

export function notifyFailed(title: string, words: string): void {
  notifications.show({ title, message: words, color: 'red', withBorder: true, autoClose: 12_000, role: 'presentation' });
  announce(`${title}. ${words}`, 'urgent');
}
