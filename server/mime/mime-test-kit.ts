/**
 * For the tests of this folder: building messages, walking trees, and an IMAP response parser that shares nothing with the code under test.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_MIME_LIMITS } from './limits.ts';
import type { MimeLimits, MimePart } from './types.ts';

/** Lines joined by CRLF, with one after the last. */
export function message(...lines: string[]): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'latin1');
}

export function limits(some: Partial<MimeLimits>): MimeLimits {
  return { ...DEFAULT_MIME_LIMITS, ...some };
}

/** All parts in pre-order. */
export function allParts(root: MimePart): MimePart[] {
  return [root, ...root.children.flatMap(allParts)];
}

/** Asserts that ranges lie inside their parents, in order, without overlap. */
export function assertNested(part: MimePart, start: number, end: number): void {
  assert.ok(
    start <= part.headerStart && part.headerStart <= part.bodyStart && part.bodyStart <= part.bodyEnd && part.bodyEnd <= end,
    `part ${part.headerStart}..${part.bodyEnd} outside ${start}..${end}`,
  );
  let position = part.bodyStart;
  for (const child of part.children) {
    assertNested(child, position, part.bodyEnd);
    position = child.bodyEnd;
  }
}

/** A parsed IMAP value: NIL is null, atoms and numbers are {atom}, strings are binary strings. */
export type ImapValue = null | string | { readonly atom: string } | ImapValue[];

/** Parses one parenthesised IMAP value and asserts that nothing is left over. */
export function parseImap(bytes: Buffer): ImapValue {
  const text = bytes.toString('latin1');
  let at = 0;
  const value = (): ImapValue => {
    const c = text[at];
    if (c === '(') {
      at++;
      const list: ImapValue[] = [];
      while (text[at] !== ')') {
        // RFC 9051: no space between the bodies of a multipart and the addresses of a list, one elsewhere.
        if (list.length > 0 && text[at] === ' ') at++;
        assert.notEqual(text[at], undefined, 'unbalanced parentheses');
        assert.notEqual(text[at], ' ', `stray space at ${at}`);
        list.push(value());
      }
      at++;
      return list;
    }
    if (c === '"') {
      let out = '';
      for (at++; text[at] !== '"'; at++) {
        if (text[at] === '\\') {
          at++;
          assert.match(text[at] ?? '', /["\\]/);
        }
        assert.match(text[at] ?? '', /[^\0\r\n\u0080-\u00ff]/, `bad character in quotes at ${at}`);
        out += text[at];
      }
      at++;
      return out;
    }
    if (c === '{') {
      const match = /^\{(\d+)\}\r\n/.exec(text.slice(at, at + 20));
      assert.ok(match !== null, `bad literal at ${at}`);
      at += match[0].length;
      const out = text.slice(at, (at += Number(match[1])));
      assert.equal(out.length, Number(match[1]));
      assert.ok(!out.includes('\0'), 'NUL in a literal');
      return out;
    }
    const atom = /^[A-Za-z0-9]+/.exec(text.slice(at, at + 30))?.[0] ?? '';
    assert.notEqual(atom, '', `neither string nor atom at ${at}: ${JSON.stringify(text.slice(at, at + 20))}`);
    at += atom.length;
    return atom === 'NIL' ? null : { atom };
  };
  const out = value();
  assert.equal(at, text.length, 'bytes after the value');
  return out;
}

const isNstring = (v: ImapValue | undefined): boolean => v === null || typeof v === 'string';
const isNumber = (v: ImapValue | undefined): boolean =>
  v !== null && typeof v === 'object' && !Array.isArray(v) && /^\d+$/.test(v.atom);
const isParams = (v: ImapValue | undefined): boolean =>
  v === null || (Array.isArray(v) && v.length > 0 && v.length % 2 === 0 && v.every((item) => typeof item === 'string'));

/** Asserts RFC 9051's grammar of an envelope. */
export function assertEnvelope(value: ImapValue | undefined): asserts value is ImapValue[] {
  assert.ok(Array.isArray(value) && value.length === 10, 'an envelope has ten members');
  for (const index of [0, 1, 8, 9]) assert.ok(isNstring(value[index]), `envelope member ${index}`);
  for (const index of [2, 3, 4, 5, 6, 7]) {
    const list: ImapValue | undefined = value[index];
    if (list === null) continue;
    assert.ok(Array.isArray(list) && list.length > 0, `envelope member ${index}`);
    let inGroup = false;
    for (const address of list as readonly ImapValue[]) {
      assert.ok(Array.isArray(address) && address.length === 4 && address.every(isNstring), 'an address has four nstrings');
      if (address[3] !== null) continue;
      assert.ok((address[2] !== null) === !inGroup, 'groups open and close in turn');
      inGroup = !inGroup;
    }
    assert.ok(!inGroup, 'a group is left open');
  }
}

/** Asserts RFC 9051's grammar of a body structure; returns the number of parts in it, itself included. */
export function assertBody(value: ImapValue | undefined, extended: boolean): number {
  assert.ok(Array.isArray(value), 'a body is a list');
  const extension = (from: number, first: (v: ImapValue | undefined) => boolean): void => {
    assert.equal(value.length, extended ? from + 4 : from, 'members of the body');
    if (!extended) return;
    assert.ok(first(value[from]), 'first extension member');
    const disposition = value[from + 1];
    assert.ok(
      disposition === null ||
        (Array.isArray(disposition) &&
          disposition.length === 2 &&
          typeof disposition[0] === 'string' &&
          isParams(disposition[1])),
      'disposition',
    );
    const language = value[from + 2];
    assert.ok(
      isNstring(language) || (Array.isArray(language) && language.length > 0 && language.every((tag) => typeof tag === 'string')),
      'language',
    );
    assert.ok(isNstring(value[from + 3]), 'location');
  };
  if (Array.isArray(value[0])) {
    let count = 1;
    let index = 0;
    for (; Array.isArray(value[index]); index++) count += assertBody(value[index], extended);
    assert.equal(typeof value[index], 'string', 'multipart subtype');
    extension(index + 1, isParams);
    return count;
  }
  const [type, subtype, params, id, description, encoding, octets] = value;
  assert.ok(typeof type === 'string' && typeof subtype === 'string' && typeof encoding === 'string', 'media type and encoding');
  assert.ok(isParams(params) && isNstring(id) && isNstring(description) && isNumber(octets), 'body fields');
  if (type === 'text') {
    assert.ok(isNumber(value[7]), 'lines of text');
    extension(8, isNstring);
    return 1;
  }
  if (type === 'message' && (subtype === 'rfc822' || subtype === 'global')) {
    assertEnvelope(value[7]);
    const inside = assertBody(value[8], extended);
    assert.ok(isNumber(value[9]), 'lines of an embedded message');
    extension(10, isNstring);
    return 1 + inside;
  }
  extension(7, isNstring);
  return 1;
}

/** The corpus of real messages, where there is one: MALLARD_CORPUS, or beside the project. */
export function corpus(): { readonly name: string; read(): Buffer }[] {
  const folder = process.env.MALLARD_CORPUS ?? path.resolve(import.meta.dirname, '../../../shared/corpus');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.eml'))
    .map((name) => ({ name, read: () => readFileSync(path.join(folder, name)) }));
}

/**
 * Asserts that work grows no faster than the size of its input: four times the size may take up to ten times the time; quadratic work takes sixteen times. Times below a
 * few milliseconds prove nothing and pass. What other processes take away only ever adds to a time, so both bests go on over as many rounds as a busy machine needs to
 * give each size an undisturbed run; work that is really quadratic stays so in all of them.
 */
export function assertLinear(name: string, prepare: (size: number) => () => unknown, size: number): void {
  const [runSmall, runLarge] = [prepare(size), prepare(size * 4)];
  let [small, large] = [Infinity, Infinity];
  for (let round = 0; round < 12; round += 1) {
    for (let i = 0; i < 3; i += 1) {
      small = Math.min(small, timeOf(runSmall));
      large = Math.min(large, timeOf(runLarge));
    }
    if (large < 4 || large < small * 10) return;
  }
  assert.fail(`${name}: ${size} took ${small.toFixed(1)} ms, ${size * 4} took ${large.toFixed(1)} ms`);
}

function timeOf(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}
