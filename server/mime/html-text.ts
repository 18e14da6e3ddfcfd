/**
 * The text of an HTML document, for searching and previews: tags out, entities decoded, block elements as line ends, scripts, styles and attribute values gone.
 *
 * Not a renderer and not a sanitizer. It only moves forward, so a hostile document costs no more than a plain one of its size; the general libraries build a tree, with depth and
 * time that the sender controls.
 */

/** Elements that end a line of text. All others are inline: `f<b>oo</b>` is one word. */
const BLOCKS = new Set(
  (
    'address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 head header hr html ' +
    'legend li main menu nav ol optgroup option p pre section select summary table tbody td tfoot th thead title tr ul'
  ).split(' '),
);

/** Elements whose content is not text. */
const RAW = new Set(['script', 'style', 'template', 'noframes', 'xml', 'svg']);

const NAMED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    // U+00A0 to U+00FF in order.
    (
      'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest ' +
      'Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml ' +
      'Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave ' +
      'uacute ucirc uuml yacute thorn yuml'
    )
      .split(' ')
      .map((name, index) => [name, String.fromCharCode(0xa0 + index)]),
  ),
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  AMP: '&',
  LT: '<',
  GT: '>',
  QUOT: '"',
  COPY: '©',
  REG: '®',
  OElig: 'Œ',
  oelig: 'œ',
  Scaron: 'Š',
  scaron: 'š',
  Yuml: 'Ÿ',
  fnof: 'ƒ',
  circ: 'ˆ',
  tilde: '˜',
  ensp: '\u2002',
  emsp: '\u2003',
  thinsp: '\u2009',
  zwnj: '\u200c',
  zwj: '\u200d',
  ndash: '–',
  mdash: '—',
  lsquo: '‘',
  rsquo: '’',
  sbquo: '‚',
  ldquo: '“',
  rdquo: '”',
  bdquo: '„',
  dagger: '†',
  Dagger: '‡',
  bull: '•',
  hellip: '…',
  permil: '‰',
  prime: '′',
  lsaquo: '‹',
  rsaquo: '›',
  euro: '€',
  trade: '™',
  larr: '←',
  uarr: '↑',
  rarr: '→',
  darr: '↓',
  harr: '↔',
  minus: '−',
  infin: '∞',
  ne: '≠',
  le: '≤',
  ge: '≥',
  check: '✓',
  alpha: 'α',
  beta: 'β',
  gamma: 'γ',
  delta: 'δ',
  pi: 'π',
  sigma: 'σ',
  omega: 'ω',
  mu: 'μ',
  Omega: 'Ω',
  Delta: 'Δ',
  Sigma: 'Σ',
};

/** HTML to text, stopping after about `maxChars` characters of it. Lines are separated by LF, runs of white space are one blank. */
export function htmlToText(html: string, maxChars: number): string {
  return new HtmlReader(html).read(maxChars);
}

class HtmlReader {
  readonly #html: string;
  /** A quote was never closed: from then on the first `>` ends a tag, so that no search runs to the end twice. */
  #ignoreQuotes = false;
  #noCommentEnd = false;

  constructor(html: string) {
    this.#html = html;
  }

  read(maxChars: number): string {
    const html = this.#html;
    const lines: string[] = [];
    let line = '';
    let chars = 0;
    const endLine = (): void => {
      const text = collapse(line);
      if (text !== '') lines.push(text);
      chars += text.length;
      line = '';
    };
    let position = 0;
    while (position < html.length && chars + line.length < maxChars) {
      const open = html.indexOf('<', position);
      const stop = Math.min(open === -1 ? html.length : open, position + maxChars);
      if (stop > position) line += decodeEntities(html.slice(position, stop));
      if (open === -1) break;
      if (!isTagStart(html, open)) {
        line += '<';
        position = open + 1;
        continue;
      }
      const name = tagName(html, open);
      position = html.startsWith('<!--', open) ? this.#commentEnd(open) : this.#tagEnd(open);
      if (BLOCKS.has(name)) endLine();
      else if (RAW.has(name) && html[open + 1] !== '/' && html[position - 2] !== '/') position = this.#rawEnd(name, position);
    }
    endLine();
    return lines.join('\n');
  }

  #tagEnd(open: number): number {
    const html = this.#html;
    if (!this.#ignoreQuotes) {
      for (let i = open + 1; i < html.length; i++) {
        const c = html.charCodeAt(i);
        if (c === 0x3e) return i + 1;
        // A quote opens a value only behind `=`; elsewhere it is a slip of the pen.
        if ((c === 0x22 || c === 0x27) && html[i - 1] === '=') {
          i = html.indexOf(c === 0x22 ? '"' : "'", i + 1);
          if (i === -1) break;
        }
      }
      this.#ignoreQuotes = true;
    }
    const end = html.indexOf('>', open);
    return end === -1 ? html.length : end + 1;
  }

  #commentEnd(open: number): number {
    const end = this.#noCommentEnd ? -1 : this.#html.indexOf('-->', open + 4);
    if (end !== -1) return end + 3;
    this.#noCommentEnd = true;
    return this.#tagEnd(open);
  }

  /** The end tag of a raw text element, or the end. */
  #rawEnd(name: string, position: number): number {
    const end = new RegExp(`</${name}`, 'gi');
    end.lastIndex = position;
    const match = end.exec(this.#html);
    return match === null ? this.#html.length : match.index;
  }
}

function isTagStart(html: string, open: number): boolean {
  const c = html.charCodeAt(open + 1);
  return c === 0x21 || c === 0x2f || c === 0x3f || isLetter(c);
}

function tagName(html: string, open: number): string {
  const start = html[open + 1] === '/' ? open + 2 : open + 1;
  let end = start;
  while (end < start + 12 && (isLetter(html.charCodeAt(end)) || (html.charCodeAt(end) >= 0x30 && html.charCodeAt(end) <= 0x39)))
    end++;
  return html.slice(start, end).toLowerCase();
}

function isLetter(c: number): boolean {
  return (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
}

/** HTML collapses white space, but not the no-break space; one at either end of a line says nothing. */
function collapse(text: string): string {
  // Single blanks, by far the most, are left alone: replacing each by itself is what takes the time.
  return text.replaceAll(/[\t\r\n\f][ \t\r\n\f]*| [ \t\r\n\f]+/g, ' ').trim();
}

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,7}));?/g,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return Object.hasOwn(NAMED, name) ? (NAMED[name] ?? whole) : whole;
      return characterOf(decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal));
    },
  );
}

const WINDOWS_1252 = new TextDecoder('windows-1252');

function characterOf(code: number): string {
  // Numbers from 128 to 159 mean windows-1252 in HTML as it is written.
  if (code >= 128 && code < 160) return WINDOWS_1252.decode(Uint8Array.of(code));
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return '\ufffd';
  return String.fromCodePoint(code);
}
