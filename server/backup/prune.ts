/** Retention: which backups stay. The newest of each of the last days, weeks and months that have one; what only the others need goes with them. */
import { type BackupFolder, listBackups, lockFolder, removeBackup } from './folder.ts';
import { prunePacks } from './packs.ts';

export type Retention = { readonly daily: number; readonly weekly: number; readonly monthly: number };

export type Pruned = { readonly removed: readonly string[]; readonly freedBytes: number };

/** Removes backups beyond the retention, and packs that none of the others needs. The newest always stays; so does what is damaged: a person looks at it. Fault `in-use`. */
export async function pruneBackups(folder: BackupFolder, keep: Retention | 'all'): Promise<Pruned> {
  const lock = lockFolder(folder.root);
  try {
    const listed = await listBackups(folder.root);
    const complete = listed.filter((each) => each.state === 'complete');
    const ids = complete.map(({ id }) => id);
    const kept = keep === 'all' ? new Set(ids) : keptOf(ids, keep);
    const removed = ids.filter((id) => !kept.has(id));
    for (const id of removed) await removeBackup(folder.root, id);
    // What a damaged manifest needs is not known: then all packs stay.
    if (listed.some(({ state }) => state === 'damaged')) return { removed, freedBytes: 0 };
    const packs = new Set(
      complete.filter(({ id }) => kept.has(id)).flatMap(({ manifest }) => manifest.packs.map(({ name }) => name)),
    );
    return { removed, freedBytes: await prunePacks(folder, packs) };
  } finally {
    lock.release();
  }
}

/** @param ids newest first */
export function keptOf(ids: readonly string[], keep: Retention): Set<string> {
  const kept = new Set(ids.slice(0, 1));
  const rules: readonly (readonly [number, (id: string) => string])[] = [
    [keep.daily, (id) => id.slice(0, 10)],
    [keep.weekly, weekOf],
    [keep.monthly, (id) => id.slice(0, 7)],
  ];
  for (const [number, periodOf] of rules) {
    const periods = new Set<string>();
    for (const id of ids) {
      const period = periodOf(id);
      if (periods.has(period) || periods.size >= number) continue;
      periods.add(period);
      kept.add(id);
    }
  }
  return kept;
}

/** The Monday of its week. */
function weekOf(id: string): string {
  const day = new Date(`${id.slice(0, 10)}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return day.toISOString().slice(0, 10);
}
