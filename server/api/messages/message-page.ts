/**
 * A message as a page of its own, for a frame in a webmail. The HTML is safe already (`text-parts.ts`); the page comes with a policy that lets nothing run, nothing
 * be sent, and nothing be fetched from elsewhere, unless images were asked for: whoever wrote the message learns from a fetched image that it was read, when and where.
 * The frame has no origin (`sandbox`), so pictures of the message itself stand in the page as `data:`.
 */
import { decodePartTable } from '../../mime/part-table.ts';
import { findPart } from '../../mime/sections.ts';
import { decodeTransferEncoding } from '../../mime/transfer-encoding.ts';
import type { OpenContent } from '../../operations/contract.ts';
import { attachmentId, type Row } from './rows.ts';
import { readTexts } from './text-parts.ts';

/** Decoded bytes of the message's own pictures in one page. */
const MAX_PICTURE_BYTES = 8 * 1024 * 1024;
const PICTURE = /^image\/(?:png|jpeg|gif|webp|bmp|avif)$/;
const OWN_PICTURE = /(["'])attachment:(ATT\d+)\1/g;
const REMOTE_PICTURE = /(<img\b[^>]*?)\ssrc=(["'])https?:[^"']*\2/gi;

export type PageOptions = {
  /** Also pictures from elsewhere. */
  readonly images: boolean;
  /** Light on dark, for messages that are plain text; HTML is written for a white page. */
  readonly dark: boolean;
};

/** Content-Security-Policy of the page. Links open in windows of their own. */
export function pagePolicy(images: boolean): string {
  return [
    'sandbox allow-popups allow-popups-to-escape-sandbox',
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `img-src data:${images ? ' https: http:' : ''}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join('; ');
}

export async function messagePage(content: OpenContent, { summary }: Row, { images, dark }: PageOptions): Promise<string> {
  const table = decodePartTable(content.parts);
  const { html } = await readTexts(content, table, summary.attachments);
  const isRich = table.kind === 'leaf' ? table.contentType === 'text/html' : hasHtml(table);
  const shown = images ? html.join('<hr>') : html.join('<hr>').replace(REMOTE_PICTURE, '$1');
  const pictures = new Map<string, string>();
  let left = MAX_PICTURE_BYTES;
  for (const [, , id = ''] of shown.matchAll(OWN_PICTURE)) {
    if (pictures.has(id)) continue;
    const listed = summary.attachments[summary.attachments.findIndex((_, at) => attachmentId(at) === id)];
    const part = listed === undefined ? undefined : findPart(table, listed.section.split('.').map(Number));
    if (listed === undefined || part === undefined || !PICTURE.test(listed.contentType)) continue;
    // Base64 is a third longer than what it stands for.
    if ((part.body.end - part.body.start) * 0.7 > left) continue;
    const bytes = decodeTransferEncoding(await content.readAll(part.body.start, part.body.end), part.encoding);
    left -= bytes.length;
    if (left < 0) break;
    pictures.set(id, `data:${listed.contentType};base64,${bytes.toString('base64')}`);
  }
  const body = shown.replace(OWN_PICTURE, (_, quote: string, id: string) => `${quote}${pictures.get(id) ?? ''}${quote}`);
  return `<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Message</title><style>${styleOf(isRich, dark)}</style></head><body>${body}</body></html>`;
}

type Part = ReturnType<typeof decodePartTable>;

function hasHtml(part: Part): boolean {
  return part.children.some((child) => (child.kind === 'leaf' ? child.contentType === 'text/html' : hasHtml(child)));
}

function styleOf(isRich: boolean, dark: boolean): string {
  const colors = dark && !isRich ? 'color:#d8dde0;background:#1a211f' : 'color:#1d2529;background:#fff';
  const link = dark && !isRich ? '#7cc4ff' : '#0b5cad';
  return [
    `:root{color-scheme:${dark && !isRich ? 'dark' : 'light'}}`,
    `body{margin:0;padding:16px 20px;${colors};font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}`,
    `a{color:${link}}`,
    'img{max-width:100%;height:auto}',
    'blockquote{margin:8px 0;padding-left:12px;border-left:3px solid #9aa5ab}',
    'pre{white-space:pre-wrap}',
    'table{max-width:100%}',
  ].join('');
}
