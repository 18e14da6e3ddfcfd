/** Every sign-in to a mailbox, of all people: who, by what, from where, and whether it worked. */
import { Badge, Button, Card, Group, SegmentedControl, Skeleton, Table, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { IconCircleCheck, IconCircleX, IconLogin2 } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { RelativeTime } from '../../components/relative-time.tsx';
import { faultOf } from '../../lib/fault.ts';
import { useFormats } from '../../lib/format.ts';
import { type SignInEvent, type SignInFilter, signInsQuery } from './api.ts';

export function SignInsTab(): ReactElement {
  const { t } = useTranslation();
  const [result, setResult] = useState<SignInFilter['result']>('all');
  const [text, setText] = useState('');
  const [ip] = useDebouncedValue(text.trim(), 300);
  const found = useInfiniteQuery(signInsQuery({ result, ip: /^[0-9a-fA-F:.]+$/.test(ip) ? ip : '' }));
  const events = found.data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <Card component="section" aria-label={t('security.tab.signIns')}>
      <Group justify="space-between" mb="md">
        <SegmentedControl
          aria-label={t('security.signIns.show')}
          value={result}
          onChange={(value) => setResult(value as SignInFilter['result'])}
          data={(['all', 'success', 'fail'] as const).map((value) => ({ value, label: t(`security.signIns.${value}`) }))}
        />
        <TextInput
          aria-label={t('security.signIns.address')}
          placeholder={t('security.signIns.address')}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          spellCheck={false}
        />
      </Group>
      {found.data === undefined ? (
        found.error === null ? (
          <Skeleton height={200} role="status" aria-label={t('common.loading')} />
        ) : (
          <FaultAlert fault={faultOf(found.error)} onRetry={() => void found.refetch()} />
        )
      ) : events.length === 0 ? (
        <Empty icon={IconLogin2} title={t('security.signIns.emptyTitle')}>
          {t('security.signIns.emptyLead')}
        </Empty>
      ) : (
        <Table.ScrollContainer minWidth={640}>
          <Table verticalSpacing="xs" aria-label={t('security.tab.signIns')}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('security.signIns.who')}</Table.Th>
                <Table.Th>{t('security.signIns.result')}</Table.Th>
                <Table.Th>{t('security.signIns.by')}</Table.Th>
                <Table.Th>{t('security.signIns.from')}</Table.Th>
                <Table.Th>{t('security.signIns.when')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {events.map((event) => (
                <Row key={event.id} event={event} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {found.hasNextPage && (
        <Group justify="center" mt="md">
          <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
            {t('security.older')}
          </Button>
        </Group>
      )}
    </Card>
  );
}

function Row({ event }: { event: SignInEvent }): ReactElement {
  const { t } = useTranslation();
  const { number } = useFormats();
  const good = event.result === 'success';
  return (
    <Table.Tr>
      <Table.Td>
        <Link to="/people/$id" params={{ id: event.user }} search={{ tab: 'activity' }}>
          {event.username ?? t('security.signIns.gone')}
        </Link>
      </Table.Td>
      <Table.Td>
        <Badge
          variant="light"
          color={good ? 'mallard' : 'red'}
          leftSection={good ? <IconCircleCheck size={13} aria-hidden /> : <IconCircleX size={13} aria-hidden />}
        >
          {t(good ? 'security.signIns.worked' : 'security.signIns.refused')}
          {event.events > 1 ? ` × ${number(event.events)}` : ''}
        </Badge>
      </Table.Td>
      <Table.Td>
        <Text size="sm">{event.protocol ?? event.action}</Text>
        {typeof event.aname === 'string' && (
          <Text size="xs" c="dimmed">
            {event.aname}
          </Text>
        )}
      </Table.Td>
      <Table.Td>{event.ip ?? '–'}</Table.Td>
      <Table.Td>
        <RelativeTime at={event.last} />
      </Table.Td>
    </Table.Tr>
  );
}
