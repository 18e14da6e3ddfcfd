/** One numbered step. */
import { Card, Group, Text, Title } from '@mantine/core';
import type { ReactElement } from 'react';

export function Step({ number, title, children }: { number: number; title: string; children: ReactElement }): ReactElement {
  const id = `step-${number}`;
  return (
    <Card component="section" aria-labelledby={id}>
      <Group gap="sm" mb="sm">
        <Text
          component="span"
          fw={700}
          w={28}
          h={28}
          lh="28px"
          ta="center"
          bg="mallard.7"
          c="white"
          style={{ borderRadius: '50%' }}
          aria-hidden
        >
          {number}
        </Text>
        <Title order={2} id={id}>
          {title}
        </Title>
      </Group>
      {children}
    </Card>
  );
}
