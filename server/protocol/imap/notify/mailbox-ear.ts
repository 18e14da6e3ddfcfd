/** Hears what happens to a user's own mailboxes, to those of users who share some with the user, and to everybody's things. One subscription for each of them. */
import { EVERYBODY, type UserId } from '../../../mail/ids.ts';
import type { Operations, UserEvent } from '../../../operations/contract.ts';

export class MailboxEar {
  readonly #events: Operations['events'];
  readonly #listener: (event: UserEvent) => void;
  readonly #user: UserId;
  readonly #heard = new Map<UserId, () => void>();

  constructor(events: Operations['events'], user: UserId, listener: (event: UserEvent) => void) {
    this.#events = events;
    this.#user = user;
    this.#listener = listener;
    this.#listen(user);
  }

  close(): void {
    for (const stop of this.#heard.values()) stop();
    this.#heard.clear();
  }

  /** Whose shared mailboxes matter from now on, and everybody's things with them; undefined: the user's own alone. */
  setOwners(owners: Iterable<UserId> | undefined): void {
    const wanted = new Set<UserId>(owners === undefined ? [this.#user] : [this.#user, EVERYBODY, ...owners]);
    for (const [user, stop] of this.#heard) {
      if (wanted.has(user)) continue;
      stop();
      this.#heard.delete(user);
    }
    for (const user of wanted) if (!this.#heard.has(user)) this.#listen(user);
  }

  #listen(user: UserId): void {
    this.#heard.set(user, this.#events.subscribe(user, this.#listener));
  }
}
