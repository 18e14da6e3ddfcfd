/** The whole HTTP API on a real database, called without a socket: what most of the compatibility suite needs, and fast. */
import type { FastifyInstance, InjectOptions } from 'fastify';
import { createApp } from '../../server/api/app.ts';
import { createLogger } from '../../server/base/log.ts';
import { createDelivery } from '../../server/delivery/deliver.ts';
import { type Outgoing, createOutgoing } from '../../server/delivery/outgoing.ts';
import { resolveConfig } from '../../server/config/load.ts';
import type { Config, PartialConfig } from '../../server/config/schema.ts';
import { type OpenedStore, createOperations } from '../../server/operations/create.ts';
import { sharedServers } from '../harness/servers.ts';

export const ROOT_TOKEN = 'test-root-token-0123456789';

export type ApiAnswer = {
  readonly status: number;
  readonly body: Body;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
};

/** JSON of any shape: the assertions say which. */
// oxlint-disable-next-line typescript/no-explicit-any -- every cast here would be noise in the tests
export type Body = any;

export type ApiClient = {
  readonly app: FastifyInstance;
  readonly store: OpenedStore;
  readonly outgoing: Outgoing;
  readonly get: (path: string, query?: Record<string, string | number | boolean>, options?: InjectOptions) => Promise<ApiAnswer>;
  readonly post: (path: string, body?: object | string | Buffer, options?: InjectOptions) => Promise<ApiAnswer>;
  readonly put: (path: string, body?: object, options?: InjectOptions) => Promise<ApiAnswer>;
  readonly delete: (
    path: string,
    query?: Record<string, string | number | boolean>,
    options?: InjectOptions,
  ) => Promise<ApiAnswer>;
  /** The same API with another token. */
  readonly as: (token: string | undefined) => ApiClient;
  /** A new user; answers its id. */
  readonly user: (fields?: object) => Promise<string>;
  /** Another worker on the same databases. */
  readonly sibling: () => Promise<ApiClient>;
  readonly close: () => Promise<void>;
};

let users = 0;

export async function startApi(config: PartialConfig = {}): Promise<ApiClient> {
  const { mongodbUri, redisUri } = await sharedServers();
  const settings = resolveConfig({
    ...config,
    mongo: { uri: mongodbUri },
    redis: { uri: redisUri },
    api: { rootToken: ROOT_TOKEN },
  });
  return startWorker(settings);
}

async function startWorker(settings: Config): Promise<ApiClient> {
  const log = createLogger('error', {}, (line) => void process.stderr.write(line));
  const store = await createOperations(settings, log);
  const { operations } = store;
  const delivery = createDelivery({ operations, config: settings, log });
  const outgoing = createOutgoing({ config: settings, operations, store, delivery, addressesOf: async () => [], log });
  const app = await createApp({ config: settings, operations, store, outgoing, log });
  return client(app, { store, outgoing }, () => startWorker(settings), ROOT_TOKEN);
}

function client(
  app: FastifyInstance,
  parts: { readonly store: OpenedStore; readonly outgoing: Outgoing },
  sibling: () => Promise<ApiClient>,
  token: string | undefined,
): ApiClient {
  const { store, outgoing } = parts;
  const call = async (options: InjectOptions): Promise<ApiAnswer> => {
    const headers = { ...(token === undefined ? {} : { 'x-access-token': token }), ...options.headers };
    const answer = await app.inject({ ...options, headers });
    const type = String(answer.headers['content-type'] ?? '');
    const body = (type.includes('json') && answer.rawPayload.length > 0 ? answer.json() : undefined) as Body;
    return { status: answer.statusCode, body, headers: answer.headers, bytes: answer.rawPayload };
  };
  const texts = (query: Record<string, string | number | boolean>): Record<string, string> =>
    Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const self: ApiClient = {
    app,
    store,
    outgoing,
    get: (path, query = {}, options = {}) => call({ method: 'GET', url: path, query: texts(query), ...options }),
    post: (path, body = {}, options = {}) => call({ method: 'POST', url: path, payload: body, ...options }),
    put: (path, body = {}, options = {}) => call({ method: 'PUT', url: path, payload: body, ...options }),
    delete: (path, query = {}, options = {}) => call({ method: 'DELETE', url: path, query: texts(query), ...options }),
    as: (other) => client(app, parts, sibling, other),
    sibling,
    user: async (fields = {}) => {
      users += 1;
      const { status, body } = await self.post('/users', {
        username: `user${users}`,
        password: 'verysecret',
        address: `user${users}@example.com`,
        ...fields,
      });
      if (status !== 200) throw new Error(`no user: ${JSON.stringify(body)}`);
      return body['id'] as string;
    },
    close: async () => {
      await app.close();
      await outgoing.stop(0);
      await store.close();
    },
  };
  return self;
}
