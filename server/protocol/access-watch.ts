/** Ends a session when its access changes: a new password of its user, a closed account or protocol, its application password or access token revoked. */
import { type UserEvents, endsSession } from '../operations/contract.ts';
import { type Account, type Protocol } from '../operations/contract-accounts.ts';

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

  begin(protocol: Protocol, account: Account): void {
    this.end();
    this.#unsubscribe = this.#events.subscribe(account.user, (event) => {
      if (event.kind !== 'access' || this.#changed || !endsSession(event.only, protocol, account)) return;
      this.#changed = true;
      this.#onChange();
    });
  }

  end(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }
}
