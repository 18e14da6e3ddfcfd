/** A small plot of one number over time, with its range in words for who does not see it. */
import { useId, type ReactElement } from 'react';
import classes from './sparkline.module.css';

export interface SparklineProps {
  readonly points: readonly { readonly at: number; readonly mean: number }[];
  /** What is plotted and its present value, as a sentence. */
  readonly label: string;
  readonly height?: number;
  /** The top of the scale; the greatest value when it is left out. */
  readonly top?: number;
}

const width = 240;

export function Sparkline({ points, label, height = 44, top }: SparklineProps): ReactElement | null {
  const gradient = useId();
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || last.at <= first.at) return null;
  const highest = Math.max(top ?? 0, ...points.map((point) => point.mean)) * 1.08 || 1;
  const spot = ({ at, mean }: { at: number; mean: number }): string =>
    `${(((at - first.at) / (last.at - first.at)) * width).toFixed(1)},${(height - 1 - (mean / highest) * (height - 3)).toFixed(1)}`;
  const line = points.map(spot).join(' L');
  return (
    <svg
      className={classes['plot']}
      viewBox={`0 0 ${width} ${height}`}
      height={height}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <defs>
        <linearGradient id={gradient} x1="0" y1="0" x2="0" y2="1">
          <stop offset="0" stopColor="currentColor" stopOpacity="0.28" />
          <stop offset="1" stopColor="currentColor" stopOpacity="0.02" />
        </linearGradient>
      </defs>
      <path d={`M0,${height} L${line} L${width},${height} Z`} fill={`url(#${gradient})`} />
      <path d={`M${line}`} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
