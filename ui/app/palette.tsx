/**
 * Ctrl/⌘-K: every place, the common deeds, and people by name or address. The words that users of other mail servers know lead to the same places.
 * A combobox by the ARIA pattern: the focus stays in the field, arrows move the choice.
 */
import { Group, Loader, Modal, Text, TextInput, useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import {
  IconArrowRight,
  IconLanguage,
  IconMoon,
  IconRefresh,
  IconSearch,
  IconSun,
  IconUser,
  IconUserPlus,
  IconWand,
  type Icon,
} from '@tabler/icons-react';
import { type KeyboardEvent, type ReactElement, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { changeLanguage, languageNames, languages } from '../lib/i18n.ts';
import { useServiceAction } from '../lib/queries.ts';
import { peopleSearchQuery } from '../lib/people.ts';
import { places } from './nav.ts';
import classes from './palette.module.css';

interface Choice {
  readonly key: string;
  readonly icon: Icon;
  readonly label: string;
  readonly hint?: string | undefined;
  /** Small letters; what the typed words are looked for in. */
  readonly words: string;
  readonly run: () => void;
}

export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  return (
    <Modal.Root opened={opened} onClose={onClose} size="lg" yOffset="12vh">
      <Modal.Overlay />
      <Modal.Content aria-label={t('palette.title')}>
        <Modal.Body p={0}>
          <PaletteBody onClose={onClose} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function PaletteBody({ onClose }: { onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const id = useId();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [searched] = useDebouncedValue(text.trim(), 150);
  const people = useQuery({ ...peopleSearchQuery(searched, 6), enabled: searched.length >= 2 });
  const navigate = useNavigate();
  const fixed = useFixedChoices();
  const wanted = text
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const found: Choice[] = [
    ...fixed.filter((choice) => wanted.every((word) => choice.words.includes(word))),
    ...(text.trim().length < 2 ? [] : (people.data?.results ?? [])).map((person) => ({
      key: person.id,
      icon: IconUser,
      label: person.name !== '' && person.name !== undefined ? person.name : person.username,
      hint: person.address ?? undefined,
      words: '',
      run: () => void navigate({ to: '/people/$id', params: { id: person.id }, search: {} }),
    })),
  ];
  const chosen = Math.min(at, found.length - 1);
  const take = (choice: Choice | undefined): void => {
    if (choice === undefined) return;
    onClose();
    choice.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const moves: Record<string, number> = { ArrowDown: chosen + 1, ArrowUp: chosen - 1, Home: 0, End: found.length - 1 };
    const move = moves[event.key];
    if (move !== undefined && found.length > 0) {
      event.preventDefault();
      setAt((move + found.length) % found.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      take(found[chosen]);
    }
  };
  return (
    <>
      <TextInput
        data-autofocus
        size="lg"
        variant="unstyled"
        px="md"
        leftSection={<IconSearch size={20} aria-hidden />}
        rightSection={people.isFetching ? <Loader size="xs" /> : undefined}
        placeholder={t('palette.placeholder')}
        aria-label={t('palette.title')}
        role="combobox"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={found.length > 0 ? `${id}-${chosen}` : undefined}
        aria-autocomplete="list"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={`${id}-list`} role="listbox" aria-label={t('palette.title')} className={classes['list']} tabIndex={-1}>
        {found.map((choice, index) => (
          <div
            key={choice.key}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            className={classes['option']}
            ref={(element) => {
              if (index === chosen) element?.scrollIntoView({ block: 'nearest' });
            }}
            onPointerMove={() => setAt(index)}
            onClick={() => take(choice)}
          >
            <choice.icon size={18} stroke={1.7} aria-hidden />
            <Text size="sm" flex={1}>
              {choice.label}
            </Text>
            {choice.hint !== undefined && (
              <Text size="xs" c="dimmed">
                {choice.hint}
              </Text>
            )}
          </div>
        ))}
      </div>
      {found.length === 0 && (
        <Text c="dimmed" p="md" ta="center" role="status">
          {t('palette.nothing', { text })}
        </Text>
      )}
      <Group className={classes['foot'] ?? ''} gap="lg">
        <Text size="xs" c="dimmed">
          {t('palette.keys')}
        </Text>
      </Group>
    </>
  );
}

function useFixedChoices(): Choice[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const act = useServiceAction();
  const small = (...words: string[]): string => words.join(' ').toLowerCase();
  return [
    ...places.map(({ name, path, icon }) => ({
      key: name,
      icon,
      label: t(`nav.${name}`),
      hint: t('palette.place'),
      words: small(t(`nav.${name}`), t(`nav.aliases.${name}`)),
      run: () => void navigate({ to: path }),
    })),
    {
      key: 'add',
      icon: IconUserPlus,
      label: t('palette.addPerson'),
      words: small(t('palette.addPerson'), t('nav.aliases.people')),
      run: () => void navigate({ to: '/people', search: { add: true } }),
    },
    {
      key: 'setup',
      icon: IconWand,
      label: t('setup.title'),
      words: small(t('setup.title'), t('setup.again'), 'wizard setup'),
      run: () => void navigate({ to: '/setup' }),
    },
    {
      key: 'errors',
      icon: IconArrowRight,
      label: t('palette.errors'),
      words: small(t('palette.errors'), t('nav.aliases.logs')),
      run: () => void navigate({ to: '/logs', search: { level: 'warn' } }),
    },
    {
      key: 'restart',
      icon: IconRefresh,
      label: t('palette.restartWorkers'),
      words: small(t('palette.restartWorkers')),
      run: () => act.mutate({ name: 'worker', action: 'restart' }),
    },
    {
      key: 'dark',
      icon: IconMoon,
      label: t('palette.dark'),
      words: small(t('palette.dark')),
      run: () => setColorScheme('dark'),
    },
    {
      key: 'light',
      icon: IconSun,
      label: t('palette.light'),
      words: small(t('palette.light')),
      run: () => setColorScheme('light'),
    },
    ...languages.map((language) => ({
      key: language,
      icon: IconLanguage,
      label: languageNames[language],
      hint: t('common.language'),
      words: small(languageNames[language], t('common.language'), 'language'),
      run: () => void changeLanguage(language),
    })),
  ];
}
