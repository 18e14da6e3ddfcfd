/** The frame of a screen: document title, heading, one line that says what it is for, and its main actions. */
import { Group, Stack, Text, Title } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';

export interface PageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** The screen fills the window and scrolls inside (lists, logs). */
  readonly fill?: boolean;
}

export function Page({ title, lead, actions, children, fill = false }: PageProps): ReactElement {
  return (
    <Stack gap="lg" {...(fill ? { h: 'calc(100dvh - var(--app-shell-header-height, 0px) - 2 * var(--app-shell-padding))' } : {})}>
      <title>{`${title} · Mallard`}</title>
      <Group justify="space-between" align="flex-start" gap="md">
        <div>
          <Title order={1}>{title}</Title>
          {lead !== undefined && (
            <Text c="dimmed" mt={2} maw="88ch">
              {lead}
            </Text>
          )}
        </div>
        {actions !== undefined && <Group gap="sm">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
