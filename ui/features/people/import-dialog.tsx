/** People from a CSV file: choose, map the columns, see every row with its faults, apply, and save a result with the passwords that were made. */
import {
  Alert,
  Badge,
  Button,
  FileButton,
  Group,
  Modal,
  Progress,
  ScrollArea,
  Select,
  SimpleGrid,
  Stack,
  Table,
  Text,
} from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { IconDownload, IconFileSpreadsheet } from '@tabler/icons-react';
import { memo, type ReactElement, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { parseCsv, writeCsv } from '../../lib/csv.ts';
import { downloadText } from '../../lib/download.ts';
import { useFaultWords } from '../../lib/fault-words.ts';
import { useFormats } from '../../lib/format.ts';
import { inTurn, type Outcome } from '../../lib/in-turn.ts';
import { createPerson, makePassword } from '../../lib/people.ts';
import { type ColumnMap, guessColumns, importFields, planImport, type PlannedPerson } from './import-plan.ts';

const maxRows = 20_000;
const maxFileBytes = 10 * 1024 * 1024;
const previewRows = 200;
const defaultQuota = 5 * 1024 ** 3;

export function ImportDialog({ opened, onClose }: { opened: boolean; onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  return (
    <Modal opened={opened} onClose={onClose} title={<Text fw={650}>{t('people.import.title')}</Text>} size="xl">
      <ImportBody onClose={onClose} />
    </Modal>
  );
}

interface Ready extends PlannedPerson {
  readonly given: string;
}

function ImportBody({ onClose }: { onClose: () => void }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const words = useFaultWords();
  const [rows, setRows] = useState<string[][]>();
  const [columns, setColumns] = useState<ColumnMap>();
  const [problem, setProblem] = useState<'tooBig' | 'noRows'>();
  const [done, setDone] = useState(0);
  const stopped = useRef(false);
  const plan = useMemo(
    () => (rows === undefined || columns === undefined ? [] : planImport(rows, columns, defaultQuota)),
    [rows, columns],
  );
  const good = plan.filter((person) => person.problem === undefined);
  const read = async (file: File | null): Promise<void> => {
    if (file === null) return;
    const found = file.size > maxFileBytes ? undefined : parseCsv(await file.text());
    if (found === undefined || found.length > maxRows) return setProblem('tooBig');
    if (found.length < 2) return setProblem('noRows');
    setProblem(undefined);
    setRows(found);
    setColumns(guessColumns(found[0] ?? []));
  };
  const apply = useMutation<readonly Outcome<Ready>[], Error>({
    mutationFn: () => {
      stopped.current = false;
      return inTurn(
        good.map((person) => ({ ...person, given: person.password ?? makePassword() })),
        async ({ name, address, given, quota }) => {
          await createPerson({ name, address, password: given, quota });
        },
        setDone,
        { stopped: () => stopped.current },
      );
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['people'] }),
  });

  if (apply.data !== undefined) {
    const failed = apply.data.filter((outcome) => outcome.fault !== undefined);
    const result = (): string =>
      writeCsv([
        ['line', 'address', 'name', 'password', 'result'],
        ...apply.data.map(({ item, fault }) => [
          String(item.line),
          item.address,
          item.name,
          fault === undefined ? item.given : '',
          fault === undefined ? 'added' : words(fault).what,
        ]),
      ]);
    return (
      <Stack>
        <Alert
          color={failed.length > 0 ? 'orange' : 'mallard'}
          title={t('people.import.added', { count: apply.data.length - failed.length })}
        >
          {failed.length > 0 ? t('people.import.someFailed', { count: failed.length }) : t('people.import.allGood')}
        </Alert>
        {failed.length > 0 && (
          <Stack gap={4}>
            {failed.slice(0, 10).map(({ item, fault }) => (
              <Text key={item.line} size="sm">
                {`${t('people.import.line', { line: item.line })} · ${item.address}: ${fault === undefined ? '' : words(fault).what}`}
              </Text>
            ))}
          </Stack>
        )}
        <Group justify="flex-end">
          <Button
            leftSection={<IconDownload size={16} aria-hidden />}
            onClick={() => downloadText('people-added.csv', 'text/csv', result())}
          >
            {t('people.import.result')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('common.done')}
          </Button>
        </Group>
      </Stack>
    );
  }

  return (
    <Stack>
      <Text size="sm">{t('people.import.lead')}</Text>
      {problem !== undefined && (
        <Alert color="red" role="alert">
          {t(`people.import.${problem}`)}
        </Alert>
      )}
      <Group>
        <FileButton onChange={(file) => void read(file)} accept=".csv,text/csv,text/plain">
          {(props) => (
            <Button variant="default" leftSection={<IconFileSpreadsheet size={16} aria-hidden />} {...props}>
              {t(rows === undefined ? 'people.import.choose' : 'people.import.chooseOther')}
            </Button>
          )}
        </FileButton>
      </Group>
      {rows !== undefined && columns !== undefined && (
        <>
          <SimpleGrid cols={{ base: 2, sm: 4 }}>
            {importFields.map((field) => (
              <Select
                key={field}
                label={t(`people.import.field.${field}`)}
                placeholder={t('people.import.noColumn')}
                clearable={field !== 'address'}
                value={columns[field] === undefined ? null : String(columns[field])}
                onChange={(value) => setColumns({ ...columns, [field]: value === null ? undefined : Number(value) })}
                data={(rows[0] ?? []).map((title, index) => ({ value: String(index), label: title || `#${index + 1}` }))}
              />
            ))}
          </SimpleGrid>
          <Text size="sm" fw={600} role="status">
            {t('people.import.summary', { good: good.length, bad: plan.length - good.length })}
          </Text>
          <Preview plan={plan} />
        </>
      )}
      {apply.isPending && (
        <Progress
          value={(done / Math.max(1, good.length)) * 100}
          aria-label={t('people.bulk.progress', { done, all: good.length })}
        />
      )}
      <Group justify="flex-end">
        <Button
          variant="default"
          onClick={() => {
            if (apply.isPending) stopped.current = true;
            else onClose();
          }}
        >
          {apply.isPending ? t('people.import.stop') : t('common.cancel')}
        </Button>
        <Button loading={apply.isPending} disabled={good.length === 0} onClick={() => apply.mutate()}>
          {t('people.import.apply', { count: good.length })}
        </Button>
      </Group>
    </Stack>
  );
}

/** Redrawn only with the plan: while people are added, the progress alone changes. */
const Preview = memo(function Preview({ plan }: { plan: readonly PlannedPerson[] }): ReactElement {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  return (
    <ScrollArea h={260} type="auto" viewportProps={{ tabIndex: 0, 'aria-label': t('people.import.preview') }}>
      <Table stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>#</Table.Th>
            <Table.Th>{t('people.import.field.address')}</Table.Th>
            <Table.Th>{t('people.import.field.name')}</Table.Th>
            <Table.Th>{t('people.import.field.quota')}</Table.Th>
            <Table.Th>{t('people.import.check')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {[...plan]
            .sort((a, b) => Number(a.problem === undefined) - Number(b.problem === undefined))
            .slice(0, previewRows)
            .map((person) => (
              <Table.Tr key={person.line}>
                <Table.Td>{person.line}</Table.Td>
                <Table.Td>{person.address}</Table.Td>
                <Table.Td>{person.name}</Table.Td>
                <Table.Td>{person.quota === 0 ? t('common.unlimited') : bytes(person.quota)}</Table.Td>
                <Table.Td>
                  {person.problem === undefined ? (
                    <Badge variant="light">{t('people.import.ok')}</Badge>
                  ) : (
                    <Badge color="red" variant="light">
                      {t(`people.import.problem.${person.problem}`)}
                    </Badge>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  );
});
