/**
 * BODY and BODYSTRUCTURE in wire form (RFC 3501 §7.4.2, RFC 9051 §7.5.2), as binary strings.
 *
 * Extension data is always complete in BODYSTRUCTURE. Text without a charset says us-ascii, RFC 2231 parameters keep their encoding
 * under the name `filename*`, joined to one. message/global is shown like message/rfc822, as RFC 9051 has it.
 */
import { encodeEnvelope, readEnvelopeFields, shortenEnvelope, type EnvelopeFields } from './envelope.ts';
import { nstring, wireString } from './wire-strings.ts';
import type { MessageStructure, MimeLimits, MimeParameter, MimePart, ParameterizedValue } from './types.ts';

export type BodyStructureLimits = Pick<MimeLimits, 'maxHeaderBytes' | 'maxAddresses' | 'maxWireBytes'>;

/** Both forms. A structure that would take more than `maxWireBytes` is shown as one opaque part of the message's size. */
export function encodeBodyStructures(
  raw: Buffer,
  structure: MessageStructure,
  limits: BodyStructureLimits,
): { body: Buffer; bodyStructure: Buffer; cut: boolean } {
  const writer = new BodyWriter(raw, limits);
  const [body, bodyStructure] = writer.write(structure.root);
  const cut = writer.bytes > limits.maxWireBytes;
  if (!cut) return { body: Buffer.from(body, 'latin1'), bodyStructure: Buffer.from(bodyStructure, 'latin1'), cut };
  const { root } = structure;
  const opaque: MimePart = { ...root, kind: 'opaque', type: 'application', subtype: 'octet-stream', params: [], children: [] };
  const plain = {
    ...opaque,
    contentId: undefined,
    description: undefined,
    md5: undefined,
    location: undefined,
    language: undefined,
    disposition: undefined,
  };
  const [short, shortExtended] = new BodyWriter(raw, limits).write({ ...plain, encoding: 'binary' });
  return { body: Buffer.from(short, 'latin1'), bodyStructure: Buffer.from(shortExtended, 'latin1'), cut };
}

class BodyWriter {
  /** What BODYSTRUCTURE has come to so far, counting each part once: beyond the limit writing goes on in short forms only. */
  bytes = 0;
  readonly #raw: Buffer;
  readonly #limits: BodyStructureLimits;

  constructor(raw: Buffer, limits: BodyStructureLimits) {
    this.#raw = raw;
    this.#limits = limits;
  }

  /** BODY and BODYSTRUCTURE of a part. */
  write(part: MimePart): [string, string] {
    if (this.bytes > this.#limits.maxWireBytes) return ['', ''];
    if (part.kind === 'multipart') {
      const children = part.children.map((child) => this.write(child));
      const extension = this.#count(` ${parameters(part.params)} ${extensionOf(part)}`);
      const subtype = ` ${wireString(part.subtype)}`;
      return [
        `(${children.map(([body]) => body).join('')}${subtype})`,
        `(${children.map(([, full]) => full).join('')}${subtype}${extension})`,
      ];
    }
    const fields = this.#count(basicFields(part));
    const extension = this.#count(` ${nstring(part.md5)} ${extensionOf(part)}`);
    const [embedded] = part.children;
    if (part.kind === 'message' && embedded !== undefined) {
      const envelope = this.#count(encodeEnvelope(this.#envelopeOf(embedded)));
      const [body, full] = this.write(embedded);
      return [`(${fields} ${envelope} ${body} ${part.lines})`, `(${fields} ${envelope} ${full} ${part.lines}${extension})`];
    }
    const lines = part.type === 'text' ? ` ${part.lines}` : '';
    return [`(${fields}${lines})`, `(${fields}${lines}${extension})`];
  }

  #envelopeOf(message: MimePart): EnvelopeFields {
    const fields = readEnvelopeFields(this.#raw, message.headerStart, message.bodyStart, this.#limits);
    return message.bodyStart - message.headerStart > this.#limits.maxWireBytes >> 2
      ? shortenEnvelope(fields, this.#limits.maxWireBytes)
      : fields;
  }

  #count(text: string): string {
    this.bytes += text.length;
    return text;
  }
}

/** media type, params, id, description, encoding, size in octets as transferred. */
function basicFields(part: MimePart): string {
  const params =
    part.type === 'text' && !part.params.some((param) => /^charset\*?$/.test(param.name))
      ? [...part.params, US_ASCII]
      : part.params;
  return [
    wireString(part.type),
    wireString(part.subtype),
    parameters(params),
    nstring(part.contentId),
    nstring(part.description),
    wireString(part.encoding),
    part.bodyEnd - part.bodyStart,
  ].join(' ');
}

const US_ASCII: MimeParameter = { name: 'charset', value: 'us-ascii' };

function parameters(params: readonly MimeParameter[]): string {
  if (params.length === 0) return 'NIL';
  return `(${params.map(({ name, value }) => `${wireString(name)} ${wireString(value)}`).join(' ')})`;
}

/** disposition, language, location. */
function extensionOf(part: MimePart): string {
  const language = part.language === undefined ? 'NIL' : `(${part.language.map(wireString).join(' ')})`;
  return `${dispositionOf(part.disposition)} ${language} ${nstring(part.location)}`;
}

function dispositionOf(disposition: ParameterizedValue | undefined): string {
  return disposition === undefined ? 'NIL' : `(${wireString(disposition.value)} ${parameters(disposition.params)})`;
}
