/** One filter as a form: what must fit (all that is filled in), and what is done then. */
import { Button, Checkbox, Fieldset, Group, Modal, Select, SimpleGrid, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../components/fault-alert.tsx';
import type { Fault } from '../lib/fault.ts';
import { type Mailbox, specialOf } from '../lib/mailboxes.ts';
import { notifyDone } from '../lib/notify.ts';
import { conditions, emptyForm, type FilterForm, formOf, hasAction, hasCondition, wantedOf } from './filter-words.ts';
import { filtersQuery, type MailFilter, saveFilter } from './filters.ts';

interface FilterDialogProps {
  readonly user: string;
  /** Undefined: a new one. */
  readonly filter: MailFilter | undefined;
  readonly mailboxes: readonly Mailbox[];
  readonly onClose: () => void;
}

export function FilterDialog({ user, filter, mailboxes, onClose }: FilterDialogProps): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [form, setForm] = useState<FilterForm>(filter === undefined ? emptyForm : formOf(filter));
  const [tried, setTried] = useState(false);
  const set = (change: Partial<FilterForm>): void => setForm({ ...form, ...change });
  const save = useMutation<void, Fault>({
    mutationFn: () => saveFilter(user, filter?.id, wantedOf(form)),
    onSuccess: async () => {
      notifyDone(t('people.saved'));
      await client.invalidateQueries({ queryKey: filtersQuery(user).queryKey });
      onClose();
    },
  });
  const isWhole = hasCondition(form) && hasAction(form);
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={<Text fw={650}>{t(filter === undefined ? 'filters.new' : 'filters.change')}</Text>}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (isWhole) save.mutate();
        }}
      >
        <Stack gap="md">
          {save.error !== null && <FaultAlert fault={save.error} title={t('people.notSaved')} />}
          <TextInput
            label={t('filters.name')}
            placeholder={t('filters.nameExample')}
            value={form.name}
            onChange={(event) => set({ name: event.currentTarget.value })}
            maxLength={255}
            data-autofocus
          />
          <Fieldset legend={t('filters.ifAll')}>
            <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
              {conditions.map((name) => (
                <TextInput
                  key={name}
                  label={t(`filters.field.${name}`)}
                  value={form[name]}
                  onChange={(event) => set({ [name]: event.currentTarget.value })}
                  maxLength={255}
                  spellCheck={false}
                />
              ))}
              <Select
                label={t('filters.field.attachment')}
                allowDeselect={false}
                value={form.attachment}
                onChange={(value) => set({ attachment: (value ?? 'any') as FilterForm['attachment'] })}
                data={(['any', 'yes', 'no'] as const).map((value) => ({ value, label: t(`filters.attachment.${value}`) }))}
              />
            </SimpleGrid>
          </Fieldset>
          <Fieldset legend={t('filters.thenDo')}>
            <Stack gap="sm">
              <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
                <Select
                  label={t('filters.field.mailbox')}
                  clearable
                  searchable
                  placeholder={t('filters.stays')}
                  value={form.mailbox || null}
                  onChange={(value) => set({ mailbox: value ?? '' })}
                  data={mailboxes.map((mailbox) => {
                    const special = specialOf(mailbox);
                    return { value: mailbox.id, label: special === undefined ? mailbox.path : t(`mailbox.${special}`) };
                  })}
                />
                <Select
                  label={t('filters.field.junk')}
                  allowDeselect={false}
                  value={form.junk}
                  onChange={(value) => set({ junk: (value ?? 'ask') as FilterForm['junk'] })}
                  data={(['ask', 'always', 'never'] as const).map((value) => ({ value, label: t(`filters.junk.${value}`) }))}
                />
              </SimpleGrid>
              <Checkbox
                label={t('filters.field.seen')}
                checked={form.seen}
                onChange={(event) => set({ seen: event.currentTarget.checked })}
              />
              <Checkbox
                label={t('filters.field.flag')}
                checked={form.flag}
                onChange={(event) => set({ flag: event.currentTarget.checked })}
              />
              <TagsInput
                label={t('filters.field.targets')}
                description={t('people.forward.help')}
                value={[...form.targets]}
                onChange={(targets) => set({ targets })}
                splitChars={[',', ';', ' ']}
              />
              <Checkbox
                label={t('filters.field.discard')}
                description={t('filters.discardHelp')}
                checked={form.discard}
                onChange={(event) => set({ discard: event.currentTarget.checked })}
              />
              <Checkbox
                label={t('filters.field.stop')}
                checked={form.stop}
                onChange={(event) => set({ stop: event.currentTarget.checked })}
              />
            </Stack>
          </Fieldset>
          {tried && !isWhole && (
            <Text size="sm" c="var(--mantine-color-error)" role="alert">
              {t(hasCondition(form) ? 'filters.noAction' : 'filters.noCondition')}
            </Text>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {t('common.save')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
