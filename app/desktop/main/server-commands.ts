/**
 * What the tray can ask of the mail server, over the control API: start and stop its services, pause and resume incoming mail. Stopping leaves the
 * appliance itself (and with it the GUI) running, so starting again needs no permission, also where it is a service of the system.
 */
import { routes, type Service } from '../../appliance/control/contract.ts';
import type { Control } from './control.ts';

const orderUp: readonly Service['kind'][] = ['mongod', 'valkey', 'worker'];
/** mongod may take a minute to close its files, and a start may fetch a program. */
const commandTimeoutMs = 180_000;

export async function startServices(control: Control): Promise<void> {
  for (const { name, state } of await servicesInOrder(control)) {
    if (state === 'stopped' || state === 'failed') await control.call(routes.startService, { name, timeoutMs: commandTimeoutMs });
  }
}

export async function stopServices(control: Control): Promise<void> {
  for (const { name, state, external } of (await servicesInOrder(control)).reverse()) {
    if (state !== 'stopped' && !external) await control.call(routes.stopService, { name, timeoutMs: commandTimeoutMs });
  }
}

/** Whom other servers and programs hand mail to. Sending by the users of this server goes on: it has somewhere to stay. */
export const incomingListeners = ['smtp', 'lmtp'] as const;
export type IncomingListener = (typeof incomingListeners)[number];

/** @returns the listeners that it has turned off; `resumeIncoming` wants them back */
export async function pauseIncoming(control: Control): Promise<IncomingListener[]> {
  const { settings } = await control.call(routes.settings);
  const on = incomingListeners.filter((name) => settings.find((setting) => setting.name === `${name}.enabled`)?.value === true);
  await setEnabled(control, on, false);
  return on;
}

export async function resumeIncoming(control: Control, paused: readonly IncomingListener[]): Promise<void> {
  await setEnabled(control, paused, true);
}

async function setEnabled(control: Control, listeners: readonly IncomingListener[], enabled: boolean): Promise<void> {
  if (listeners.length === 0) return;
  const values = Object.fromEntries(listeners.map((name) => [`${name}.enabled`, enabled]));
  await control.call(routes.changeSettings, { body: { values } });
}

async function servicesInOrder(control: Control): Promise<Service[]> {
  const { services } = await control.call(routes.status);
  return [...services].sort((a, b) => orderUp.indexOf(a.kind) - orderUp.indexOf(b.kind));
}
