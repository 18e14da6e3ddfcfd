/** The log, live: filters, a virtual list that follows until somebody scrolls back, details of a line, download. */
import { Button, Menu, Paper, Skeleton, Stack, Text } from '@mantine/core';
import { getRouteApi } from '@tanstack/react-router';
import { IconChevronDown, IconDownload, IconFileText } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { LogEntry } from '../../../app/appliance/control/contract.ts';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { Page } from '../../components/page.tsx';
import { faultOf } from '../../lib/fault.ts';
import { useFaultWords } from '../../lib/fault-words.ts';
import { notifyDone, notifyFailed } from '../../lib/notify.ts';
import { saveLog } from './save-log.ts';
import { LineDrawer } from './line-drawer.tsx';
import { LogFilters } from './log-filters.tsx';
import { LogList } from './log-list.tsx';
import classes from './logs.module.css';
import { useLogLines } from './use-log-lines.ts';

const route = getRouteApi('/logs');

export function LogsPage(): ReactElement {
  const { t } = useTranslation();
  const filter = route.useSearch();
  const navigate = route.useNavigate();
  const log = useLogLines(filter);
  const [open, setOpen] = useState<LogEntry>();
  const change = (part: Partial<typeof filter>): void =>
    void navigate({ search: (former) => ({ ...former, ...part }), replace: true });
  const filtered = Object.values(filter).some((value) => value !== undefined && value !== '');

  return (
    <Page title={t('logs.title')} lead={t('logs.lead')} fill actions={<Download filter={filter} />}>
      <LogFilters
        filter={filter}
        onChange={change}
        onClear={() => void navigate({ search: {}, replace: true })}
        filtered={filtered}
      />
      {log.fault !== undefined && log.state === 'failed' ? (
        <FaultAlert fault={log.fault} title={t('logs.notLoaded')} onRetry={log.reload} />
      ) : (
        <Paper withBorder className={classes['frame'] ?? ''}>
          {log.state === 'loading' ? (
            <Stack gap={6} p="md" role="status" aria-label={t('common.loading')}>
              {[0, 1, 2, 3, 4, 5, 6, 7].map((index) => (
                <Skeleton key={index} height={20} />
              ))}
            </Stack>
          ) : log.lines.length === 0 ? (
            <Empty
              icon={IconFileText}
              title={t('logs.emptyTitle')}
              {...(filtered
                ? {
                    action: (
                      <Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
                        {t('logs.clearFilters')}
                      </Button>
                    ),
                  }
                : {})}
            >
              {t('logs.emptyLead')}
            </Empty>
          ) : (
            <LogList log={log} onOpen={setOpen} />
          )}
        </Paper>
      )}
      <LineDrawer
        line={open}
        onClose={() => setOpen(undefined)}
        onFilter={(part) => {
          setOpen(undefined);
          change(part);
        }}
      />
    </Page>
  );
}

function Download({ filter }: { filter: ReturnType<typeof route.useSearch> }): ReactElement {
  const { t } = useTranslation();
  const words = useFaultWords();
  const [busy, setBusy] = useState(false);
  const save = async (format: 'text' | 'json'): Promise<void> => {
    setBusy(true);
    try {
      const count = await saveLog(filter, format);
      notifyDone(t('logs.downloaded', { count }));
    } catch (error) {
      const { what, advice } = words(faultOf(error));
      notifyFailed(t('logs.notDownloaded'), `${what} ${advice}`);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu position="bottom-end" withArrow>
      <Menu.Target>
        <Button
          variant="default"
          loading={busy}
          leftSection={<IconDownload size={16} aria-hidden />}
          rightSection={<IconChevronDown size={15} aria-hidden />}
        >
          {t('logs.download')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void save('text')}>{t('logs.downloadText')}</Menu.Item>
        <Menu.Item onClick={() => void save('json')}>{t('logs.downloadJson')}</Menu.Item>
        <Menu.Divider />
        <Menu.Item component="a" href="/control/support-bundle" download>
          {t('logs.bundle')}
          <Text size="xs" c="dimmed" maw={260}>
            {t('logs.bundleLead')}
          </Text>
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
