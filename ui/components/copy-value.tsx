/** A value that is meant to be copied: shown in full, one button beside it. */
import { ActionIcon, Code, CopyButton, Group, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import { announce } from '../lib/announce.tsx';

export function CopyValue({ value, label }: { value: string; label: string }): ReactElement {
  const { t } = useTranslation();
  return (
    <Group gap={6} wrap="nowrap">
      <Code fz="sm" px={8} py={3} style={{ overflowWrap: 'anywhere' }}>
        {value}
      </Code>
      <CopyButton value={value} timeout={1500}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? t('common.copied') : t('common.copyThis', { what: label })}>
            <ActionIcon
              variant="subtle"
              color={copied ? 'mallard' : 'gray'}
              aria-label={t('common.copyThis', { what: label })}
              onClick={() => {
                copy();
                announce(t('common.copied'));
              }}
            >
              {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}
