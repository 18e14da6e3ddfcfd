/** Times as people type them. */
import { usage } from './fault.ts';

/** `15m`, `2h`, `3d` ago, or a date, as ISO 8601. @throws CliFault saying what is allowed */
export function timeOf(text: string): string {
  const found = /^(\d+)(m|h|d)$/.exec(text);
  if (found === null) {
    if (Number.isNaN(Date.parse(text))) throw usage(`"${text}" is no time: 15m, 2h, 3d, or a date.`);
    return new Date(text).toISOString();
  }
  const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 }[found[2] as 'm' | 'h' | 'd'];
  return new Date(Date.now() - Number(found[1]) * unitMs).toISOString();
}
