/** Images that a composed HTML text carries in itself (`data:` URLs, as editors in browsers make them) become inline attachments: other mail programs don't show the former. */
import { randomUUID } from 'node:crypto';
import type { ComposeAttachment } from './compose.ts';

const IMAGE = /<img\b/gi;
const SOURCE = /(\ssrc\s*=\s*)(?:"(data:[^"]*)"|'(data:[^']*)')/i;
const FILENAME = /\sdata-filename\s*=\s*(?:"([^"]*)"|'([^']*)')/i;
/** A longer text is left as it is. */
const MAX_LENGTH = 12 * 1024 * 1024;

export type InlineImages = { readonly html: string; readonly attachments: readonly ComposeAttachment[] };

/** `domain`: of the content ids that are made. */
export function extractDataUrls(html: string, domain: string): InlineImages {
  if (html.length > MAX_LENGTH || !/data:/i.test(html)) return { html, attachments: [] };
  const attachments: ComposeAttachment[] = [];
  const changed = replaceImages(html, (tag) => {
    const source = SOURCE.exec(tag);
    const image = source === null ? undefined : readDataUrl(source[2] ?? source[3] ?? '');
    if (source === null || image === undefined) return tag;
    const named = FILENAME.exec(tag);
    const filename = named?.[1] ?? named?.[2];
    const cid = `${randomUUID()}@${domain}`;
    attachments.push({ ...image, cid, contentDisposition: 'inline', ...(filename === undefined ? {} : { filename }) });
    const without = named === null ? tag : tag.replace(named[0], '');
    return without.replace(source[0], () => `${source[1]}"cid:${cid}"`);
  });
  return { html: changed, attachments };
}

/** Goes through the text once: a tag that never ends is no tag, and ends the search. */
function replaceImages(html: string, change: (tag: string) => string): string {
  let changed = '';
  let at = 0;
  IMAGE.lastIndex = 0;
  for (let start = IMAGE.exec(html); start !== null; start = IMAGE.exec(html)) {
    const end = endOfTag(html, start.index);
    if (end === undefined) break;
    changed += html.slice(at, start.index) + change(html.slice(start.index, end));
    at = end;
    IMAGE.lastIndex = end;
  }
  return changed + html.slice(at);
}

/** Behind the closing `>`; attribute values may hold others. */
function endOfTag(html: string, start: number): number | undefined {
  let quote = '';
  for (let at = start; at < html.length; at += 1) {
    const character = html[at]!;
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return at + 1;
  }
  return undefined;
}

/** RFC 2397. Undefined for what is none. */
export function readDataUrl(url: string): { readonly content: Buffer; readonly contentType: string } | undefined {
  const match = /^data:([^,]{0,256}),/i.exec(url);
  if (match === null) return undefined;
  const parameters = match[1]!.split(';').map((one) => one.trim().toLowerCase());
  const contentType = parameters.find((one) => /^[\w.+-]+\/[\w.+-]+$/.test(one)) ?? 'text/plain';
  const data = url.slice(match[0].length);
  if (parameters.includes('base64')) return { content: Buffer.from(data, 'base64'), contentType };
  try {
    return { content: Buffer.from(decodeURIComponent(data)), contentType };
  } catch {
    // Percent signs that encode nothing: the URL is left as it stands.
    return undefined;
  }
}
