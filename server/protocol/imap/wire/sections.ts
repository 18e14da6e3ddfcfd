/** BODY sections (RFC 9051 §9 section): what part of a message, and what of that part. */
import type { ArgumentParser } from './parser.ts';
import { encodeAstring } from './quoting.ts';

/** `''` is the part whole (BODY[], BODY[2.1]); MIME is the part's own MIME header. */
export type SectionText = '' | 'HEADER' | 'HEADER.FIELDS' | 'HEADER.FIELDS.NOT' | 'TEXT' | 'MIME';

export type Section = {
  /** Part numbers from the outermost; empty for the message itself. */
  readonly part: readonly number[];
  readonly text: SectionText;
  /** Field names for the two HEADER.FIELDS forms, as the client spelled them; empty otherwise. */
  readonly fields: readonly string[];
};

/** Part numbers deeper than this can't exist in a message that was parsed here, and cost nothing to refuse. */
const MAX_PART_DEPTH = 200;

/** `[` section-spec `]`. */
export function expectSection(parser: ArgumentParser): Section {
  parser.expectChar('[');
  const part = expectPartNumbers(parser);
  const word = part.complete ? undefined : parser.tryKeyword();
  // `[1.]` has a dot and nothing after it.
  if (word === undefined && !part.complete && part.numbers.length > 0) throw parser.fault('Expected a section');
  const section = sectionOf(parser, part.numbers, word);
  parser.expectChar(']');
  return section;
}

/** `[` section-part `]` for BINARY and BINARY.SIZE (RFC 3516 §4.2): part numbers alone. */
export function expectSectionBinary(parser: ArgumentParser): readonly number[] {
  parser.expectChar('[');
  const part = expectPartNumbers(parser);
  if (!part.complete && part.numbers.length > 0) throw parser.fault('Expected a part number');
  parser.expectChar(']');
  return part.numbers;
}

/** Reads `1.2.` or `1.2`; complete when no word may follow. */
function expectPartNumbers(parser: ArgumentParser): { numbers: number[]; complete: boolean } {
  const numbers: number[] = [];
  for (;;) {
    const code = parser.peek();
    if (code < 0x30 || code > 0x39) return { numbers, complete: false };
    numbers.push(parser.expectNzNumber('a part number'));
    if (numbers.length > MAX_PART_DEPTH) throw parser.fault('Part number too deep');
    if (!parser.tryChar('.')) return { numbers, complete: true };
  }
}

function sectionOf(parser: ArgumentParser, part: readonly number[], word: string | undefined): Section {
  switch (word) {
    case undefined:
      return { part, text: '', fields: [] };
    case 'HEADER':
    case 'TEXT':
      return { part, text: word, fields: [] };
    case 'MIME':
      if (part.length === 0) throw parser.fault('MIME needs a part number');
      return { part, text: word, fields: [] };
    case 'HEADER.FIELDS':
    case 'HEADER.FIELDS.NOT': {
      parser.expectSp();
      const fields = parser.expectList(() => parser.expectText('a header field name'));
      if (fields.some((field) => !/^[\u0021-\u0039\u003b-\uffff]+$/.test(field))) throw parser.fault('Invalid header field name');
      return { part, text: word, fields };
    }
    default:
      throw parser.fault('Unknown section');
  }
}

/** The section as a FETCH reply names it: `1.2.HEADER.FIELDS (From "X Y")`, without brackets. */
export function formatSection(section: Section): string {
  const words = section.text === '' ? [...section.part] : [...section.part, section.text];
  const name = words.join('.');
  return section.fields.length === 0 ? name : `${name} (${section.fields.map(encodeAstring).join(' ')})`;
}
