/** The mail programs to choose from, as radio tiles. */
import { Group, Radio, SimpleGrid, Text } from '@mantine/core';
import {
  IconBrandAndroid,
  IconBrandApple,
  IconBrandWindows,
  IconDots,
  IconMail,
  IconPrinter,
  type Icon,
} from '@tabler/icons-react';
import type { ReactElement } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './connect.module.css';
import { clients, type ClientName } from './device-values.ts';

const icons: Readonly<Record<ClientName, Icon>> = {
  thunderbird: IconMail,
  outlook: IconBrandWindows,
  apple: IconBrandApple,
  android: IconBrandAndroid,
  printer: IconPrinter,
  other: IconDots,
};

export function ClientTiles({
  value,
  onChange,
}: {
  value: ClientName | undefined;
  onChange: (name: ClientName) => void;
}): ReactElement {
  const { t } = useTranslation();
  return (
    <Radio.Group value={value ?? null} onChange={(name) => onChange(name as ClientName)} aria-label={t('device.which')}>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
        {clients.map((name) => {
          const IconOf = icons[name];
          return (
            <Radio.Card key={name} value={name} className={classes['tile'] ?? ''} radius="md">
              <Group wrap="nowrap" align="center">
                <Radio.Indicator />
                <IconOf size={22} stroke={1.6} aria-hidden style={{ flex: 'none' }} />
                <div>
                  <Text fw={600} size="sm">
                    {t(`device.client.${name}.name`)}
                  </Text>
                  <Text size="xs" c="dimmed">
                    {t(`device.client.${name}.what`)}
                  </Text>
                </div>
              </Group>
            </Radio.Card>
          );
        })}
      </SimpleGrid>
    </Radio.Group>
  );
}
