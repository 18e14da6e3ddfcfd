/** The API as a fastify instance that listens nowhere: contracts become routes; input, rights and faults are handled here once for all of them. */
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { RouteContract } from './contract/route.ts';
import type { ApiActor } from '../operations/accounts-tokens.ts';
import { createIdentify, mayCall } from './access.ts';
import { addCors } from './cors.ts';
import { adminAct, isAdminAct, stateBefore } from './admin-acts.ts';
import { createAdmission } from './admission.ts';
import { addBodyParsers, parseQuery, RawBody } from './body.ts';
import type { ApiContext, Call, Route } from './context.ts';
import { hookEventOf } from './hook-events.ts';
import { mayManage } from './manager.ts';
import { createCallMeter } from './meter.ts';
import { failureOf, InvalidFields, refuse } from './faults.ts';
import { allRoutes } from './routes/all.ts';

declare module 'fastify' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- only interfaces are merged
  interface FastifyContextConfig {
    operation?: string;
  }
}

const MiB = 1024 * 1024;
const BODY_LIMIT = MiB;
/** Longest path parameter: an address, percent-encoded. */
const MAX_PARAMETER = 2_048;
/** A message in base64 in JSON is this much bigger than itself. */
const ENCODED = 1.4;

export async function createApp(context: ApiContext): Promise<FastifyInstance> {
  const { config, log, store } = context;
  const app = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: MAX_PARAMETER, ignoreTrailingSlash: true, querystringParser: parseQuery },
    return503OnClosing: false,
  });
  addBodyParsers(app);
  addCors(app, config.api.origins);
  const { limiter } = store.accounts.context;
  const identify = createIdentify(
    config.api.rootToken,
    store.accounts.tokens,
    (ip) => {
      limiter.trust(ip).catch((error: unknown) => log.warn('where an administrator comes from was not noted', { error }));
    },
    config.api.openToThisComputer,
  );
  const admission = createAdmission(identify, Math.max(config.store.maxInFlightBytes, config.store.maxMessageBytes));
  const bigBody = Math.ceil(config.store.maxMessageBytes * ENCODED) + BODY_LIMIT;
  const meter = createCallMeter();
  for (const each of allRoutes(context, meter)) {
    const { contract } = each;
    const bodyLimit = contract.bigBody === true ? bigBody : BODY_LIMIT;
    app.route({
      method: contract.method,
      url: contract.path,
      bodyLimit,
      config: { operation: contract.operation },
      onRequest: (request, reply) => admission.admit(contract, bodyLimit, request, reply),
      handler: (request, reply) => answer(each, admission.callerOf(request), context, request, reply),
    });
  }
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = failureOf(error, `${request.method} ${request.routeOptions.url ?? ''}`, log);
    // An unread body would keep the connection busy.
    if (status === 413) reply.header('connection', 'close');
    if (status === 503) reply.header('retry-after', '5');
    reply.code(status).send(body);
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'There is no such endpoint', code: 'NotFound' }));
  app.addHook('onResponse', async (request, reply) => {
    meter.count(request.routeOptions.config.operation ?? 'none', reply.statusCode, reply.elapsedTime);
    if (!log.enabled('debug')) return;
    const fields = {
      command: `${request.method} ${request.routeOptions.url ?? ''}`,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    log.debug('call', fields);
  });
  await app.ready();
  return app;
}

async function answer(
  each: Route,
  actor: ApiActor | undefined,
  { store, log }: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { contract } = each;
  const { accounts, adminLog, webhooks } = store;
  const query = request.query as Record<string, unknown>;
  const caller: ApiActor = actor ?? { role: 'custom', user: undefined, token: undefined, grants: [], domains: [] };
  const { body } = request;
  const raw = body instanceof RawBody ? body.bytes : undefined;
  if (raw !== undefined && contract.rawBody !== true)
    throw refuse('UnsupportedMediaType', 'This content type is not taken here.');
  const parameters = request.params as Record<string, string>;
  const fields = {
    ...query,
    ...(raw === undefined ? fieldsOf(body) : {}),
    // Who puts something in front of this API says by the query whom it speaks for; a body does not overrule that.
    ...('ip' in query ? { ip: query['ip'] } : {}),
    ...parameters,
  };
  if (
    !mayCall(caller, contract.access, userOf(caller, parameters['user'])) &&
    !(await mayManage(caller, contract, fields, accounts))
  )
    throw refuse('MissingPrivileges', 'Not enough privileges');
  const input = checkedInput(contract, fields);
  if (input['user'] === 'me') {
    if (caller.user === undefined) throw refuse('UserNotFound', 'This user does not exist');
    input['user'] = caller.user;
  }
  const aborted = new AbortController();
  reply.raw.once('close', () => aborted.abort());
  const call: Call<unknown> = {
    input,
    actor: caller,
    ip: typeof input['ip'] === 'string' ? input['ip'] : request.ip,
    session: typeof input['sess'] === 'string' ? input['sess'] : '',
    raw,
    request,
    reply,
    signal: aborted.signal,
  };
  const isAct = isAdminAct(contract);
  const before = isAct ? await stateBefore(contract, input, store) : undefined;
  const result = await each.run(call);
  if (isAct) {
    const act = adminAct(contract, call, result, before);
    // The act is done: to tell of a failure now would have it done twice.
    await adminLog
      .append(act)
      .catch((error: unknown) => log.error('an act is missing in the log of administration', { error, act }));
  }
  const event = hookEventOf(contract.operation, input, result);
  if (event !== undefined) webhooks.emit(event);
  // An endpoint without JSON has written its answer itself.
  return contract.output === undefined ? reply : { success: true, ...(result as object) };
}

function userOf(actor: ApiActor, user: string | undefined): string | undefined {
  return user === 'me' ? actor.user : user?.toLowerCase();
}

function checkedInput(contract: RouteContract, fields: Record<string, unknown>): Record<string, unknown> {
  const parsed = contract.input.safeParse(fields);
  if (!parsed.success) throw new InvalidFields(parsed.error.issues);
  return parsed.data;
}

function fieldsOf(body: unknown): object {
  if (body === undefined || body === null) return {};
  if (typeof body !== 'object' || Array.isArray(body)) throw refuse('InputValidationError', 'The body must be an object');
  return body;
}
