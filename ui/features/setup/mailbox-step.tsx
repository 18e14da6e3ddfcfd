/** The first mailbox. Run again later, a further one can be added or none. */
import { Button, Group, SimpleGrid, Stack, Switch, TextInput } from '@mantine/core';
import { IconDice5 } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { makePassword, type NewPerson } from '../../lib/people.ts';
import { AdminPart } from './admin-part.tsx';
import { StepHead } from './step-head.tsx';
import type { AnswerStepProps } from './usage-step.tsx';

export function MailboxStep({
  answers,
  onChange,
  problem,
  isFirst,
  asksPassword,
}: AnswerStepProps & { isFirst: boolean; asksPassword: boolean }): ReactElement {
  const { t } = useTranslation();
  const { person } = answers;
  const change = (part: Partial<NewPerson>): void => {
    if (person !== undefined) onChange({ person: { ...person, ...part } });
  };
  return (
    <Stack gap="lg">
      {asksPassword && <AdminPart answers={answers} onChange={onChange} problem={problem} />}
      <StepHead title={t(isFirst ? 'setup.mailbox.title' : 'setup.mailbox.further')} lead={t('setup.mailbox.lead')} />
      <Switch
        label={t('setup.mailbox.want')}
        checked={person !== undefined}
        onChange={(event) =>
          onChange({
            person: event.currentTarget.checked ? { name: '', address: '', password: makePassword(), quota: 0 } : undefined,
          })
        }
      />
      {person !== undefined && (
        <>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <TextInput
              label={t('people.field.name')}
              placeholder="Anna Berg"
              value={person.name}
              onChange={(event) => change({ name: event.currentTarget.value })}
              autoComplete="off"
            />
            <TextInput
              label={t('people.field.address')}
              placeholder="anna@example.org"
              type="email"
              required
              value={person.address}
              onChange={(event) => change({ address: event.currentTarget.value.trim() })}
              error={problem === 'address'}
              autoComplete="off"
              spellCheck={false}
            />
          </SimpleGrid>
          <Group align="flex-end" gap="xs">
            <TextInput
              w={360}
              label={t('people.field.password')}
              description={t('setup.mailbox.passwordHelp')}
              required
              styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
              value={person.password}
              onChange={(event) => change({ password: event.currentTarget.value })}
              error={problem === 'password'}
              autoComplete="off"
              spellCheck={false}
            />
            <Button
              variant="default"
              leftSection={<IconDice5 size={16} aria-hidden />}
              onClick={() => change({ password: makePassword() })}
            >
              {t('people.another')}
            </Button>
          </Group>
        </>
      )}
    </Stack>
  );
}
