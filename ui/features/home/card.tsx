/** The frame of a card on the first page: a heading that leads to its screen. */
import { Anchor, Card, Group, Title } from '@mantine/core';
import { Link, type LinkProps } from '@tanstack/react-router';
import { IconArrowRight, type Icon } from '@tabler/icons-react';
import { type ReactElement, type ReactNode, useId } from 'react';

export interface HomeCardProps {
  readonly icon: Icon;
  readonly title: string;
  readonly more: string;
  readonly to: NonNullable<LinkProps['to']>;
  readonly search?: Record<string, unknown>;
  readonly children: ReactNode;
}

export function HomeCard({ icon: IconOf, title, more, to, search = {}, children }: HomeCardProps): ReactElement {
  const id = useId();
  return (
    <Card component="section" aria-labelledby={id} radius="lg">
      <Group justify="space-between" mb="sm" wrap="nowrap">
        <Group gap="xs" wrap="nowrap">
          <IconOf size={19} stroke={1.7} aria-hidden style={{ flex: 'none' }} />
          <Title order={2} id={id}>
            {title}
          </Title>
        </Group>
        <Anchor
          size="sm"
          style={{ whiteSpace: 'nowrap' }}
          renderRoot={(props) => <Link to={to} search={search as never} {...props} />}
        >
          <Group gap={4} wrap="nowrap" component="span">
            {more} <IconArrowRight size={14} aria-hidden />
          </Group>
        </Anchor>
      </Group>
      {children}
    </Card>
  );
}
