/** One search over all mail of the last days; each message opens to its way, step by step. */
import { Badge, Button, Collapse, Group, Loader, Paper, Skeleton, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { IconChevronRight, IconRoute, IconSearch } from '@tabler/icons-react';
import { type ReactElement, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { faultOf } from '../../lib/fault.ts';
import { type Trace, tracesQuery } from './api.ts';
import classes from './mail.module.css';
import { outcomeOf } from './outcome.ts';
import { Way } from './way.tsx';

const route = getRouteApi('/mail');
const colors = { arrived: 'mallard', sent: 'mallard', waiting: 'blue', refused: 'red', failed: 'red' } as const;

export function TraceTab(): ReactElement {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [text, setText] = useState(search.q ?? '');
  const [wanted] = useDebouncedValue(text.trim(), 250);
  const traces = useInfiniteQuery(tracesQuery(wanted));
  const found = traces.data?.pages.flatMap((page) => page.results) ?? [];
  useEffect(() => {
    void navigate({ search: (former) => ({ ...former, q: wanted === '' ? undefined : wanted }), replace: true });
  }, [wanted, navigate]);
  return (
    <Stack gap="md">
      <TextInput
        maw={560}
        type="search"
        label={t('mail.trace.search')}
        description={t('mail.trace.help')}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={traces.isFetching && !traces.isRefetching ? <Loader size="xs" /> : undefined}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        spellCheck={false}
      />
      {traces.data === undefined ? (
        traces.error === null ? (
          <Skeleton height={220} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={faultOf(traces.error)} title={t('mail.trace.notLoaded')} onRetry={() => void traces.refetch()} />
        )
      ) : found.length === 0 ? (
        <Empty icon={IconRoute} title={t(wanted === '' ? 'mail.trace.emptyTitle' : 'mail.trace.nothingTitle')}>
          {t(wanted === '' ? 'mail.trace.emptyLead' : 'mail.trace.nothingLead')}
        </Empty>
      ) : (
        <Paper withBorder component="ul" className={classes['list'] ?? ''} aria-label={t('mail.tab.trace')}>
          {found.map((trace) => (
            <TraceRow key={trace.transaction} trace={trace} />
          ))}
        </Paper>
      )}
      {traces.hasNextPage && (
        <Group justify="center">
          <Button variant="default" loading={traces.isFetchingNextPage} onClick={() => void traces.fetchNextPage()}>
            {t('mail.older')}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function TraceRow({ trace }: { trace: Trace }): ReactElement {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const outcome = outcomeOf(trace);
  const from = trace.from === undefined || trace.from === '' ? t('mail.trace.noSender') : trace.from;
  return (
    <li className={classes['item']}>
      <UnstyledButton className={classes['row'] ?? ''} onClick={() => setOpen(!open)} aria-expanded={open}>
        <IconChevronRight size={17} aria-hidden className={classes['chevron']} data-open={open} />
        <span className={classes['what']}>
          <Text span fw={600} truncate display="block">
            {trace.subject === undefined || trace.subject === '' ? t('mail.trace.noSubject') : trace.subject}
          </Text>
          <Text span size="sm" c="dimmed" truncate display="block">
            {`${from} → ${(trace.to ?? []).join(', ')}`}
          </Text>
        </span>
        <Badge variant="light" color={colors[outcome]}>
          {t(`mail.outcome.${outcome}`)}
        </Badge>
        <Text span size="sm" c="dimmed" className={classes['when'] ?? ''}>
          <RelativeTime at={trace.at} />
        </Text>
      </UnstyledButton>
      <Collapse expanded={open} keepMounted={false}>
        <Way trace={trace} />
      </Collapse>
    </li>
  );
}
