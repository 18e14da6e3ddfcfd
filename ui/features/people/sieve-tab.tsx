/** The filter scripts of a person: write one, see what is wrong with it and where, and let one of them work. */
import { Alert, Badge, Button, Card, Group, Select, Skeleton, Stack, Text, Textarea, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconFilterCode, IconPlus, IconTrash } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import type { Fault } from '../../lib/fault.ts';
import { notifyDone } from '../../lib/notify.ts';
import type { Person } from '../../lib/people.ts';
import { checkScript, deleteScript, saveScript, scriptQuery, type SieveList, sieveQuery, switchScript } from './sieve-api.ts';

export function SieveTab({ person }: { person: Person }): ReactElement {
  const { t } = useTranslation();
  const scripts = useQuery(sieveQuery(person.id));
  const [writing, setWriting] = useState(false);
  const empty = scripts.data?.results.length === 0 && !writing;
  return (
    <Card component="section">
      <Group justify="space-between" mb="md" align="flex-start">
        <div>
          <Title order={2}>{t('people.tab.sieve')}</Title>
          <Text c="dimmed" size="sm" maw="70ch">
            {t('sieve.lead')}
          </Text>
        </div>
        {!writing && (
          <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setWriting(true)}>
            {t('sieve.add')}
          </Button>
        )}
      </Group>
      {scripts.data === undefined ? (
        scripts.error === null ? (
          <Skeleton height={240} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={scripts.error} onRetry={() => void scripts.refetch()} />
        )
      ) : (
        <Stack gap="md">
          <Trouble trouble={scripts.data.trouble} />
          {empty ? (
            <Empty icon={IconFilterCode} title={t('sieve.emptyTitle')}>
              {t('sieve.emptyLead')}
            </Empty>
          ) : (
            <Scripts person={person} list={scripts.data} writing={writing} onWritten={() => setWriting(false)} />
          )}
        </Stack>
      )}
    </Card>
  );
}

function Trouble({ trouble }: { trouble: SieveList['trouble'] }): ReactElement | null {
  const { t } = useTranslation();
  if (trouble === null) return null;
  return (
    <Alert color="yellow" title={t('sieve.trouble', { name: trouble.script })}>
      <Text size="sm">
        {trouble.line > 0 && `${t('sieve.troubleLine', { line: trouble.line })}: `}
        {trouble.text}
      </Text>
      <Text size="sm" c="dimmed">
        <RelativeTime at={trouble.at} />
      </Text>
    </Alert>
  );
}

function Scripts({
  person,
  list,
  writing,
  onWritten,
}: {
  person: Person;
  list: SieveList;
  writing: boolean;
  onWritten: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<string>();
  const shown = list.results.find(({ name }) => name === chosen) ?? list.results.find(({ active }) => active) ?? list.results[0];
  if (writing || shown === undefined) {
    return (
      <Editor
        key="new"
        person={person}
        name=""
        text={t('sieve.example')}
        extensions={list.extensions}
        onSaved={(name) => {
          setChosen(name);
          onWritten();
        }}
        onCancel={onWritten}
      />
    );
  }
  return (
    <>
      <Group align="flex-end">
        <Select
          label={t('sieve.choose')}
          data={list.results.map(({ name }) => name)}
          value={shown.name}
          allowDeselect={false}
          onChange={(name) => setChosen(name ?? undefined)}
        />
        <SwitchAndDelete person={person} script={shown} />
      </Group>
      <Known key={shown.name} person={person} name={shown.name} extensions={list.extensions} />
    </>
  );
}

function SwitchAndDelete({ person, script }: { person: Person; script: SieveList['results'][number] }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [asked, setAsked] = useState(false);
  const { name, active } = script;
  const act = useMutation<void, Fault, 'on' | 'off' | 'delete'>({
    mutationFn: (deed) => (deed === 'delete' ? deleteScript(person.id, name) : switchScript(person.id, name, deed === 'on')),
    onSuccess: async (_, deed) => {
      setAsked(false);
      notifyDone(
        deed === 'delete' ? t('sieve.deleted', { name }) : deed === 'on' ? t('sieve.started', { name }) : t('sieve.stopped'),
      );
      await client.invalidateQueries({ queryKey: sieveQuery(person.id).queryKey, exact: true });
    },
  });
  return (
    <>
      {active && (
        <Badge color="green" variant="light" mb={8}>
          {t('sieve.works')}
        </Badge>
      )}
      <Button variant="default" loading={act.isPending} onClick={() => act.mutate(active ? 'off' : 'on')}>
        {active ? t('sieve.stop') : t('sieve.use')}
      </Button>
      {!active && (
        <Button variant="subtle" color="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setAsked(true)}>
          {t('sieve.delete')}
        </Button>
      )}
      {act.error !== null && <FaultAlert fault={act.error} />}
      <ConfirmDialog
        opened={asked}
        title={t('sieve.ask', { name })}
        confirmLabel={t('sieve.delete')}
        danger
        busy={act.isPending}
        onConfirm={() => act.mutate('delete')}
        onClose={() => setAsked(false)}
      >
        {t('sieve.effect')}
      </ConfirmDialog>
    </>
  );
}

function Known({ person, name, extensions }: { person: Person; name: string; extensions: readonly string[] }): ReactElement {
  const { t } = useTranslation();
  const text = useQuery(scriptQuery(person.id, name));
  if (text.data !== undefined)
    return <Editor person={person} name={name} text={text.data} extensions={extensions} onSaved={() => {}} />;
  return text.error === null ? (
    <Skeleton height={200} role="status" aria-label={t('common.loading')} />
  ) : (
    <FaultAlert fault={text.error} onRetry={() => void text.refetch()} />
  );
}

function Editor({
  person,
  name,
  text,
  extensions,
  onSaved,
  onCancel,
}: {
  person: Person;
  /** Empty: a new one. */
  name: string;
  text: string;
  extensions: readonly string[];
  onSaved: (name: string) => void;
  onCancel?: () => void;
}): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [wanted, setWanted] = useState({ name, text });
  const [problem, setProblem] = useState<string>();
  const title = wanted.name.trim();
  const save = useMutation<boolean, Fault>({
    mutationFn: async () => {
      const check = await checkScript(person.id, wanted.text);
      setProblem(check.valid ? undefined : t('sieve.wrong', { line: check.line ?? 0, problem: check.problem ?? '' }));
      if (check.valid) await saveScript(person.id, title, wanted.text);
      return check.valid;
    },
    onSuccess: async (saved) => {
      if (!saved) return;
      notifyDone(t('sieve.saved', { name: title }));
      client.setQueryData(scriptQuery(person.id, title).queryKey, wanted.text);
      await client.invalidateQueries({ queryKey: sieveQuery(person.id).queryKey, exact: true });
      onSaved(title);
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="md">
        {save.error !== null && <FaultAlert fault={save.error} title={t('sieve.notSaved')} />}
        {name === '' && (
          <TextInput
            label={t('sieve.name')}
            maxLength={128}
            maw={320}
            required
            value={wanted.name}
            data-autofocus
            onChange={(event) => setWanted({ ...wanted, name: event.currentTarget.value })}
          />
        )}
        <Textarea
          label={t('sieve.text')}
          rows={16}
          resize="vertical"
          value={wanted.text}
          error={problem}
          spellCheck={false}
          autoCapitalize="off"
          autoCorrect="off"
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          onChange={(event) => setWanted({ ...wanted, text: event.currentTarget.value })}
        />
        <Text size="sm" c="dimmed">
          {t('sieve.names')}: {extensions.join(', ')}
        </Text>
        <Group justify="flex-end">
          {onCancel !== undefined && (
            <Button variant="default" onClick={onCancel}>
              {t('common.cancel')}
            </Button>
          )}
          <Button type="submit" loading={save.isPending} disabled={title === '' || (name !== '' && wanted.text === text)}>
            {t('common.save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
