/**
 * The text of a message as people read it: which parts are the body, in which form. Everything that is listed as an attachment is none; of alternatives the plain
 * one is the text and the HTML one the HTML. HTML comes out safe to show: no scripts, no styles that reach out of their place, images of the message itself as
 * `attachment:ATT00001`.
 */
import sanitizeHtml from 'sanitize-html';
import { decodeCharset } from '../../mime/charset.ts';
import { htmlToText } from '../../mime/html-text.ts';
import type { PartEntry, PartTable } from '../../mime/part-table.ts';
import { numberedParts } from '../../mime/sections.ts';
import { decodeTransferEncoding } from '../../mime/transfer-encoding.ts';
import type { AttachmentSummary } from '../../mime/types.ts';
import type { OpenContent } from '../../operations/contract.ts';
import { attachmentId } from './rows.ts';

/** Encoded bytes of one part that are read for display. */
const MAX_PART_BYTES = 4 * 1024 * 1024;
/** Parts that are shown; more is no letter to be read. */
const MAX_PARTS = 50;
const MAX_TEXT_CHARS = 1024 * 1024;

export type Texts = { readonly text: string; readonly html: readonly string[] };

export async function readTexts(
  content: OpenContent,
  table: PartTable,
  attachments: readonly AttachmentSummary[],
): Promise<Texts> {
  const attached = new Set(attachments.map((one) => one.section));
  const sections = new Map(numberedParts(table, false).map(({ section, part }) => [part, section]));
  const links = new Map(
    attachments.flatMap((one, index) => (one.contentId === '' ? [] : [[one.contentId, attachmentId(index)] as const])),
  );
  const text: string[] = [];
  const html: string[] = [];
  let left = MAX_PARTS;

  const isBody = (part: PartEntry): boolean => {
    const section = sections.get(part);
    return part.kind === 'leaf' && part.contentType.startsWith('text/') && section !== undefined && !attached.has(section);
  };
  const read = async (part: PartEntry): Promise<string> => {
    const end = Math.min(part.body.end, part.body.start + MAX_PART_BYTES);
    const bytes = await content.readAll(part.body.start, end);
    return decodeCharset(decodeTransferEncoding(bytes, part.encoding), part.charset === '' ? undefined : part.charset).replace(
      /\r\n/g,
      '\n',
    );
  };
  const add = async (part: PartEntry, asText: boolean, asHtml: boolean): Promise<void> => {
    if (left <= 0) return;
    left -= 1;
    const source = await read(part);
    if (part.contentType === 'text/html') {
      if (asHtml) html.push(safeHtml(source, links));
      if (asText) text.push(htmlToText(source, MAX_TEXT_CHARS));
    } else {
      if (asText) text.push(source);
      if (asHtml) html.push(textAsHtml(source));
    }
  };
  const visit = async (part: PartEntry, asText: boolean, asHtml: boolean): Promise<void> => {
    if (part.kind === 'multipart' && part.contentType === 'multipart/alternative') {
      // RFC 2046 §5.1.4: the last of each kind is the best.
      const plain = part.children.findLast(
        (one) => isBody(one) && one.contentType !== 'text/html' && one.contentType !== 'text/calendar',
      );
      const rich = part.children.findLast(
        (one) => one.contentType === 'text/html' || (one.kind === 'multipart' && one !== plain),
      );
      if (rich === undefined || plain === undefined) {
        for (const child of part.children) if (child === rich || child === plain) await visit(child, asText, asHtml);
        return;
      }
      if (asText) await visit(plain, true, false);
      if (asHtml) await visit(rich, false, true);
      return;
    }
    if (part.kind === 'multipart') {
      for (const child of part.children) await visit(child, asText, asHtml);
      return;
    }
    if (isBody(part)) await add(part, asText, asHtml);
  };
  await visit(table, true, true);
  return { text: text.join('\n').slice(0, MAX_TEXT_CHARS), html: html.filter((one) => one !== '') };
}

/** `text/plain` as HTML: escaped, addresses of the web clickable, line breaks kept. */
export function textAsHtml(text: string): string {
  if (text.trim() === '') return '';
  const linked = escapeHtml(text).replace(/\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g, (url) => `<a href="${url}">${url}</a>`);
  return `<p>${linked.replace(/\n{2,}/g, '</p><p>').replace(/\n/g, '<br/>')}</p>`;
}

function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

const SIZE = /^\d{1,5}(?:px|em|rem|pt|%)?$/i;
const COLOR = /^(?:#[0-9a-f]{3,8}|rgba?\([\d\s,.%]+\)|[a-z]{3,24}|transparent)$/i;
const WORDS = /^[\w\s,'"-]{1,100}$/;
const SIZES = /^(?:(?:-?\d{1,4}(?:\.\d{1,3})?(?:px|em|rem|pt|%)?|auto)\s*){1,4}$/i;
const BORDER = /^[\w\s#.%()]{1,60}$/;

/** Safe to put into a page of ours. `links`: Content-ID → attachment id. */
export function safeHtml(html: string, links: ReadonlyMap<string, string>): string {
  const inline = (url: string): string => {
    if (!/^cid:/i.test(url)) return url;
    const id = links.get(safeDecode(url.slice(4)));
    return id === undefined ? '' : `attachment:${id}`;
  };
  const safe = sanitizeHtml(html.slice(0, MAX_PART_BYTES), {
    allowedTags: [...sanitizeHtml.defaults.allowedTags, 'img', 'center', 'font', 'del', 'ins', 'strike', 'big'],
    allowedAttributes: {
      '*': [
        'align',
        'valign',
        'bgcolor',
        'color',
        'dir',
        'lang',
        'title',
        'style',
        'width',
        'height',
        'border',
        'cellpadding',
        'cellspacing',
        'colspan',
        'rowspan',
      ],
      a: ['href', 'name', 'target', 'rel', 'title', 'style'],
      img: ['src', 'alt', 'title', 'width', 'height', 'style'],
      font: ['face', 'size', 'color'],
    },
    allowedSchemes: ['http', 'https', 'mailto', 'tel'],
    allowedSchemesByTag: { img: ['http', 'https', 'data', 'attachment'] },
    allowProtocolRelative: false,
    allowedStyles: {
      '*': {
        color: [COLOR],
        'background-color': [COLOR],
        'font-size': [SIZE, /^(?:x{0,2}-?(?:small|large)|medium|smaller|larger)$/],
        'font-weight': [/^(?:bold|bolder|lighter|normal|[1-9]00)$/],
        'font-style': [/^(?:italic|oblique|normal)$/],
        'font-family': [WORDS],
        'text-align': [/^(?:left|right|center|justify|start|end)$/],
        'text-decoration': [/^(?:underline|line-through|none|overline)$/],
        'line-height': [SIZE, /^\d(?:\.\d{1,3})?$/, /^normal$/],
        'vertical-align': [WORDS],
        'white-space': [/^(?:normal|nowrap|pre|pre-wrap|pre-line)$/],
        width: [SIZE],
        'max-width': [SIZE],
        height: [SIZE],
        margin: [SIZES],
        padding: [SIZES],
        border: [BORDER],
        'border-collapse': [/^(?:collapse|separate)$/],
      },
    },
    transformTags: {
      img: (tag, attributes) => ({ tagName: tag, attribs: { ...attributes, src: inline(attributes['src'] ?? '') } }),
      a: (tag, attributes) => ({ tagName: tag, attribs: { ...attributes, target: '_blank', rel: 'noopener noreferrer' } }),
    },
    disallowedTagsMode: 'discard',
    nestingLimit: 200,
  }).trim();
  // As HTML writes elements without content. Nothing else can look like this: `>` is escaped everywhere.
  return safe.replaceAll(' />', '>');
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
