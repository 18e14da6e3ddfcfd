/** Domains that stand for another one: all of its addresses exist there, too. */
import { ActionIcon, Button, Card, Group, Select, Skeleton, Stack, Table, Text, TextInput, Title, Tooltip } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { type ReactElement, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { FaultAlert } from '../../components/fault-alert.tsx';
import type { Fault } from '../../lib/fault.ts';
import { notifyDone } from '../../lib/notify.ts';
import { addAlias, aliasesQuery, removeAlias } from './api.ts';

export function AliasesCard({ domains }: { domains: readonly string[] }): ReactElement {
  const { t } = useTranslation();
  const client = useQueryClient();
  const aliases = useQuery(aliasesQuery);
  const [alias, setAlias] = useState('');
  const [domain, setDomain] = useState(domains[0] ?? '');
  const change = useMutation<void, Fault, { done: string; run: () => Promise<void> }>({
    mutationFn: ({ run }) => run(),
    onSuccess: async (_, { done }) => {
      notifyDone(done);
      setAlias('');
      await client.invalidateQueries({ queryKey: ['domains'] });
    },
  });
  return (
    <Card component="section" radius="lg">
      <Title order={2}>{t('domains.alias.title')}</Title>
      <Text size="sm" c="dimmed" mb="md">
        {t('domains.alias.lead')}
      </Text>
      <Stack gap="md">
        {change.error !== null && <FaultAlert fault={change.error} title={t('domains.notChanged')} />}
        {aliases.data === undefined ? (
          aliases.error === null ? (
            <Skeleton height={60} role="status" aria-label={t('common.loading')} />
          ) : (
            <FaultAlert fault={aliases.error} onRetry={() => void aliases.refetch()} />
          )
        ) : aliases.data.length === 0 ? (
          <Text size="sm">{t('domains.alias.none')}</Text>
        ) : (
          <Table aria-label={t('domains.alias.title')}>
            <Table.Tbody>
              {aliases.data.map((each) => (
                <Table.Tr key={each.id}>
                  <Table.Td>{`${each.alias} → ${each.domain}`}</Table.Td>
                  <Table.Td ta="right">
                    <Tooltip label={t('domains.alias.remove', { alias: each.alias })}>
                      <ActionIcon
                        variant="subtle"
                        color="red"
                        aria-label={t('domains.alias.remove', { alias: each.alias })}
                        onClick={() =>
                          change.mutate({
                            done: t('domains.alias.removed', { alias: each.alias }),
                            run: () => removeAlias(each.id),
                          })
                        }
                      >
                        <IconTrash size={17} aria-hidden />
                      </ActionIcon>
                    </Tooltip>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const wanted = { alias: alias.trim(), domain };
            change.mutate({ done: t('domains.alias.added', wanted), run: () => addAlias(wanted) });
          }}
        >
          <Group align="flex-end" gap="sm">
            <TextInput
              label={t('domains.alias.alias')}
              placeholder="example.net"
              value={alias}
              onChange={(event) => setAlias(event.currentTarget.value)}
              spellCheck={false}
              autoComplete="off"
            />
            <Select
              label={t('domains.alias.standsFor')}
              allowDeselect={false}
              value={domain}
              onChange={(value) => setDomain(value ?? '')}
              data={[...domains]}
            />
            <Button
              type="submit"
              variant="default"
              leftSection={<IconPlus size={16} aria-hidden />}
              loading={change.isPending}
              disabled={alias.trim() === ''}
            >
              {t('people.address.add')}
            </Button>
          </Group>
        </form>
      </Stack>
    </Card>
  );
}
