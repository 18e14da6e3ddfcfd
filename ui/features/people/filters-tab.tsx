/** The filters of a person. */
import type { ReactElement } from 'react';
import { FiltersCard } from '../../account/filters-card.tsx';
import type { Person } from '../../lib/people.ts';

export function FiltersTab({ person }: { person: Person }): ReactElement {
  return <FiltersCard user={person.id} />;
}
