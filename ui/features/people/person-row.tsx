/** One line of the list. */
import { Badge, Checkbox, Group, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { IconArrowForwardUp, IconBeach, IconUserOff } from '@tabler/icons-react';
import { memo, type ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { RelativeTime } from '../../components/relative-time.tsx';
import { QuotaBar } from '../../components/quota-bar.tsx';
import { displayName, type PersonEntry, quotaOf } from '../../lib/people.ts';
import classes from './people.module.css';

interface Props {
  readonly person: PersonEntry;
  readonly index: number;
  readonly top: number;
  readonly chosen: boolean;
  readonly onChoose: (on: boolean) => void;
}

export const PersonRow = memo(function PersonRow({ person, index, top, chosen, onChoose }: Props): ReactElement {
  const { t } = useTranslation();
  const name = displayName(person);
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={`${classes['row']} ${classes['body']}`}
      style={{ transform: `translateY(${top}px)` }}
      data-chosen={chosen}
    >
      <div role="cell">
        <Checkbox
          checked={chosen}
          onChange={(event) => onChoose(event.currentTarget.checked)}
          aria-label={t('people.choose', { name })}
        />
      </div>
      <div role="cell" style={{ minWidth: 0 }}>
        <Link to="/people/$id" params={{ id: person.id }} search={{}} className={classes['name'] ?? ''}>
          {name}
        </Link>
        <Text size="sm" c="dimmed" truncate>
          {person.address ?? person.username}
        </Text>
      </div>
      <div role="cell">
        <QuotaBar {...quotaOf(person)} />
      </div>
      <div role="cell">
        <Text size="sm" {...(person.lastSignIn ? {} : { c: 'dimmed' })}>
          {person.lastSignIn ? <RelativeTime at={person.lastSignIn} /> : t('people.never')}
        </Text>
      </div>
      <div role="cell">
        <PersonMarks person={person} />
      </div>
    </div>
  );
});

export function PersonMarks({ person }: { person: PersonEntry }): ReactElement {
  const { t } = useTranslation();
  const off = person.disabled === true || person.suspended === true;
  return (
    <Group gap={6}>
      {off ? (
        <Badge color="gray" variant="light" leftSection={<IconUserOff size={13} aria-hidden />}>
          {t(person.disabled === true ? 'people.state.disabled' : 'people.state.suspended')}
        </Badge>
      ) : (
        <Badge variant="light">{t('people.state.active')}</Badge>
      )}
      {person.autoreply === true && (
        <Badge color="blue" variant="light" leftSection={<IconBeach size={13} aria-hidden />}>
          {t('people.state.autoreply')}
        </Badge>
      )}
      {(person.targets?.length ?? 0) > 0 && (
        <Badge color="blue" variant="light" leftSection={<IconArrowForwardUp size={13} aria-hidden />}>
          {t('people.state.forwards')}
        </Badge>
      )}
    </Group>
  );
}
