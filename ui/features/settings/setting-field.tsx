/** One setting: its field by kind, default, marker when it is not the default, and what must restart. */
import {
  ActionIcon,
  Badge,
  Code,
  Group,
  NumberInput,
  Select,
  Stack,
  Switch,
  TagsInput,
  Text,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { type ReactElement, useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { SettingEntry } from '../../../app/appliance/control/contract.ts';
import { formats, tryBytes, useFormats } from '../../lib/format.ts';
import classes from './settings.module.css';
import type { SettingWords } from './setting-words.ts';

export interface SettingFieldProps {
  readonly setting: SettingEntry;
  readonly words: SettingWords;
  /** What is in the field; undefined: nothing was changed. `null`: back to the default. */
  readonly draft: unknown;
  readonly problem: string | undefined;
  readonly onChange: (value: unknown) => void;
}

export function SettingField({ setting, words, draft, problem, onChange }: SettingFieldProps): ReactElement {
  const { t } = useTranslation();
  const id = useId();
  const shown = draft === undefined ? setting.value : draft === null ? setting.default : draft;
  const isDefault = draft === null || (draft === undefined && setting.origin === 'default');
  const locked = setting.origin === 'override';
  return (
    <div className={classes['setting']} data-changed={draft !== undefined}>
      <div className={classes['words']}>
        <Group gap="xs">
          <Text fw={600} component="label" htmlFor={id}>
            {words.label}
          </Text>
          {draft !== undefined && (
            <Badge color="blue" variant="light">
              {t('settings.notSavedYet')}
            </Badge>
          )}
          {!isDefault && draft === undefined && (
            <Badge color="mallard" variant="light">
              {t('settings.changedMark')}
            </Badge>
          )}
        </Group>
        <Text size="sm" c="dimmed" id={`${id}-help`}>
          {words.help}
        </Text>
        <Text size="xs" c="dimmed" mt={2}>
          <Code>{setting.name}</Code> · {t('settings.default')}: <DefaultValue setting={setting} words={words} />
          {setting.restart !== 'none' && ` · ${t(`settings.restart.${setting.restart}`)}`}
        </Text>
        {locked && (
          <Text size="xs" mt={2}>
            {t('settings.locked')}
          </Text>
        )}
      </div>
      <Group gap={6} wrap="nowrap" align="flex-start" className={classes['field'] ?? ''}>
        <Stack flex={1} gap={2}>
          <Field id={id} setting={setting} words={words} value={shown} disabled={locked} problem={problem} onChange={onChange} />
        </Stack>
        {/* Its place stays, so that fields stand in one line. */}
        <div style={{ width: 28, paddingTop: 4 }}>
          {!isDefault && !locked && (
            <Tooltip label={t('settings.toDefault')}>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`${t('settings.toDefault')}: ${words.label}`}
                onClick={() => onChange(setting.origin === 'default' ? undefined : null)}
              >
                <IconArrowBackUp size={17} aria-hidden />
              </ActionIcon>
            </Tooltip>
          )}
        </div>
      </Group>
    </div>
  );
}

function DefaultValue({ setting, words }: { setting: SettingEntry; words: SettingWords }): ReactElement {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const value = setting.default;
  if (typeof value === 'boolean') return <>{t(value ? 'settings.on' : 'settings.off')}</>;
  if (setting.kind === 'bytes' && typeof value === 'number') return <>{bytes(value)}</>;
  if (setting.kind === 'choice' && typeof value === 'string') return <>{words.choice(value)}</>;
  if (value === '' || (Array.isArray(value) && value.length === 0)) return <>{t('settings.empty')}</>;
  return <>{Array.isArray(value) ? value.join(', ') : String(value)}</>;
}

interface FieldProps {
  readonly id: string;
  readonly setting: SettingEntry;
  readonly words: SettingWords;
  readonly value: unknown;
  readonly disabled: boolean;
  readonly problem: string | undefined;
  readonly onChange: (value: unknown) => void;
}

function Field({ id, setting, words, value, disabled, problem, onChange }: FieldProps): ReactElement {
  const { t } = useTranslation();
  const common = { id, disabled, error: problem, 'aria-describedby': `${id}-help` };
  switch (setting.kind) {
    case 'boolean':
      return (
        <Switch
          {...common}
          size="md"
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
          label={t(value === true ? 'settings.on' : 'settings.off')}
        />
      );
    case 'integer':
    case 'port':
      return (
        <NumberInput
          {...common}
          value={typeof value === 'number' ? value : ''}
          allowDecimal={false}
          allowNegative={false}
          {...(setting.unit === undefined ? {} : { suffix: ` ${setting.unit}` })}
          onChange={(next) => onChange(typeof next === 'number' ? next : Number(next))}
        />
      );
    case 'bytes':
      return (
        <TextInput
          {...common}
          value={typeof value === 'string' ? value : typeof value === 'number' ? formats('en').bytes(value) : ''}
          onChange={(event) => onChange(event.currentTarget.value)}
          error={problem ?? (typeof value === 'string' && tryBytes(value) === undefined ? t('quota.wrong') : undefined)}
        />
      );
    case 'choice':
      return (
        <Select
          {...common}
          allowDeselect={false}
          value={typeof value === 'string' ? value : null}
          onChange={(next) => onChange(next)}
          data={(setting.choices ?? []).map((each) => ({ value: each, label: words.choice(each) }))}
        />
      );
    case 'list':
      return (
        <TagsInput
          {...common}
          value={Array.isArray(value) ? value.map(String) : []}
          onChange={onChange}
          placeholder={t('settings.listPlaceholder')}
        />
      );
    case 'text':
      return (
        <TextInput
          {...common}
          {...(setting.secret ? { type: 'password', autoComplete: 'new-password' } : { autoComplete: 'off' })}
          value={typeof value === 'string' ? value : ''}
          placeholder={setting.allowed.length < 60 ? setting.allowed : ''}
          onChange={(event) => onChange(event.currentTarget.value)}
          spellCheck={false}
        />
      );
  }
}
