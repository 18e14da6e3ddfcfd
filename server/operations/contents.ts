/** Storing and opening message contents: analysis once at delivery, reads by range afterwards. */
import { createHash } from 'node:crypto';
import { joinBytes } from '../base/bytes.ts';
import { refused, unavailable } from '../base/fault.ts';
import { LruCache } from '../base/lru.ts';
import type { ContentId } from '../mail/ids.ts';
import { analyzeMessage } from '../mime/analyze.ts';
import type { AnalyzedMessage } from '../mime/types.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { Database } from '../store/connect.ts';
import {
  createContentWriter,
  type LoadedContent,
  type WireForms,
  loadContent,
  loadContents,
  missingContents,
  readContent,
  readWireForms,
} from '../store/contents.ts';
import type { ContentOperations, OpenContent, StoredContent } from './contract.ts';
import { type MessageEncryption, noEncryption } from './message-encryption.ts';

export type ContentLimits = {
  /** Biggest message (octets). */
  readonly maxMessageBytes: number;
  /** Memory for opened contents: inline bytes, part tables (octets). */
  readonly openCacheBytes: number;
  /** Memory for wire forms of contents that were just stored (octets). */
  readonly formsCacheBytes: number;
};

export const DEFAULT_CONTENT_LIMITS: ContentLimits = {
  maxMessageBytes: 64 << 20,
  openCacheBytes: 16 << 20,
  formsCacheBytes: 8 << 20,
};

export type ContentService = {
  readonly operations: ContentOperations;
  /** Wire forms for placements, from memory where the content was stored a moment ago. */
  readonly forms: (contents: readonly ContentId[]) => Promise<ReadonlyMap<ContentId, WireForms>>;
};

/** An encrypted message is stored in base64, with its key: what was within the limit stays within. */
const ENCRYPTED_SIZE_FACTOR = 1.5;

export function createContentService(
  database: Database,
  blobs: BlobStore,
  limits: ContentLimits,
  encryption: MessageEncryption = noEncryption,
): ContentService {
  const writer = createContentWriter(database, blobs);
  const opened = new LruCache<ContentId, LoadedContent>(limits.openCacheBytes, weighContent);
  const recentForms = new LruCache<ContentId, WireForms>(
    limits.formsCacheBytes,
    (forms) => forms.envelope.length + forms.bodyStructure.length + 128,
  );

  const checkSize = (raw: Buffer, limitBytes: number): void => {
    if (raw.length > limitBytes) throw refused('TOOBIG', `The message is larger than ${limits.maxMessageBytes} octets.`);
  };
  const save = async (raw: Buffer): Promise<StoredContent> => {
    const epoch = database.epoch();
    const analyzed = analyzeMessage(raw);
    const content = await writer.save(raw, analyzed);
    recentForms.set(content, { envelope: analyzed.envelope, bodyStructure: analyzed.bodyStructure });
    return { content, sizeBytes: raw.length, thread: threadOf(analyzed, content), epoch };
  };
  const store: ContentOperations['store'] = async (raw) => {
    checkSize(raw, limits.maxMessageBytes);
    return save(raw);
  };

  const operations: ContentOperations = {
    store,
    storeFor: async (user, mailbox, raw, plain = () => store(raw)) => {
      checkSize(raw, limits.maxMessageBytes);
      const encrypted = await encryption.encrypt(user, mailbox, raw);
      if (encrypted === raw) return plain();
      checkSize(encrypted, limits.maxMessageBytes * ENCRYPTED_SIZE_FACTOR);
      return save(encrypted);
    },
    encrypts: encryption.wanted,
    confirm: async (stored) => {
      const doubtful = stored.filter((one) => one.epoch !== database.epoch());
      if (doubtful.length === 0) return;
      const missing = await missingContents(
        database,
        doubtful.map((one) => one.content),
      );
      if (missing.length > 0) throw unavailable('The mail store lost the message before it was safe.');
    },
    prefetch: async (wanted, { bodies }) => {
      const missing = wanted.filter((content) => opened.get(content) === undefined);
      if (missing.length > 0) for (const loaded of await loadContents(database, missing)) opened.set(loaded.id, loaded);
      if (!bodies) return;
      const ahead: Buffer[] = [];
      for (const content of wanted) {
        for (const segment of opened.get(content)?.segments ?? []) if ('b' in segment) ahead.push(segment.b);
      }
      await blobs.prefetch(ahead);
    },
    open: async (content) => {
      let loaded = opened.get(content);
      if (loaded === undefined) {
        loaded = await loadContent(database, content);
        opened.set(content, loaded);
      }
      return openContent(blobs, loaded);
    },
  };

  const forms = async (contents: readonly ContentId[]): Promise<ReadonlyMap<ContentId, WireForms>> => {
    const found = new Map<ContentId, WireForms>();
    const missing: ContentId[] = [];
    for (const content of contents) {
      const recent = recentForms.get(content);
      if (recent === undefined) missing.push(content);
      else found.set(content, recent);
    }
    if (missing.length > 0) for (const [content, one] of await readWireForms(database, missing)) found.set(content, one);
    return found;
  };

  return { operations, forms };
}

function openContent(blobs: BlobStore, loaded: LoadedContent): OpenContent {
  const read = (start: number, end: number): AsyncIterable<Buffer> => readContent(blobs, loaded, start, end);
  const readAll = async (start: number, end: number): Promise<Buffer> => {
    const pieces: Buffer[] = [];
    for await (const piece of read(start, end)) pieces.push(piece);
    return joinBytes(pieces);
  };
  return {
    content: loaded.id,
    sizeBytes: loaded.sizeBytes,
    parts: loaded.parts,
    body: loaded.body,
    preview: loaded.preview,
    header: () => readAll(0, loaded.headerBytes),
    read,
    readAll,
  };
}

function weighContent(content: LoadedContent): number {
  let bytes = 512 + content.parts.length + content.body.length;
  for (const segment of content.segments) bytes += 'd' in segment ? segment.d.length : 64;
  return bytes;
}

/**
 * A thread is named by its root: the first Message-ID in References, else the one in In-Reply-To, else the message's own. No lookup, no race, and every worker and
 * every user gets the same answer (OBJECTID, RFC 8474 §5.2). 24 hex digits; a message without any id is a thread of its own.
 */
function threadOf(analyzed: AnalyzedMessage, content: ContentId): string {
  const root = analyzed.references[0] ?? analyzed.inReplyTo[0] ?? analyzed.messageId;
  if (root === undefined) return content;
  return createHash('sha256').update(root).digest('hex').slice(0, 24);
}
