/** Name and sign. */
import { Group, Text } from '@mantine/core';
import type { ReactElement } from 'react';

export function Logo({ size = 30 }: { size?: number }): ReactElement {
  return (
    <Group gap={10} wrap="nowrap">
      <img src="/icon.svg" width={size} height={size} alt="" />
      <Text fw={700} size="lg" lh={1} style={{ letterSpacing: '-0.01em' }}>
        Mallard
      </Text>
    </Group>
  );
}
