/**
 * Searchable texts of the mailboxes that were searched last, in memory: a SEARCH over thousands of messages then reads nothing. Contents never change and a UID never names
 * another message, so what is here stays true; rows of messages that are gone are simply not asked for. Bounded by characters over all mailboxes.
 */
import type { MailboxId, Uid } from '../mail/ids.ts';
import { LruCache } from '../base/lru.ts';
import type { SearchText } from './contract.ts';

type Part = 'header' | 'body';

type MailboxTexts = { readonly header: Map<Uid, string>; readonly body: Map<Uid, string>; chars: number };

/** A row's cost beyond its characters: map entry, string header. */
const ROW_CHARS = 64;

export class SearchTexts {
  readonly #limit: number;
  readonly #mailboxes: LruCache<MailboxId, MailboxTexts>;

  /** `limitChars`: characters in all; most are one byte each. */
  constructor(limitChars: number) {
    this.#limit = limitChars;
    this.#mailboxes = new LruCache(limitChars, (texts) => texts.chars);
  }

  /** The text when everything that is wanted of it is here. */
  get(mailbox: MailboxId, uid: Uid, wanted: readonly Part[]): SearchText | undefined {
    const texts = this.#mailboxes.get(mailbox);
    if (texts === undefined) return undefined;
    let header = '';
    let body = '';
    for (const part of wanted) {
      const text = texts[part].get(uid);
      if (text === undefined) return undefined;
      if (part === 'header') header = text;
      else body = text;
    }
    return { uid, header, body };
  }

  add(mailbox: MailboxId, batch: readonly SearchText[], parts: readonly Part[]): void {
    const texts = this.#mailboxes.get(mailbox) ?? { header: new Map(), body: new Map(), chars: 0 };
    for (const row of batch) {
      for (const part of parts) {
        const known = texts[part].get(row.uid);
        if (known !== undefined) continue;
        // One mailbox may take half of the room: a search through a huge one must not throw out all others, nor itself over and over.
        if (texts.chars + row[part].length + ROW_CHARS > this.#limit / 2) break;
        texts[part].set(row.uid, row[part]);
        texts.chars += row[part].length + ROW_CHARS;
      }
    }
    this.#mailboxes.set(mailbox, texts);
  }
}
