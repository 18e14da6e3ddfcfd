/** The worker's HTTP API as the command line uses it: by way of the appliance, which adds the access token. */
import { z } from 'zod';
import type { DataPaths } from '../paths.ts';
import { ControlClient } from './control-client.ts';
import { CliFault, usage } from './fault.ts';

const errorSchema = z.object({ error: z.string(), code: z.string().optional() });
const resolvedSchema = z.object({ id: z.string() });
const addressSchema = z.object({ user: z.string() });

/** Codes of the API that mean "asked wrongly". */
const usageCodes: ReadonlySet<string> = new Set(['InputValidationError']);

export class WorkerApiClient {
  readonly #control: ControlClient;

  constructor(paths: DataPaths) {
    this.#control = ControlClient.open(paths);
  }

  /** @throws CliFault with the API's words */
  async call<Schema extends z.ZodType>(answer: Schema, method: string, path: string, body?: unknown): Promise<z.output<Schema>> {
    const value = await this.tryCall(method, path, body);
    if ('fault' in value) throw value.fault;
    const parsed = answer.safeParse(value.json);
    if (!parsed.success)
      throw new CliFault(
        1,
        `The answer of the HTTP API to ${method} ${path} has another shape than expected.\n${z.prettifyError(parsed.error)}`,
      );
    return parsed.data;
  }

  /** The id of a user who is named by id, by user name or by any address. @throws CliFault when there is none */
  async userId(name: string): Promise<string> {
    if (/^[0-9a-f]{24}$/.test(name)) return name;
    const byName = await this.tryCall('GET', `/users/resolve/${encodeURIComponent(name)}`);
    if ('json' in byName) return resolvedSchema.parse(byName.json).id;
    if (name.includes('@')) {
      const byAddress = await this.tryCall('GET', `/addresses/resolve/${encodeURIComponent(name)}`);
      const found = 'json' in byAddress ? addressSchema.safeParse(byAddress.json) : undefined;
      if (found?.success === true) return found.data.user;
      if ('fault' in byAddress && byAddress.status !== 404 && byAddress.status !== 400) throw byAddress.fault;
    }
    if (byName.status !== 404 && byName.status !== 400) throw byName.fault;
    throw new CliFault(1, `There is no user ${name}.\nSee: mallard user list`, 'UserNotFound');
  }

  async tryCall(method: string, path: string, body?: unknown): Promise<{ json: unknown } | { fault: CliFault; status: number }> {
    const { status, body: text } = await this.#control.raw(method, `/api${path}`, body);
    const json = tryJson(text);
    if (status >= 200 && status < 300 && json !== undefined) return { json };
    const parsed = errorSchema.safeParse(json);
    if (!parsed.success) return { fault: new CliFault(1, `The HTTP API answered ${status} to ${method} ${path}.`), status };
    const { error, code = 'Failed' } = parsed.data;
    return { fault: usageCodes.has(code) ? usage(error) : new CliFault(1, error, code), status };
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // An HTML page of something in between, or a cut connection: told by the status.
    return undefined;
  }
}
