/** Heading and lead of a step. */
import { Text, Title } from '@mantine/core';
import type { ReactElement } from 'react';

export function StepHead({ title, lead }: { title: string; lead: string }): ReactElement {
  return (
    <div>
      <Title order={2} fz="1.3rem">
        {title}
      </Title>
      <Text c="dimmed" mt={4} maw="72ch">
        {lead}
      </Text>
    </div>
  );
}
