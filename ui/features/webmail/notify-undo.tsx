/** A short notice with a button that takes back what was done. */
import { Button, Group } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { announce } from '../../lib/announce.tsx';

const shownMs = 10_000;

export function notifyUndo(words: string, label: string, undo: () => void): void {
  const id = `undo-${Date.now()}-${Math.random()}`;
  notifications.show({
    id,
    message: (
      <Group justify="space-between" wrap="nowrap" gap="sm">
        {words}
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => {
            notifications.hide(id);
            undo();
          }}
        >
          {label}
        </Button>
      </Group>
    ),
    color: 'mallard',
    withBorder: true,
    autoClose: shownMs,
    role: 'presentation',
  });
  announce(words);
}
