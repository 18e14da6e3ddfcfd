/** Picks a person; the server does the searching. */
import { Loader, Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { displayName, type PersonEntry, peopleSearchQuery } from '../lib/people.ts';

export interface PersonSelectProps {
  /** "Person" unless said otherwise. */
  readonly label?: string;
  readonly person: PersonEntry | undefined;
  readonly onChange: (id: string | undefined) => void;
}

export function PersonSelect({ label: title, person, onChange }: PersonSelectProps): ReactElement {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const label = (entry: PersonEntry): string =>
    entry.name === undefined || entry.name === ''
      ? (entry.address ?? entry.username)
      : `${displayName(entry)} · ${entry.address ?? entry.username}`;
  const chosenLabel = person === undefined ? undefined : label(person);
  const [searched] = useDebouncedValue(text === chosenLabel ? '' : text, 200);
  const found = useQuery(peopleSearchQuery(searched, 20));
  const entries = [...(found.data?.results ?? [])];
  if (person !== undefined && !entries.some(({ id }) => id === person.id)) entries.unshift(person);
  return (
    <Select
      label={title ?? t('device.person')}
      placeholder={t('device.personPlaceholder')}
      maw={460}
      searchable
      clearable
      value={person?.id ?? null}
      onChange={(id) => onChange(id ?? undefined)}
      searchValue={text}
      onSearchChange={setText}
      filter={({ options }) => options}
      rightSection={found.isFetching ? <Loader size="xs" /> : undefined}
      nothingFoundMessage={t('device.nobody')}
      data={entries.map((entry) => ({ value: entry.id, label: label(entry) }))}
    />
  );
}
