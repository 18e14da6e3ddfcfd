/** Automatic reply, and where mail is passed on to. */
import { SimpleGrid } from '@mantine/core';
import type { ReactElement } from 'react';
import { AutoreplyCard } from '../../account/autoreply-card.tsx';
import { ForwardsCard } from '../../account/forwards-card.tsx';
import { useHas } from '../../lib/capabilities.ts';
import type { Person } from '../../lib/people.ts';

export function RepliesTab({ person }: { person: Person }): ReactElement {
  const has = useHas();
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      {has('PUT /users/{user}/autoreply') === true && <AutoreplyCard person={person} />}
      <ForwardsCard person={person} />
    </SimpleGrid>
  );
}
