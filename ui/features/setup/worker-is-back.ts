/** After a change of settings the workers restart; what comes next needs them. */
import { routes } from '../../../app/appliance/control/contract.ts';
import { control } from '../../lib/control.ts';
import { Fault } from '../../lib/fault.ts';

const patienceMs = 60_000;
/** The restart begins a moment after the answer. */
const settleMs = 1500;

/** Resolves when a worker serves; rejects when none does for a minute. */
export async function workerIsBack(): Promise<void> {
  const begun = Date.now();
  await pause(settleMs);
  while (Date.now() - begun < patienceMs) {
    const status = await control(routes.status);
    const workers = status.services.filter(({ kind }) => kind === 'worker');
    if (workers.length > 0 && workers.every(({ state }) => state === 'ready')) return;
    await pause(500);
  }
  throw new Fault('ServiceFailed', 0, '');
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    window.setTimeout(resolve, ms);
  });
}
