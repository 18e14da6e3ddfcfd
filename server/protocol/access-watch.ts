/** Ends a session when its user's access changes: a new password, a closed account, a revoked application password. */
import type { UserId } from '../mail/ids.ts';
import type { UserEvents } from '../operations/contract.ts';

export class AccessWatch {
  readonly #events: UserEvents;
  #onChange: () => void = () => {};
  #unsubscribe: (() => void) | undefined;
  #changed = false;

  constructor(events: UserEvents) {
    this.#events = events;
  }

  /** Called once: to say goodbye at once when the session waits for its client. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  get changed(): boolean {
    return this.#changed;
  }

  begin(user: UserId): void {
    this.end();
    this.#unsubscribe = this.#events.subscribe(user, (event) => {
      if (event.kind !== 'access' || this.#changed) return;
      this.#changed = true;
      this.#onChange();
    });
  }

  end(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }
}
