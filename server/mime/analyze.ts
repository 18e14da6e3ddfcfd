/**
 * Everything the store keeps about a message, computed once at delivery, so that nothing is parsed when it is read.
 *
 * Never throws on any bytes. Beyond the message itself it holds the result and, while it runs, a few copies of single text parts. Measured on one core of a small server: 0.25 ms for
 * a letter of 6 KB, 0.7 ms for 160 KB with an attachment, 4 ms for 200 KB of nothing but text and HTML, 0.2 s for 64 MiB, with 5 MB on top of the message.
 */
import { attachmentsOf } from './attachments.ts';
import { parseDateField } from './date-field.ts';
import { baseSubject } from './base-subject.ts';
import { encodeBodyStructures } from './body-structure.ts';
import { foldCase, joinLines } from './casefold.ts';
import { decodeWords } from './encoded-words.ts';
import { encodeEnvelope, envelopeFieldsOf, mailboxesOf, shortenEnvelope, type EnvelopeFields } from './envelope.ts';
import { fieldValue, findField, readHeaderFields } from './header-fields.ts';
import { DEFAULT_MIME_LIMITS } from './limits.ts';
import { parseMessageId, parseMessageIds } from './message-ids.ts';
import { encodePartTable, partTableOf } from './part-table.ts';
import { planSegments } from './segments.ts';
import { sortKeysOf } from './sort-keys.ts';
import { parseStructure } from './structure.ts';
import { extractText } from './text.ts';
import type { AnalyzedMessage, MimeLimits } from './types.ts';

/** A decoded subject beyond this is cut: it goes into indexes and lists. */
const MAX_SUBJECT_CHARS = 4_096;

/** Analyses a raw message. The result's blob segments refer to `raw`, which must not change while they are used. */
export function analyzeMessage(raw: Buffer, limits: MimeLimits = DEFAULT_MIME_LIMITS): AnalyzedMessage {
  const structure = parseStructure(raw, limits);
  const { root } = structure;
  const fields = readHeaderFields(raw, root.headerStart, root.bodyStart, limits.maxHeaderBytes);
  const value = (name: string): string => {
    const field = findField(fields, name);
    return field === undefined ? '' : fieldValue(raw, field);
  };
  const envelope = envelopeFieldsOf(raw, fields, limits.maxAddresses);
  const structures = encodeBodyStructures(raw, structure, limits);
  const { text, preview } = extractText(raw, structure, limits);
  const segments = planSegments(raw, structure, limits);
  const attachments = attachmentsOf(raw, structure, segments);
  const subject = joinLines(decodeWords(envelope.subject ?? ''))
    .slice(0, MAX_SUBJECT_CHARS)
    .toWellFormed();
  const base = baseSubject(subject);
  return {
    sizeBytes: raw.length,
    headerBytes: root.bodyStart,
    envelope: wireEnvelope(envelope, limits.maxWireBytes),
    body: structures.body,
    bodyStructure: structures.bodyStructure,
    parts: encodePartTable(partTableOf(structure)),
    messageId: parseMessageId(envelope.messageId ?? ''),
    inReplyTo: parseMessageIds(envelope.inReplyTo ?? ''),
    references: parseMessageIds(value('references')),
    subject,
    baseSubject: base.text,
    subjectIsReply: base.isReply,
    from: mailboxesOf(envelope, 'from'),
    sender: mailboxesOf(envelope, 'sender'),
    replyTo: mailboxesOf(envelope, 'reply-to'),
    to: mailboxesOf(envelope, 'to'),
    cc: mailboxesOf(envelope, 'cc'),
    bcc: mailboxesOf(envelope, 'bcc'),
    sentDate: parseDateField(envelope.date ?? ''),
    sort: { subject: foldCase(base.text), ...sortKeysOf(envelope) },
    text,
    preview,
    hasAttachments: attachments.has,
    attachments: attachments.list,
    segments,
    listId: listIdOf(value('list-id')),
    importance: importanceOf(value('importance'), value('x-priority'), value('priority')),
    limited: structure.limited || structures.cut || text.headerTruncated || text.bodyTruncated,
  };
}

function wireEnvelope(fields: EnvelopeFields, maxWireBytes: number): Buffer {
  const wire = encodeEnvelope(fields);
  return Buffer.from(wire.length <= maxWireBytes ? wire : encodeEnvelope(shortenEnvelope(fields, maxWireBytes)), 'latin1');
}

/** RFC 2919 §3: the id stands in the last angle brackets, or is the whole value. */
function listIdOf(value: string): string {
  const open = value.lastIndexOf('<');
  const close = value.indexOf('>', open);
  const id = open !== -1 && close !== -1 ? value.slice(open + 1, close) : value;
  return id.length <= 255 && /^[\u0021-\u007e]+$/.test(id) ? id.toLowerCase() : '';
}

/** Importance (RFC 2156), X-Priority as mail programs write it (1 is highest), and Priority. */
function importanceOf(importance: string, xPriority: string, priority: string): AnalyzedMessage['importance'] {
  const word = `${importance} ${priority}`.slice(0, 100).toLowerCase();
  if (word.includes('high') || /\burgent\b/.test(word) || /^[12]\b/.test(xPriority)) return 'high';
  if (word.includes('low') || word.includes('non-urgent') || /^[45]\b/.test(xPriority)) return 'low';
  return 'normal';
}
