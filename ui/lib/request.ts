/** One way to ask the appliance's origin for JSON; everything that goes wrong becomes a Fault. */
import { z } from 'zod';
import { Fault } from './fault.ts';

const errorBody = z.looseObject({
  error: z.string().optional(),
  message: z.string().optional(),
  code: z.string().optional(),
  allowed: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional().catch(undefined),
});

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** Where the worker's HTTP API is: the administrator's way to it, or the one of a person at their own account. */
let apiRoot = '/api';

export function setApiRoot(root: string): void {
  apiRoot = root;
}

/** The URL of a path that begins with /api/. */
export function apiPath(path: string): string {
  return path.startsWith('/api/') ? `${apiRoot}${path.slice('/api'.length)}` : path;
}

const unauthorizedListeners = new Set<() => void>();

/** Calls back when an answer says that nobody is signed in. @returns the function that ends it */
export function onUnauthorized(listener: () => void): () => void {
  unauthorizedListeners.add(listener);
  return () => unauthorizedListeners.delete(listener);
}

export function withQuery(path: string, query: RequestOptions['query']): string {
  const given = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)] as [string, string]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

export async function requestJson<Schema extends z.ZodType>(
  schema: Schema,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<z.output<Schema>> {
  const response = await send(method, withQuery(apiPath(path), options.query), options);
  const body = await readJson(response);
  if (!response.ok) throw refused(response.status, body);
  const result = schema.safeParse(body);
  if (!result.success)
    throw new Fault('Garbled', response.status, `${method} ${path}: ${z.prettifyError(result.error)}`.slice(0, 1000));
  // Some calls of the HTTP API say "no" with status 200.
  const fault = errorBody.safeParse(body);
  if (fault.success && fault.data.error !== undefined && fault.data.code !== undefined) throw refused(response.status, body);
  return result.data;
}

async function send(method: string, url: string, options: RequestOptions): Promise<Response> {
  try {
    return await fetch(url, {
      method,
      credentials: 'same-origin',
      headers: { accept: 'application/json', ...(options.body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw new Fault('Offline', 0, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Fault(response.ok ? 'Garbled' : 'Internal', response.status, text.slice(0, 300), { cause: error });
  }
}

function refused(status: number, body: unknown): Fault {
  const parsed = errorBody.safeParse(body);
  const { error, message, code, allowed, details } = parsed.success ? parsed.data : {};
  if (status === 401) for (const listener of unauthorizedListeners) listener();
  const fields = Object.fromEntries(Object.entries(details ?? {}).map(([name, value]) => [name, String(value)]));
  return new Fault(code ?? (status === 401 ? 'Unauthorized' : 'Internal'), status, error ?? message ?? `HTTP ${status}`, {
    allowed,
    fields,
  });
}
