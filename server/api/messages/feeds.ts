/** The event streams of this worker: feeds by user, one heartbeat for all, and slow clients let go (they resume from what they got). */
import type { ServerResponse } from 'node:http';
import type { UserId } from '../../mail/ids.ts';
import { type FeedListener, type FeedSources, type Told, UserFeed } from './feed.ts';

/** Proxies close what is silent for a minute. */
const HEARTBEAT_MS = 15_000;
/** Bytes that may wait for one client. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

export type StreamOptions = {
  readonly lastEvent: string | undefined;
  /** Ends the stream: the client went, or the server stops. */
  readonly signal: AbortSignal;
  /** The channel on which changes of the token's access are told, besides the user's. */
  readonly accessOf: UserId | undefined;
  /** False: the token is void by now. */
  readonly mayGoOn: () => Promise<boolean>;
};

export class Feeds {
  readonly #sources: FeedSources;
  readonly #beaconsFlow: () => boolean;
  readonly #feeds = new Map<UserId, UserFeed>();
  readonly #streams = new Set<ServerResponse>();
  #heartbeat: NodeJS.Timeout | undefined;

  /** `beaconsFlow`: false while changes of other workers are not heard of. */
  constructor(sources: FeedSources, beaconsFlow: () => boolean) {
    this.#sources = sources;
    this.#beaconsFlow = beaconsFlow;
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** Writes events until the signal. The response's head has been written. */
  async serve(user: UserId, response: ServerResponse, options: StreamOptions): Promise<void> {
    const feed = this.#feeds.get(user) ?? new UserFeed(this.#sources, user);
    this.#feeds.set(user, feed);
    const ended = Promise.withResolvers<void>();
    options.signal.addEventListener('abort', () => ended.resolve(), { once: true });
    const listener: FeedListener = {
      told: (told) => {
        response.write(frame(told));
        if (response.writableLength > MAX_WAITING_BYTES) ended.resolve();
      },
      recheck: () => {
        options.mayGoOn().then(
          (may) => (may ? undefined : ended.resolve()),
          // The database is away: the next change of access, or the client's next call, will tell.
          (error: unknown) => this.#sources.log.warn('event stream', { error, user }),
        );
      },
    };
    const unsubscribe =
      options.accessOf === undefined
        ? undefined
        : this.#sources.operations.events.subscribe(options.accessOf, () => listener.recheck());
    this.#streams.add(response);
    this.#heartbeat ??= setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
    try {
      await feed.attach(listener, options.lastEvent);
      if (options.signal.aborted) ended.resolve();
      await ended.promise;
    } finally {
      unsubscribe?.();
      this.#streams.delete(response);
      feed.detach(listener);
      if (feed.size === 0 && this.#feeds.get(user) === feed) {
        this.#feeds.delete(user);
        feed.close();
      }
      if (this.#streams.size === 0) {
        clearInterval(this.#heartbeat);
        this.#heartbeat = undefined;
      }
      response.end();
    }
  }

  #beat(): void {
    for (const response of this.#streams) response.write(': still here\n\n');
    if (!this.#beaconsFlow()) for (const feed of this.#feeds.values()) feed.lookAgain();
  }
}

/** Only the last event of an entry carries its id: who got half of them gets all of them again. */
function frame({ id, events }: Told): string {
  return events
    .map((event, at) => `${id !== undefined && at === events.length - 1 ? `id: ${id}\n` : ''}data: ${JSON.stringify(event)}\n\n`)
    .join('');
}
