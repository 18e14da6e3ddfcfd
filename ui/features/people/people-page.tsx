/** The list of people: searched and paged by the server, drawn as far as it is in sight, so that ten thousand scroll like ten. */
import { Button, Checkbox, Group, Loader, Paper, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { IconArrowBackUp, IconSearch, IconUpload, IconUserPlus, IconUsers } from '@tabler/icons-react';
import { type ReactElement, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '../../components/empty.tsx';
import { FaultAlert } from '../../components/fault-alert.tsx';
import { Page } from '../../components/page.tsx';
import { announce } from '../../lib/announce.tsx';
import { faultOf } from '../../lib/fault.ts';
import { useFormats } from '../../lib/format.ts';
import { peopleQuery, type PeopleSort, type PersonEntry } from '../../lib/people.ts';
import { AddDialog } from './add-dialog.tsx';
import { BulkBar } from './bulk-bar.tsx';
import { ImportDialog } from './import-dialog.tsx';
import classes from './people.module.css';
import { SortHead } from './sort-head.tsx';
import { RemovedDialog } from './removed-dialog.tsx';
import { PersonRow } from './person-row.tsx';

const route = getRouteApi('/people');
const rowHeight = 60;

export function PeoplePage(): ReactElement {
  const { t } = useTranslation();
  const { number } = useFormats();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [text, setText] = useState(search.q ?? '');
  const [wanted] = useDebouncedValue(text.trim(), 200);
  const [importing, setImporting] = useState(false);
  const [showRemoved, setShowRemoved] = useState(false);
  const [sort, setSort] = useState<PeopleSort>('username');
  const people = useInfiniteQuery(peopleQuery(wanted, sort));
  const entries = useMemo(() => (people.data?.pages ?? []).flatMap((page) => page.results), [people.data]);
  const total = people.data?.pages[0]?.total;
  const adding = search.add === true;
  const setAdding = (add: boolean): void =>
    void navigate({
      to: '/people',
      search: { ...(search.q === undefined ? {} : { q: search.q }), ...(add ? { add } : {}) },
      replace: true,
    });

  useEffect(() => {
    void navigate({
      to: '/people',
      search: (former) => ({ ...former, q: wanted === '' ? undefined : wanted }),
      replace: true,
    });
  }, [wanted, navigate]);
  useEffect(() => {
    if (total !== undefined && wanted !== '') announce(t('people.found', { count: total }));
  }, [total, wanted, t]);

  return (
    <Page
      title={t('people.title')}
      lead={t('people.lead')}
      fill
      actions={
        <>
          <Button variant="default" leftSection={<IconArrowBackUp size={16} aria-hidden />} onClick={() => setShowRemoved(true)}>
            {t('people.removed.open')}
          </Button>
          <Button variant="default" leftSection={<IconUpload size={16} aria-hidden />} onClick={() => setImporting(true)}>
            {t('people.import.open')}
          </Button>
          <Button leftSection={<IconUserPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
            {t('people.add')}
          </Button>
        </>
      }
    >
      <Group gap="md">
        <TextInput
          flex={1}
          maw={420}
          type="search"
          leftSection={<IconSearch size={16} aria-hidden />}
          rightSection={people.isFetching ? <Loader size="xs" /> : undefined}
          placeholder={t('people.searchPlaceholder')}
          aria-label={t('people.search')}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {total !== undefined && (
          <Text c="dimmed" size="sm">
            {wanted === '' ? t('people.count', { count: total, formatted: number(total) }) : t('people.found', { count: total })}
          </Text>
        )}
      </Group>
      {people.error !== null && entries.length === 0 ? (
        <FaultAlert fault={faultOf(people.error)} title={t('people.notLoaded')} onRetry={() => void people.refetch()} />
      ) : people.data === undefined ? (
        <Stack gap="xs" role="status" aria-label={t('common.loading')}>
          {[0, 1, 2, 3, 4, 5].map((index) => (
            <Skeleton key={index} height={52} />
          ))}
        </Stack>
      ) : entries.length === 0 ? (
        wanted === '' ? (
          <Empty
            icon={IconUsers}
            title={t('people.emptyTitle')}
            action={<Button onClick={() => setAdding(true)}>{t('people.add')}</Button>}
          >
            {t('people.emptyLead')}
          </Empty>
        ) : (
          <Empty
            icon={IconSearch}
            title={t('people.nothingTitle', { text: wanted })}
            action={
              <Button variant="default" onClick={() => setText('')}>
                {t('common.clear')}
              </Button>
            }
          >
            {t('people.nothingLead')}
          </Empty>
        )
      ) : (
        <PeopleTable
          entries={entries}
          total={total ?? entries.length}
          sort={sort}
          onSort={setSort}
          hasMore={people.hasNextPage}
          loadMore={() => {
            if (!people.isFetchingNextPage) void people.fetchNextPage();
          }}
        />
      )}
      <AddDialog opened={adding} onClose={() => setAdding(false)} />
      <RemovedDialog opened={showRemoved} onClose={() => setShowRemoved(false)} />
      <ImportDialog opened={importing} onClose={() => setImporting(false)} />
    </Page>
  );
}

interface TableProps {
  readonly entries: readonly PersonEntry[];
  readonly total: number;
  readonly sort: PeopleSort;
  readonly onSort: (sort: PeopleSort) => void;
  readonly hasMore: boolean;
  readonly loadMore: () => void;
}

function PeopleTable({ entries, total, sort, onSort, hasMore, loadMore }: TableProps): ReactElement {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState<ReadonlyMap<string, PersonEntry>>(new Map());
  const rows = useVirtualizer({
    count: entries.length + (hasMore ? 1 : 0),
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  const items = rows.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && lastShown >= entries.length - 5) loadMore();
  }, [hasMore, lastShown, entries.length, loadMore]);
  const choose = (person: PersonEntry, on: boolean): void =>
    setChosen((former) => {
      const next = new Map(former);
      if (on) next.set(person.id, person);
      else next.delete(person.id);
      return next;
    });
  const all = entries.length > 0 && entries.every(({ id }) => chosen.has(id));

  return (
    <>
      <Paper withBorder className={classes['table'] ?? ''} role="table" aria-label={t('people.title')} aria-rowcount={total + 1}>
        <div role="rowgroup">
          <div role="row" aria-rowindex={1} className={`${classes['row']} ${classes['head']}`}>
            <div role="columnheader">
              <Checkbox
                aria-label={t('people.chooseAll')}
                checked={all}
                indeterminate={!all && chosen.size > 0}
                onChange={() => setChosen(all ? new Map() : new Map(entries.map((person) => [person.id, person])))}
              />
            </div>
            <SortHead field="name" label={t('people.column.person')} sort={sort} onSort={onSort} />
            <div role="columnheader">{t('people.column.storage')}</div>
            <SortHead field="lastSignIn" label={t('people.column.lastSignIn')} sort={sort} onSort={onSort} />
            <div role="columnheader">{t('people.column.state')}</div>
          </div>
        </div>
        <div ref={scroller} className={classes['scroller']} role="rowgroup">
          <div style={{ height: rows.getTotalSize(), position: 'relative' }} role="presentation">
            {items.map(({ index, start }) => {
              const person = entries[index];
              return person === undefined ? (
                <div key="more" className={classes['more']} style={{ transform: `translateY(${start}px)` }} role="presentation">
                  <Loader size="sm" aria-label={t('common.loading')} />
                </div>
              ) : (
                <PersonRow
                  key={person.id}
                  person={person}
                  index={index}
                  top={start}
                  chosen={chosen.has(person.id)}
                  onChoose={(on) => choose(person, on)}
                />
              );
            })}
          </div>
        </div>
      </Paper>
      <BulkBar chosen={[...chosen.values()]} onDone={() => setChosen(new Map())} />
    </>
  );
}
