/** Messages made from their parts, as webmails send them. The bytes are made by nodemailer's composer. */
import MailComposer from 'nodemailer/lib/mail-composer';
import { htmlToText } from '../../mime/html-text.ts';
import { refuse } from '../faults.ts';
import { extractDataUrls } from './data-urls.ts';

export type ComposeAddress = { readonly name?: string | undefined; readonly address: string };

export type Composition = {
  readonly from?: ComposeAddress | undefined;
  readonly replyTo?: ComposeAddress | undefined;
  readonly to?: readonly ComposeAddress[] | undefined;
  readonly cc?: readonly ComposeAddress[] | undefined;
  readonly bcc?: readonly ComposeAddress[] | undefined;
  readonly headers?: readonly { readonly key: string; readonly value: string }[] | undefined;
  readonly subject?: string | undefined;
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  readonly attachments?: readonly ComposeAttachment[] | undefined;
  readonly date?: Date | undefined;
  /** With angle brackets. */
  readonly messageId?: string | undefined;
  readonly inReplyTo?: string | undefined;
  readonly references?: readonly string[] | undefined;
};

export type ComposeAttachment = {
  readonly filename?: string | undefined;
  readonly contentType?: string | undefined;
  readonly encoding?: string | undefined;
  readonly contentTransferEncoding?: string | undefined;
  readonly contentDisposition?: 'inline' | 'attachment' | undefined;
  readonly content: string | Buffer;
  readonly cid?: string | undefined;
};

const MAX_TEXT_CHARS = 1024 * 1024;

/** `keepBcc`: for a draft and for the copy in Sent; never for what goes out. */
export function composeMessage(
  composition: Composition,
  options: { readonly keepBcc: boolean; readonly hostname: string },
): Promise<Buffer> {
  const { from, replyTo, to, cc, bcc, headers, subject, date, inReplyTo, references, messageId } = composition;
  const inline =
    composition.html === undefined
      ? undefined
      : extractDataUrls(composition.html, from?.address.split('@').pop() ?? options.hostname);
  const html = inline?.html;
  // Whoever reads text alone gets some.
  const text = composition.text ?? (html === undefined || html === '' ? undefined : htmlToText(html, MAX_TEXT_CHARS));
  const attachments = [...(composition.attachments ?? []), ...(inline?.attachments ?? [])];
  const address = ({ name, address: value }: ComposeAddress) => ({ name: name ?? '', address: value });
  const composer = new MailComposer({
    ...(from === undefined ? {} : { from: address(from) }),
    ...(replyTo === undefined ? {} : { replyTo: address(replyTo) }),
    ...(to === undefined ? {} : { to: to.map(address) }),
    ...(cc === undefined ? {} : { cc: cc.map(address) }),
    ...(bcc === undefined ? {} : { bcc: bcc.map(address) }),
    ...(subject === undefined ? {} : { subject }),
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
    ...(date === undefined ? {} : { date }),
    ...(messageId === undefined ? {} : { messageId }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(references === undefined || references.length === 0 ? {} : { references: [...references] }),
    headers: (headers ?? []).filter(({ key }) => isFreeField(key)).map(({ key, value }) => ({ key, value })),
    attachments: attachments.map(attachmentOf),
    // Nothing that a client names is fetched or read from this machine.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return new Promise((resolve, reject) => {
    const message = composer.compile();
    message.keepBcc = options.keepBcc;
    message.build((error, raw) => {
      if (error === null) resolve(raw);
      else reject(refuse('ERRCOMPOSE', 'The message can not be put together from these parts'));
    });
  });
}

/** Fields that are made from the message itself can't be given apart. */
const OWN_FIELDS = new Set([
  'content-type',
  'content-transfer-encoding',
  'mime-version',
  'content-disposition',
  'bcc',
  'return-path',
  'received',
  'delivered-to',
]);

function isFreeField(key: string): boolean {
  return /^[!-9;-~]{1,255}$/.test(key) && !OWN_FIELDS.has(key.toLowerCase());
}

function attachmentOf(attachment: ComposeAttachment) {
  const { filename, contentType, encoding, contentDisposition, content, cid, contentTransferEncoding } = attachment;
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(content, isEncoding(encoding) ? encoding : 'base64');
  return {
    content: bytes,
    // Without a name it is called `attachment-1.png`, by its place and type.
    ...(filename === undefined ? {} : { filename }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentDisposition === undefined ? {} : { contentDisposition }),
    ...(isTransferEncoding(contentTransferEncoding) ? { contentTransferEncoding } : {}),
    ...(cid === undefined ? {} : { cid: cid.replace(/^<|>$/g, '') }),
  };
}

function isEncoding(text: string | undefined): text is BufferEncoding {
  return text !== undefined && Buffer.isEncoding(text);
}

function isTransferEncoding(text: string | undefined): text is '7bit' | 'base64' | 'quoted-printable' {
  return text === '7bit' || text === 'base64' || text === 'quoted-printable';
}
