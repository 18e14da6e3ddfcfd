/**
 * The test button of a service: a real client's loop (connect, encrypt, sign in, sign out) over IPv4 and, where it listens there, IPv6, with an account that is made
 * for it and removed afterwards. What failed and the server's own words are the answer; nothing is thrown for a service that does not serve.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Endpoint, SelfTest } from '../control/contract.ts';
import { ControlFault } from '../control/fault.ts';
import type { WorkerApi } from '../control/subject.ts';
import { Dialog } from './dialog.ts';
import { type Credential, conversations, type StepName } from './protocols.ts';

export interface SelfTestOptions {
  readonly name: string;
  /** Where this computer reaches it. */
  readonly endpoint: Endpoint;
  readonly api: WorkerApi;
  /** All addresses, both of loopback, or one. */
  readonly hosts: readonly string[];
}

const timeoutMs = 15_000;
const createdSchema = z.looseObject({ id: z.string() });

export async function testListener({ name, endpoint, api, hosts }: SelfTestOptions): Promise<SelfTest> {
  if (conversations[name] === undefined) throw new ControlFault(400, 'BadRequest', 'This service has no test of its own.');
  const { id, credential } = await makeAccount(api);
  try {
    const runs: SelfTest['runs'] = [];
    // One after the other: the second of two failing sign-ins would wait for the first.
    for (const host of hosts) runs.push(await converse(name, { ...endpoint, host }, credential));
    return { ok: runs.every(({ ok }) => ok), runs };
  } finally {
    await ask(api, 'DELETE', `/users/${id}`);
  }
}

async function converse(name: string, { host, port, tls }: Endpoint, credential: Credential): Promise<SelfTest['runs'][number]> {
  const steps: SelfTest['runs'][number]['steps'] = [];
  let dialog: Dialog | undefined;
  const step = async (what: StepName, run: () => Promise<string>): Promise<void> => {
    const begun = performance.now();
    try {
      const said = await run();
      steps.push({ what, ok: true, said, ms: Math.round(performance.now() - begun) });
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      steps.push({ what, ok: false, said, ms: Math.round(performance.now() - begun) });
      throw error;
    }
  };
  try {
    await step('connect', async () => {
      dialog = await Dialog.open({ host, port, implicitTls: tls === 'implicit' }, timeoutMs);
      return dialog.encryption ?? '';
    });
    if (dialog !== undefined) await conversations[name]?.(dialog, step, credential, tls === 'starttls');
  } catch (error) {
    if (steps.every(({ ok }) => ok)) throw error;
  } finally {
    dialog?.close();
  }
  return { host, port, ok: steps.every(({ ok }) => ok), steps };
}

async function makeAccount(api: WorkerApi): Promise<{ id: string; credential: Credential }> {
  const username = `self-test-${randomBytes(5).toString('hex')}`;
  const credential = { username, address: `${username}@self-test.invalid`, password: randomBytes(18).toString('base64url') };
  const { id } = createdSchema.parse(await ask(api, 'POST', '/users', { ...credential, name: 'Self-test' }));
  return { id, credential };
}

async function ask(api: WorkerApi, method: string, path: string, body?: unknown): Promise<unknown> {
  const host = api.host.includes(':') ? `[${api.host}]` : api.host;
  const answer = await fetch(`http://${host}:${api.port}${path}`, {
    method,
    headers: { 'x-access-token': api.token, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const json: unknown = await answer.json();
  if (!answer.ok) throw new ControlFault(502, 'Unavailable', `The account for the test could not be made: ${answer.status}.`);
  return json;
}
