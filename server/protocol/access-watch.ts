/** Ends a session when its user's access changes: a new password, a closed account, a revoked application password or access token. */
import type { AccessEvent, Account, UserEvents } from '../operations/contract.ts';

/** Whether a session signed in as `account` has lost what it stands on. */
export function concerns(event: AccessEvent, account: Account): boolean {
  return event.user === account.user && (event.token === undefined || event.token === account.token);
}

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

  begin(account: Account): void {
    this.end();
    this.#unsubscribe = this.#events.subscribe(account.user, (event) => {
      if (event.kind !== 'access' || this.#changed || !concerns(event, account)) return;
      this.#changed = true;
      this.#onChange();
    });
  }

  end(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }
}
