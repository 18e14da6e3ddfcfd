/**
 * The values of the MIME layer: what a raw message is once it has been read, and nothing of how it is read.
 *
 * Everything here is computed once, at delivery. All offsets are byte offsets into the raw message, ends are exclusive, and a
 * range never leaves the message. "Binary string" means one character per byte (latin1): header text exactly as it was sent,
 * undecoded. Every other string is Unicode.
 */

/** A half-open range of bytes of the raw message. */
export type ByteRange = { readonly start: number; readonly end: number };

/** One MIME parameter. `name` is lower case; after RFC 2231 joining it ends in `*` if `value` is `charset'language'percent-encoded`. Binary strings. */
export type MimeParameter = { readonly name: string; readonly value: string };

/** A disposition or media type with its parameters in the order they were written. Binary strings, `value` in lower case. */
export type ParameterizedValue = { readonly value: string; readonly params: readonly MimeParameter[] };

/** What the reader of a part does with its body. `opaque`: a limit was reached, so the rest is kept as one unread leaf. */
export type PartKind = 'leaf' | 'multipart' | 'message' | 'opaque';

/**
 * One part of a message; the root part is the message itself. Its header is [headerStart, bodyStart) including the blank line, its body
 * [bodyStart, bodyEnd) without the line end that belongs to the following boundary.
 */
export type MimePart = {
  readonly kind: PartKind;
  readonly headerStart: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /** Line ends (LF) in the body. */
  readonly lines: number;
  /** Lower case; `application`/`octet-stream` for an opaque part. Defaults: text/plain, in multipart/digest message/rfc822. */
  readonly type: string;
  readonly subtype: string;
  readonly params: readonly MimeParameter[];
  /** Lower case, `7bit` when absent or empty. */
  readonly encoding: string;
  /** Binary strings as written (unfolded, trimmed); undefined when the field is absent. */
  readonly contentId: string | undefined;
  readonly description: string | undefined;
  readonly md5: string | undefined;
  readonly location: string | undefined;
  readonly language: readonly string[] | undefined;
  readonly disposition: ParameterizedValue | undefined;
  /** multipart: its parts, at least one. message: exactly one, the embedded message. Else empty. */
  readonly children: readonly MimePart[];
};

/** The tree of a message, with what the limits did to it. */
export type MessageStructure = {
  readonly root: MimePart;
  readonly sizeBytes: number;
  readonly partCount: number;
  /** True when a limit was reached and something stayed opaque. */
  readonly limited: boolean;
};

/** Limits of one analysis. None of them refuses a message: beyond a limit the rest is kept whole, only not looked into. */
export type MimeLimits = {
  /** Nesting of multiparts and embedded messages. */
  readonly maxDepth: number;
  /** Parts in one message, embedded ones included. */
  readonly maxParts: number;
  /** Bytes of one header block that are interpreted; fields beyond it exist in HEADER, but mean nothing. */
  readonly maxHeaderBytes: number;
  /** Addresses read from one message's address fields. */
  readonly maxAddresses: number;
  /** Searchable text kept for one message, in UTF-16 code units, header and body each. */
  readonly maxTextChars: number;
  /** Bytes on the wire of BODYSTRUCTURE and ENVELOPE each; a bigger one is replaced by a short legal one. */
  readonly maxWireBytes: number;
  /** Leaf bodies (encoded size) from here on become blobs. Text parts only from `textBlobThresholdBytes` on. */
  readonly blobThresholdBytes: number;
  readonly textBlobThresholdBytes: number;
  /** Upper bound of all inline segments of one message together. */
  readonly maxInlineBytes: number;
};

/** How stored bytes become message bytes again. */
export type SegmentEncoding = 'identity' | Base64Recipe;

/**
 * Base64 text with one line length: `lineLength` characters, `lineEnd`, …, and after the last line `finalLineEnds` line ends (0 if the last line has
 * none). `lineLength` 0: all in one line.
 */
export type Base64Recipe = { readonly lineLength: number; readonly lineEnd: 'crlf' | 'lf'; readonly finalLineEnds: number };

/** One piece of the storage plan. The segments of a message in order cover it exactly, without gap or overlap. */
export type Segment =
  | { readonly kind: 'inline'; readonly start: number; readonly end: number }
  | {
      readonly kind: 'blob';
      readonly start: number;
      readonly end: number;
      readonly encoding: SegmentEncoding;
      /** Size of what `bytes()` returns. */
      readonly storedBytes: number;
      /** The bytes to store: decoded if the encoding is a recipe. `identity` aliases the raw message; each call of the other decodes anew. */
      bytes(): Buffer;
    };

/** One mailbox of an address field, decoded. */
export type MailAddress = {
  /** Display name with encoded words decoded; empty if there is none. */
  readonly name: string;
  /** `local@domain`, or just the local part where no domain was written. */
  readonly address: string;
};

/** A Date field, both as an instant and as the day that was written in it. */
export type SentDate = {
  /** Milliseconds since 1970 in UTC. */
  readonly epochMs: number;
  /** The date as written, without zone shift, as year × 10000 + month × 100 + day (RFC 9051 §6.4.4, SENTON and its kin). */
  readonly day: number;
};

/** The searchable text. All of it is folded by i;unicode-casemap (see `casefold.ts`); a needle goes through `foldNeedle` first. */
export type SearchText = {
  /** One line per header field, `NAME: decoded value`, separated by LF. */
  readonly header: string;
  /** Text of all text parts and embedded headers, parts separated by LF; a line end inside a part is a space. */
  readonly body: string;
  readonly headerTruncated: boolean;
  readonly bodyTruncated: boolean;
};

/** What a list shows of an attachment. */
export type AttachmentSummary = {
  /** IMAP section number, such as `2.1`. */
  readonly section: string;
  /** Media type in lower case, such as `application/pdf`. */
  readonly contentType: string;
  /** Decoded file name; empty if none was given. */
  readonly filename: string;
  readonly disposition: 'attachment' | 'inline' | '';
  /** Without angle brackets; empty if none. */
  readonly contentId: string;
  /** Size after transfer decoding, exact for plain encodings, else within a few bytes. */
  readonly sizeBytes: number;
  /** Referenced from a multipart/related, so usually shown inside the text. */
  readonly related: boolean;
};

/** Keys for SORT (RFC 5256, RFC 5957), folded by i;unicode-casemap; empty where the message has none. */
export type SortKeys = {
  /** Base subject. */
  readonly subject: string;
  /** addr-mailbox of the first address. */
  readonly from: string;
  readonly to: string;
  readonly cc: string;
  readonly displayFrom: string;
  readonly displayTo: string;
};

/** Everything the store keeps about a message, computed in one pass at delivery. */
export type AnalyzedMessage = {
  readonly sizeBytes: number;
  /** Bytes of the header block including its blank line (RFC822.HEADER). */
  readonly headerBytes: number;
  /** Wire forms, ready to follow `ENVELOPE `, `BODY ` and `BODYSTRUCTURE ` in a FETCH response. May hold literals. */
  readonly envelope: Buffer;
  readonly body: Buffer;
  readonly bodyStructure: Buffer;
  /** The encoded part table; see `part-table.ts`. */
  readonly parts: Buffer;
  /** With angle brackets; undefined when absent or unreadable. */
  readonly messageId: string | undefined;
  readonly inReplyTo: readonly string[];
  readonly references: readonly string[];
  /** Decoded. */
  readonly subject: string;
  /** RFC 5256 §2.1, as it was written (not folded). `subjectIsReply`: a reply or forward artefact was taken off. */
  readonly baseSubject: string;
  readonly subjectIsReply: boolean;
  readonly from: readonly MailAddress[];
  readonly sender: readonly MailAddress[];
  readonly replyTo: readonly MailAddress[];
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly bcc: readonly MailAddress[];
  readonly sentDate: SentDate | undefined;
  readonly sort: SortKeys;
  readonly text: SearchText;
  /** RFC 8970: at most 200 characters, empty if there is nothing to say. */
  readonly preview: string;
  readonly hasAttachments: boolean;
  readonly attachments: readonly AttachmentSummary[];
  readonly segments: readonly Segment[];
  /** The id inside List-Id's brackets (RFC 2919), lower case; empty if none. */
  readonly listId: string;
  readonly importance: 'high' | 'normal' | 'low';
  /** True when a limit was reached: something stayed opaque or was cut from the search text. */
  readonly limited: boolean;
};
