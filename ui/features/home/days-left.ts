/** How long the free space lasts at the pace of its history. Pure. */
const day = 86_400_000;
/** Less history says nothing about a pace. */
const leastMs = day / 2;
const mostDays = 3650;

/** Whole days; undefined when the space does not shrink, lasts for years, or the history is too short. */
export function daysLeft(points: readonly { readonly at: number; readonly mean: number }[]): number | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < leastMs) return undefined;
  const perMs = (first.mean - last.mean) / (last.at - first.at);
  if (perMs <= 0) return undefined;
  const days = Math.floor(last.mean / perMs / day);
  return days > mostDays ? undefined : days;
}
