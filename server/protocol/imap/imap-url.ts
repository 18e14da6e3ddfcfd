/** IMAP URLs as CATENATE uses them (RFC 4469 §3, RFC 5092): a part of a message of the same account, by mailbox, UID and section. Pure. */
import { Fault } from '../../base/fault.ts';
import { ArgumentParser } from './wire/parser.ts';
import { type Section, expectSection } from './wire/sections.ts';

export type ImapUrl = {
  /** Unicode; undefined = the selected mailbox. */
  readonly mailbox: string | undefined;
  readonly uidValidity: number | undefined;
  readonly uid: number;
  readonly section: Section | undefined;
  readonly partial: { readonly offset: number; readonly count: number | undefined } | undefined;
};

const UID = /^\/?;UID=(\d{1,10})(?:\/;SECTION=([^/;]+))?(?:\/;PARTIAL=(\d{1,15})(?:\.(\d{1,15}))?)?$/i;

/** `/INBOX;UIDVALIDITY=1/;UID=20/;SECTION=1.2`, or `;UID=20` in the selected mailbox. undefined when it is no such URL. */
export function parseImapUrl(url: string): ImapUrl | undefined {
  const at = url.search(/\/?;UID=/i);
  if (at === -1) return undefined;
  const tail = UID.exec(url.slice(at));
  const head = decode(url.slice(0, at));
  if (tail === null || head === undefined) return undefined;
  const validity = /;UIDVALIDITY=(\d{1,10})$/i.exec(head);
  const path = validity === null ? head : head.slice(0, validity.index);
  if (path !== '' && !path.startsWith('/')) return undefined;
  const sectionText = tail[2] === undefined ? undefined : decode(tail[2]);
  const section = sectionText === undefined ? undefined : parseSection(sectionText);
  if (tail[2] !== undefined && section === undefined) return undefined;
  return {
    mailbox: path === '' ? undefined : path.slice(1),
    uidValidity: validity === null ? undefined : Number(validity[1]),
    uid: Number(tail[1]),
    section,
    partial:
      tail[3] === undefined ? undefined : { offset: Number(tail[3]), count: tail[4] === undefined ? undefined : Number(tail[4]) },
  };
}

/** Percent-encoded UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // URIError: a stray % or no UTF-8.
    return undefined;
  }
}

function parseSection(text: string): Section | undefined {
  const line = Buffer.from(`[${text}]`);
  try {
    const parser = new ArgumentParser({ tag: '', name: '', argumentsAt: 0, lines: [line], literals: [] });
    const section = expectSection(parser);
    parser.expectEnd();
    return section;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
