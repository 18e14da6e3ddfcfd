/**
 * Web hooks: events are written down for each hook that wants them, then sent by any worker, again and again with growing pauses until the receiver says yes or a day
 * has passed. A receiver can check by the signature that an event is ours, and by the id that it has it already: an event may come twice, never less than once.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { isFault } from '../base/fault.ts';
import type { Logger } from '../base/log.ts';
import type { Records, Stored } from '../store/records.ts';
import type { Page, PageRequest } from '../store/types-page.ts';
import type { WebhookDeliveryFields, WebhookFields } from '../store/types-webhooks.ts';
import { InvalidInput, Refusal } from './refusal.ts';

export type Webhook = Stored<WebhookFields>;

export type HookEvent = {
  /** Such as `user.created`. */
  readonly type: string;
  readonly user?: string | undefined;
  readonly [field: string]: unknown;
};

export type Webhooks = {
  readonly page: (
    filter: { readonly type?: string | undefined; readonly user?: string | undefined },
    request: PageRequest,
  ) => Promise<Page<Webhook>>;
  readonly create: (hook: {
    readonly type: readonly string[];
    readonly user?: string | undefined;
    readonly url: string;
  }) => Promise<string>;
  /** Refusal WebhookNotFound. */
  readonly remove: (id: string) => Promise<void>;
  /** Never throws and is cheap when nobody listens: what happened has happened. */
  readonly emit: (event: HookEvent) => void;
  /** Resolves when what was emitted is written down. */
  readonly settled: () => Promise<void>;
  readonly start: () => void;
  readonly stop: () => Promise<void>;
};

export type WebhookParts = {
  readonly hooks: Records<WebhookFields>;
  readonly deliveries: Records<WebhookDeliveryFields>;
  readonly secret: () => Promise<Buffer>;
  readonly log: Logger;
  readonly now?: () => number;
  /** First pause before another try (ms). */
  readonly retryMs?: number;
  readonly pollMs?: number;
};

const HOOKS_FRESH_MS = 1_000;
const MAX_HOOKS = 1_000;
const MAX_PENDING = 1_000;
const LEASE_MS = 60_000;
const TIMEOUT_MS = 15_000;
const GIVE_UP_MS = 24 * 3_600_000;
const MAX_PAUSE_MS = 3_600_000;
const AT_ONCE = 4;
const MAX_PAYLOAD_BYTES = 256 * 1024;

export function createWebhooks(parts: WebhookParts): Webhooks {
  const { hooks, deliveries, secret, log, now = Date.now, retryMs = 5_000, pollMs = 5_000 } = parts;
  const pending = new Set<Promise<void>>();
  let known: { hooks: readonly Webhook[]; atMs: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = true;

  const allHooks = async (): Promise<readonly Webhook[]> => {
    if (known === undefined || now() - known.atMs > HOOKS_FRESH_MS)
      known = { hooks: await hooks.find({}, { limit: MAX_HOOKS }), atMs: now() };
    return known.hooks;
  };

  const write = async (event: HookEvent): Promise<void> => {
    const wanting = (await allHooks()).filter((hook) => wants(hook, event));
    if (wanting.length === 0) return;
    const { type, user, ...data } = event;
    const payload = JSON.stringify({ id: randomUUID(), ev: type, time: now(), ...(user === undefined ? {} : { user }), ...data });
    if (payload.length > MAX_PAYLOAD_BYTES) return;
    const at = new Date(now());
    for (const hook of wanting) {
      await deliveries.insert({
        hook: hook.id,
        url: hook.url,
        payload,
        event: type,
        attempts: 0,
        next: at,
        lease: new Date(0),
        expires: new Date(now() + GIVE_UP_MS + LEASE_MS),
      });
    }
    wake();
  };

  /** Takes what is due, one at a time for each of a few senders. */
  const drain = async (): Promise<void> => {
    const sender = async (): Promise<void> => {
      while (!stopped) {
        const at = new Date(now());
        const lease = new Date(now() + LEASE_MS);
        const due = await deliveries.update(
          { next: { to: new Date(now() + 1) }, lease: { to: at } },
          { set: { lease }, increment: { attempts: 1 } },
        );
        if (due === undefined) return;
        await attempt(due);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
  };

  const attempt = async (delivery: Stored<WebhookDeliveryFields>): Promise<void> => {
    const problem = await send(delivery);
    if (problem === undefined) {
      await deliveries.delete({ id: delivery.id });
      return;
    }
    const { hook, event, attempts, created } = delivery;
    const isLast = now() - created.getTime() > GIVE_UP_MS;
    log.warn('web hook not delivered', { hook, event, attempts, problem, givenUp: isLast });
    if (isLast) {
      await deliveries.delete({ id: delivery.id });
      return;
    }
    const pause = Math.min(MAX_PAUSE_MS, retryMs * 3 ** Math.min(12, attempts - 1));
    await deliveries.update(
      { id: delivery.id },
      { set: { next: new Date(now() + pause), lease: new Date(0), lastError: problem } },
    );
  };

  const send = async ({ url, payload }: WebhookDeliveryFields): Promise<string | undefined> => {
    const time = Math.floor(now() / 1000);
    const signature = createHmac('sha256', await secret())
      .update(`${time}.${payload}`)
      .digest('hex');
    try {
      const answer = await fetch(url, {
        method: 'POST',
        body: payload,
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'mallard',
          'x-mallard-signature': `t=${time},v1=${signature}`,
        },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      // The answer's text is nobody's business, but must be let go.
      await answer.body?.cancel();
      return answer.ok ? undefined : `HTTP ${answer.status}`;
    } catch (error) {
      return error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : 'failed';
    }
  };

  const wake = (): void => {
    if (stopped) return;
    if (running !== undefined) {
      again = true;
      return;
    }
    running = drain()
      .catch((error: unknown) => {
        if (!isFault(error, 'UNAVAILABLE')) log.error('web hooks', { error });
      })
      .finally(() => {
        running = undefined;
        if (!again) return;
        again = false;
        wake();
      });
  };

  return {
    page: ({ type, user }, request) =>
      hooks.page({ ...(type === undefined ? {} : { type }), ...(user === undefined ? {} : { user }) }, request),
    create: async ({ type, user, url }) => {
      if (!URL.canParse(url)) throw new InvalidInput('url', 'must be a URL');
      const { id } = await hooks.insert({ type: [...new Set(type.map((one) => one.toLowerCase()))], user: user ?? null, url });
      known = undefined;
      return id;
    },
    remove: async (id) => {
      if ((await hooks.delete({ id })) === 0) throw new Refusal('WebhookNotFound', 'This web hook does not exist');
      await deliveries.delete({ hook: id });
      known = undefined;
    },
    emit: (event) => {
      if (pending.size >= MAX_PENDING) {
        log.warn('web hook event lost: too many at once', { event: event.type });
        return;
      }
      const done = write(event)
        .catch((error: unknown) => log.warn('web hook event lost', { error, event: event.type }))
        .finally(() => pending.delete(done));
      pending.add(done);
    },
    settled: async () => {
      await Promise.all(pending);
    },
    start: () => {
      stopped = false;
      timer ??= setInterval(wake, pollMs).unref();
      wake();
    },
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      timer = undefined;
      await Promise.all(pending);
      await running;
    },
  };
}

function wants(hook: Webhook, event: HookEvent): boolean {
  if (hook.user !== null && hook.user !== event.user) return false;
  if (!/^https?:/i.test(hook.url)) return false;
  return hook.type.some(
    (type) => type === '*' || type === event.type || (type.endsWith('.*') && event.type.startsWith(type.slice(0, -1))),
  );
}
