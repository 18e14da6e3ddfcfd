/**
 * The branded number and id types that every layer shares. A brand costs nothing at run time; it stops a UID from being used as a
 * sequence number. Casting into a brand happens where a value is made (counter, parser, store mapping) and nowhere else.
 */

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Unique identifier of a message in a mailbox: 1 … 4294967295, strictly ascending (RFC 9051 §2.3.1.1). */
export type Uid = Brand<number, 'Uid'>;
/** Message sequence number of one session's picture of a mailbox: 1 … EXISTS (RFC 9051 §2.3.1.2). */
export type Seq = Brand<number, 'Seq'>;
/** UIDVALIDITY of a mailbox: 1 … 4294967295. */
export type UidValidity = Brand<number, 'UidValidity'>;
/**
 * Mod-sequence of a message or mailbox: 1 … 2^53-1. RFC 7162 §3.1 allows 63 bits; a counter that only ever grows by one per change does not
 * reach 2^53, so a plain number is enough. Larger values that a client sends are clamped by the parser, which compares the same.
 */
export type Modseq = Brand<number, 'Modseq'>;

/** Ids of stored things: 24 lower-case hex digits each. */
export type UserId = Brand<string, 'UserId'>;
export type AddressId = Brand<string, 'AddressId'>;
export type MailboxId = Brand<string, 'MailboxId'>;
/** Id of one placement (a message in one mailbox); copies have other ids. */
export type MessageId = Brand<string, 'MessageId'>;
/** Id of the immutable bytes that all copies of a message share. */
export type ContentId = Brand<string, 'ContentId'>;
export type ThreadId = Brand<string, 'ThreadId'>;

/** In a user's place: what belongs to no user and concerns all, as the server's metadata. No account has this id. */
export const EVERYBODY = '000000000000000000000000' as UserId;

/** Largest UID, sequence number, UIDVALIDITY: RFC 9051 §9 `nz-number`. */
export const MAX_UINT32 = 0xffff_ffff;
/** Largest mod-sequence that is handled exactly. */
export const MAX_MODSEQ: Modseq = Number.MAX_SAFE_INTEGER as Modseq;

export type AnyId = UserId | AddressId | MailboxId | MessageId | ContentId | ThreadId;

/** True for 24 lower- or upper-case hex digits. */
export function isId(text: string): boolean {
  return /^[0-9a-fA-F]{24}$/.test(text);
}

/** The id in lower case, undefined when the text is no id: `tryId<UserId>(text)`. */
export function tryId<T extends AnyId>(text: string): T | undefined {
  return isId(text) ? (text.toLowerCase() as T) : undefined;
}

/** The number as a UID, undefined when it is none. */
export function tryUid(value: number): Uid | undefined {
  return Number.isInteger(value) && value >= 1 && value <= MAX_UINT32 ? (value as Uid) : undefined;
}
