/** Two numbers over time in one plot: told apart by the dash, not by the colour alone. */
import { Group, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import classes from './sparkline.module.css';

type Points = readonly { readonly at: number; readonly value: number }[];
export interface Line {
  readonly name: string;
  /** What it comes to, in words. */
  readonly total: string;
  readonly points: Points;
}

export interface TwoLinesProps {
  readonly lines: readonly [Line, Line];
  readonly from: number;
  readonly to: number;
  /** The whole as a sentence. */
  readonly label: string;
  readonly height?: number;
}

const width = 320;

export function TwoLines({ lines, from, to, label, height = 64 }: TwoLinesProps): ReactElement {
  const highest = Math.max(1, ...lines.flatMap(({ points }) => points.map(({ value }) => value))) * 1.08;
  const draw = (given: Points): string =>
    // A single point is no line: it is drawn as a short one.
    (given.length === 1 && given[0] !== undefined ? [given[0], { ...given[0], at: given[0].at + (to - from) / 90 }] : given)
      .map(({ at, value }, index) => {
        const x = ((at - from) / (to - from)) * width;
        return `${index === 0 ? 'M' : 'L'}${x.toFixed(1)},${(height - 2 - (value / highest) * (height - 4)).toFixed(1)}`;
      })
      .join(' ');
  return (
    <>
      <svg
        className={classes['plot']}
        viewBox={`0 0 ${width} ${height}`}
        height={height}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        {lines.map(({ name, points }, index) => (
          <path
            key={name}
            d={draw(points)}
            fill="none"
            stroke="currentColor"
            strokeWidth={index === 0 ? 1.8 : 1.4}
            strokeDasharray={index === 0 ? undefined : '4 3'}
            vectorEffect="non-scaling-stroke"
          />
        ))}
      </svg>
      <Group gap="lg" mt={6}>
        {lines.map(({ name, total }, index) => (
          <Group key={name} gap={6} wrap="nowrap">
            <svg width="22" height="6" aria-hidden className={classes['plot']} style={{ width: 22 }}>
              <line
                x1="0"
                y1="3"
                x2="22"
                y2="3"
                stroke="currentColor"
                strokeWidth="2"
                strokeDasharray={index === 0 ? undefined : '4 3'}
              />
            </svg>
            <Text size="sm">
              {name}: <strong>{total}</strong>
            </Text>
          </Group>
        ))}
      </Group>
    </>
  );
}
