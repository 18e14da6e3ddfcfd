/**
 * The state of one IMAP connection (RFC 9051 §3) and the only functions that change it:
 *
 *   not-authenticated → authenticated ⇄ selected → logout        (logout from every state)
 *
 * Plain data, a few hundred bytes: an idle session costs little. It owns its hold on the mailbox view and releases it on every way out.
 */
import { Fault } from '../../base/fault.ts';
import type { MailboxInfo, Operations, ViewHold } from '../../operations/contract.ts';
import type { Account } from '../../operations/contract-accounts.ts';
import { ALL_RIGHTS } from '../../mail/rights.ts';
import { UidSet } from '../../mail/uid-set.ts';
import { MetadataWatch } from './notify/metadata-watch.ts';
import type { Notifier } from './notify/notifier.ts';
import type { UpdatingSearch } from './search/updates.ts';
import { SessionMailbox } from './session-mailbox.ts';

export type SessionState = 'not-authenticated' | 'authenticated' | 'selected' | 'logout';

/** Extensions that a client switches on (ENABLE or by use); they stay on until LOGOUT or UNAUTHENTICATE. */
export type EnabledFeature = 'CONDSTORE' | 'QRESYNC' | 'UTF8=ACCEPT' | 'IMAP4rev2' | 'UIDONLY' | 'METADATA';

const NO_SEARCHES: readonly UpdatingSearch[] = [];

export class Session {
  #state: SessionState = 'not-authenticated';
  #account: Account | undefined;
  #box: SessionMailbox | undefined;
  #hold: ViewHold | undefined;
  #mailbox: MailboxInfo | undefined;
  #rights = ALL_RIGHTS;
  #enabled: readonly EnabledFeature[] = [];
  #notifier: Notifier | undefined;
  #metadata: MetadataWatch | undefined;
  /** The SEARCH result variable `$` (RFC 5182), in UIDs. */
  saved: UidSet = UidSet.empty;
  /** Searches of the selected mailbox that are kept up to date (RFC 5267). */
  searches: readonly UpdatingSearch[] = NO_SEARCHES;

  get state(): SessionState {
    return this.#state;
  }

  get accountOrNone(): Account | undefined {
    return this.#account;
  }

  /** The account; the dispatcher lets only commands of authenticated states ask. */
  get account(): Account {
    if (this.#account === undefined) throw new Error('not authenticated');
    return this.#account;
  }

  get boxOrNone(): SessionMailbox | undefined {
    return this.#box;
  }

  /** The selected mailbox's position; the dispatcher lets only commands of the selected state ask. */
  get box(): SessionMailbox {
    if (this.#box === undefined) throw this.#outOfPlace('no mailbox is selected');
    return this.#box;
  }

  /** The selected mailbox as it was at SELECT (its path may have changed since). */
  get mailbox(): MailboxInfo {
    if (this.#mailbox === undefined) throw this.#outOfPlace('no mailbox is selected');
    return this.#mailbox;
  }

  /** The rights on the selected mailbox as they were at SELECT: what PERMANENTFLAGS is made of. */
  get rights(): string {
    return this.#rights;
  }

  authenticate(account: Account): void {
    this.#expect('not-authenticated');
    this.#account = account;
    this.#state = 'authenticated';
  }

  /** Takes over the hold. Whatever was selected must have been unselected before. */
  select(mailbox: MailboxInfo, hold: ViewHold, readOnly: boolean, rights = ALL_RIGHTS): SessionMailbox {
    if (this.#state !== 'authenticated') hold.release();
    this.#expect('authenticated');
    this.#hold = hold;
    this.#mailbox = mailbox;
    this.#rights = rights;
    this.#box = new SessionMailbox(hold.view, readOnly);
    this.#state = 'selected';
    return this.#box;
  }

  /** Back to authenticated. A failed SELECT leaves nothing selected, so this is called before one. Harmless when nothing is selected. */
  unselect(): void {
    if (this.#state === 'selected') this.#state = 'authenticated';
    this.#box?.close();
    this.#box = undefined;
    this.#mailbox = undefined;
    this.#hold?.release();
    this.#hold = undefined;
    this.saved = UidSet.empty;
    this.searches = NO_SEARCHES;
  }

  /** RFC 8437: as if just connected, over the same TLS. */
  unauthenticate(): void {
    this.unselect();
    this.#forgetNotify();
    this.#forgetMetadata();
    this.#expect('authenticated');
    this.#account = undefined;
    this.#enabled = [];
    this.#state = 'not-authenticated';
  }

  logout(): void {
    this.unselect();
    this.#forgetNotify();
    this.#forgetMetadata();
    this.#state = 'logout';
  }

  /** What NOTIFY asked for; undefined before its first use. */
  get notifier(): Notifier | undefined {
    return this.#notifier;
  }

  /** Takes the place of what was asked for before. */
  notify(notifier: Notifier): void {
    this.#forgetNotify();
    this.#notifier = notifier;
  }

  /** Of whose metadata the session hears; undefined until ENABLE METADATA or a NOTIFY that asks for it. */
  get metadata(): MetadataWatch | undefined {
    return this.#metadata;
  }

  /** Begins to hear of changed metadata, unless it does already. */
  watchMetadata(ops: Operations, wake: () => void): MetadataWatch {
    this.#metadata ??= new MetadataWatch(ops, this.account, wake);
    return this.#metadata;
  }

  /** There are things to be told outside of the selected mailbox. */
  get hasOtherNews(): boolean {
    return this.#notifier !== undefined || this.#metadata?.hasNews === true;
  }

  #forgetMetadata(): void {
    this.#metadata?.close();
    this.#metadata = undefined;
  }

  #forgetNotify(): void {
    this.#notifier?.close();
    this.#notifier = undefined;
  }

  isEnabled(feature: EnabledFeature): boolean {
    return this.#enabled.includes(feature);
  }

  /** True when the feature was not on before. QRESYNC brings CONDSTORE (RFC 7162 §3.2.3); IMAP4rev2 does not bring others. */
  enable(feature: EnabledFeature): boolean {
    if (this.isEnabled(feature)) return false;
    this.#enabled = [...this.#enabled, feature];
    if (feature === 'QRESYNC') this.enable('CONDSTORE');
    return true;
  }

  /** Mailbox names and header strings are UTF-8 on the wire. */
  get utf8(): boolean {
    return this.#enabled.length > 0 && (this.isEnabled('UTF8=ACCEPT') || this.isEnabled('IMAP4rev2'));
  }

  get condstore(): boolean {
    return this.#enabled.length > 0 && this.isEnabled('CONDSTORE');
  }

  #expect(state: SessionState): void {
    if (this.#state !== state) throw this.#outOfPlace(`session is ${this.#state}, not ${state}`);
  }

  /** The client may vanish while a command waits for the store; anything else is our own error. */
  #outOfPlace(text: string): Error {
    return this.#state === 'logout' ? new Fault('connection', 'CLOSED', 'The session has ended') : new Error(text);
  }
}
