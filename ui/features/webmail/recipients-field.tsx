/** A field of recipients: addresses as tags, with those of past mail to choose from. */
import { TagsInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { correspondentsQuery } from './api.ts';
import { tryAddress, written } from './reply.ts';

interface RecipientsFieldProps {
  readonly label: string;
  readonly value: readonly string[];
  readonly onChange: (value: string[]) => void;
  readonly error?: string | undefined;
  readonly autoFocus?: boolean;
}

export function RecipientsField({ label, value, onChange, error, autoFocus = false }: RecipientsFieldProps): ReactElement {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [searched] = useDebouncedValue(text.trim(), 150);
  const found = useQuery(correspondentsQuery(searched)).data ?? [];
  const suggestions = found.map(({ name = '', address }) => written({ name, address }));
  const wrong = value.find((one) => tryAddress(one) === undefined);
  return (
    <TagsInput
      label={label}
      value={[...value]}
      onChange={onChange}
      searchValue={text}
      onSearchChange={setText}
      data={[...new Set(suggestions)].filter((one) => !value.includes(one))}
      filter={({ options }) => options}
      splitChars={[',', ';']}
      acceptValueOnBlur
      error={wrong === undefined ? error : t('webmail.noAddress', { text: wrong })}
      {...(autoFocus ? { 'data-autofocus': true } : {})}
    />
  );
}
