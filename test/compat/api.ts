/** The HTTP API of a real worker, as a client calls it. One worker and one database for a test file. */
import assert from 'node:assert/strict';
import { after } from 'node:test';
import type { z } from 'zod';
import type { PartialConfig, ServiceName } from '../../server/config/schema.ts';
import { sharedServers } from '../harness/servers.ts';
import { type TestWorker, closeStores, startWorker } from '../harness/worker.ts';

export const ROOT_TOKEN = 'root-token-of-the-tests';

export type Answer = {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
  readonly headers: Headers;
};

export type CallOptions = {
  /** Default: the root token; null = none. */
  readonly token?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Api = {
  readonly worker: TestWorker;
  readonly url: string;
  readonly call: (call: string, options?: CallOptions) => Promise<Answer>;
  /** The call must succeed; its answer must have the contract's shape. */
  readonly ok: (
    call: string,
    body?: unknown,
    contract?: { readonly output: z.ZodType | undefined },
  ) => Promise<Record<string, unknown>>;
  /** The call must fail in exactly this way. Answers the body. */
  readonly fails: (call: string, status: number, code: string, options?: CallOptions) => Promise<Record<string, unknown>>;
  /** A fresh user's id. */
  readonly user: (fields?: Readonly<Record<string, unknown>>) => Promise<{ id: string; username: string; password: string }>;
};

let count = 0;
const workers: TestWorker[] = [];
after(async () => {
  await closeStores();
  await Promise.all(workers.map((worker) => worker.stop()));
});

export async function startApi(
  options: { readonly services?: readonly ServiceName[]; readonly config?: PartialConfig } = {},
): Promise<Api> {
  const servers = await sharedServers();
  const worker = await startWorker({
    mongodbUri: servers.mongodbUri,
    redisUri: servers.redisUri,
    services: ['api', ...(options.services ?? [])],
    config: { ...options.config, api: { rootToken: ROOT_TOKEN, ...options.config?.api } },
  });
  workers.push(worker);
  const url = `http://127.0.0.1:${worker.port('api')}`;

  const call: Api['call'] = async (text, { token = ROOT_TOKEN, body, headers = {} } = {}) => {
    const [method = 'GET', path = '/'] = text.split(' ');
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { 'x-access-token': token }),
        ...(body === undefined || typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData
          ? {}
          : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: bodyOf(body) }),
    });
    const said = await answer.text();
    return { status: answer.status, body: tryJson(said), text: said, headers: answer.headers };
  };

  const ok: Api['ok'] = async (text, body, contract) => {
    const answer = await call(text, { body });
    assert.equal(answer.status, 200, `${text}: ${answer.status} ${answer.text}`);
    assert.equal(answer.body['success'], true, text);
    if (contract?.output !== undefined) assert.deepEqual(contract.output.safeParse(answer.body).error?.issues ?? [], [], text);
    return answer.body;
  };

  return {
    worker,
    url,
    call,
    ok,
    fails: async (text, status, code, options) => {
      const answer = await call(text, options);
      assert.deepEqual([answer.status, answer.body['code']], [status, code], `${text}: ${answer.status} ${answer.text}`);
      assert.equal(typeof answer.body['error'], 'string', text);
      return answer.body;
    },
    user: async (fields = {}) => {
      const username = `person-${(count += 1)}`;
      const password = 'a fine secret';
      const made = await ok('POST /users', { username, address: `${username}@example.test`, password, ...fields });
      return { id: String(made['id']), username, password };
    },
  };
}

function bodyOf(body: unknown): string | FormData | Uint8Array<ArrayBuffer> {
  if (typeof body === 'string' || body instanceof FormData) return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
}

function tryJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    // No JSON: the test looks at `text`.
    return {};
  }
}
