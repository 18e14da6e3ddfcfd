/** Variables (RFC 5229): values by name, what the last `:matches` found, and texts with both put in. */
import type { Bound } from './binder.ts';

/** RFC 5229 §6 asks for 4000 characters and 128 variables. */
export const MAX_VALUE_CHARS = 16_384;
const MAX_VARIABLES = 256;
const REFERENCE = /\$\{(?:(\d{1,9})|([A-Za-z_][A-Za-z0-9_]*))\}/g;

export class Variables {
  readonly #enabled: boolean;
  readonly #values = new Map<string, string>();
  #matched: readonly string[] = [];

  constructor(enabled: boolean) {
    this.#enabled = enabled;
  }

  get(name: string): string {
    return this.#values.get(name.toLowerCase()) ?? '';
  }

  /** False when there are too many. */
  set(name: string, value: string): boolean {
    const key = name.toLowerCase();
    if (!this.#values.has(key) && this.#values.size >= MAX_VARIABLES) return false;
    this.#values.set(key, value.slice(0, MAX_VALUE_CHARS));
    return true;
  }

  /** What a `:matches` found; the whole first. */
  remember(matched: readonly string[]): void {
    if (this.#enabled) this.#matched = matched;
  }

  /** RFC 5229 §3: what is no reference stays as it is written. */
  expand(text: string): string {
    if (!this.#enabled || !text.includes('${')) return text;
    const expanded = text.replace(REFERENCE, (_whole, position: string | undefined, name: string | undefined) =>
      position === undefined ? this.get(name ?? '') : (this.#matched[Number(position)] ?? ''),
    );
    return expanded.slice(0, 4 * MAX_VALUE_CHARS);
  }
}

/** RFC 5229 §4.1: modifiers in the order of their precedence. */
export function modified(value: string, tags: Bound['tags']): string {
  let text = value;
  if (tags.has('lower')) text = text.toLowerCase();
  if (tags.has('upper')) text = text.toUpperCase();
  const [first = '', ...rest] = Array.from(text);
  if (tags.has('lowerfirst')) text = first.toLowerCase() + rest.join('');
  if (tags.has('upperfirst')) text = first.toUpperCase() + rest.join('');
  if (tags.has('quotewildcard')) text = text.replace(/[*?\\]/g, '\\$&');
  if (tags.has('length')) text = String(Array.from(text).length);
  return text;
}
