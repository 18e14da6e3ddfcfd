/**
 * Charset to Unicode, through iconv-lite, encoding-japanese and the platform's own decoder. Never throws: a label that nobody knows, or bytes that do not
 * fit their label, give the best guess, because a guess can be searched and an exception cannot.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import encodingJapanese from 'encoding-japanese';
import iconv from 'iconv-lite';

/** Charsets in which bytes below 0x80 do not all mean ASCII, so that the ASCII short cut must not be taken. */
const STATEFUL = /^(?:utf-?7|unicode-1-1-utf-7|utf-?16|utf-?32|ucs-?[24]|iso-?2022|hz|csiso2022|x-imap)/;

/** Labels of mail that name another charset than they say, or that iconv-lite spells differently. */
const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    utf8: 'utf-8',
    'unicode-1-1-utf-8': 'utf-8',
    utf7: 'utf-7',
    'unicode-1-1-utf-7': 'utf-7',
    'iso-8859-1': 'windows-1252',
    'iso8859-1': 'windows-1252',
    iso88591: 'windows-1252',
    latin1: 'windows-1252',
    'latin-1': 'windows-1252',
    l1: 'windows-1252',
    'iso-8859-1-windows-3.1-latin-1': 'windows-1252',
    'iso-8859-8-i': 'iso-8859-8',
    'iso-8859-8-e': 'iso-8859-8',
    'iso-8859-9': 'windows-1254',
    'iso-8859-11': 'windows-874',
    'ks_c_5601-1987': 'cp949',
    ks_c_5601: 'cp949',
    ksc5601: 'cp949',
    'iso-ir-149': 'cp949',
    'euc-kr': 'cp949',
    gb2312: 'gb18030',
    'gb_2312-80': 'gb18030',
    'x-gbk': 'gb18030',
    gbk: 'gb18030',
    big5: 'big5-hkscs',
    'x-sjis': 'shift_jis',
    'x-euc-jp': 'euc-jp',
    'x-mac-roman': 'macroman',
  }),
);

const strictUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Decodes `bytes` as `label` says; without a label, or with one that cannot be true, as UTF-8 if it is that, else as windows-1252. */
export function decodeCharset(bytes: Buffer, label?: string): string {
  const name = label === undefined ? '' : normalizeLabel(label);
  if (isAscii(bytes) && !STATEFUL.test(name)) return bytes.toString('latin1');
  if (name === '' || name === 'utf-8' || name === 'us-ascii' || name === 'ascii' || name === 'windows-1252') {
    // Text that is valid UTF-8 and not ASCII is UTF-8: a wrong guess on windows-1252 text of real words is next to impossible.
    if (isUtf8(bytes)) return bytes.toString('utf8');
    return name === 'utf-8' ? strictUtf8.decode(bytes) : iconv.decode(bytes, 'windows-1252');
  }
  return tryDecode(bytes, name) ?? decodeCharset(bytes);
}

/** True when the label names a charset that can be decoded; what SEARCH CHARSET asks. */
export function isKnownCharset(label: string): boolean {
  const name = normalizeLabel(label);
  return name === 'us-ascii' || name === 'utf-8' || name.startsWith('iso-2022-jp') || iconv.encodingExists(name);
}

function normalizeLabel(label: string): string {
  const name = label.toLowerCase().replaceAll(/[^a-z0-9_.:+-]/g, '');
  return ALIASES.get(name) ?? name;
}

function tryDecode(bytes: Buffer, name: string): string | undefined {
  if (name.startsWith('iso-2022-jp') || name === 'csiso2022jp') {
    return encodingJapanese.convert(bytes, { from: 'JIS', to: 'UNICODE', type: 'string' });
  }
  if (iconv.encodingExists(name)) return iconv.decode(bytes, name);
  try {
    return new TextDecoder(name).decode(bytes);
  } catch {
    // RangeError: the platform does not know the label either.
    return undefined;
  }
}
