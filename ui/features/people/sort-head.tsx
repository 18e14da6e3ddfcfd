/** A column's head that sorts: once upwards, once more downwards, then as it was. The server sorts, over all people and not only those in sight. */
import { Group, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconArrowsSort } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import type { PeopleSort } from '../../lib/people.ts';

export interface SortHeadProps {
  readonly field: 'name' | 'lastSignIn';
  readonly label: string;
  readonly sort: PeopleSort;
  readonly onSort: (sort: PeopleSort) => void;
}

export function SortHead({ field, label, sort, onSort }: SortHeadProps): ReactElement {
  const up = sort === field;
  const down = sort === `-${field}`;
  const IconOf = up ? IconArrowUp : down ? IconArrowDown : IconArrowsSort;
  return (
    <div role="columnheader" aria-sort={up ? 'ascending' : down ? 'descending' : 'none'}>
      <UnstyledButton fz="inherit" fw="inherit" c="inherit" onClick={() => onSort(up ? `-${field}` : down ? 'username' : field)}>
        <Group gap={4} wrap="nowrap">
          {label}
          <IconOf size={14} aria-hidden />
        </Group>
      </UnstyledButton>
    </div>
  );
}
