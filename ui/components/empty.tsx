/** A place with nothing in it yet: what would be here, and how it comes to be. */
import { Stack, Text, ThemeIcon, Title } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { ReactElement, ReactNode } from 'react';

export interface EmptyProps {
  readonly icon: Icon;
  readonly title: string;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}

export function Empty({ icon: IconOf, title, children, action }: EmptyProps): ReactElement {
  return (
    <Stack align="center" gap="sm" py={48} px="md" ta="center">
      <ThemeIcon size={56} radius="xl" variant="light" aria-hidden>
        <IconOf size={28} />
      </ThemeIcon>
      <Title order={2}>{title}</Title>
      <Text c="dimmed" maw="54ch">
        {children}
      </Text>
      {action}
    </Stack>
  );
}
