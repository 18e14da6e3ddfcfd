/** The rights of RFC 4314 §2.1 as strings of letters in canonical order, without the obsolete `c` and `d` (which are read as what they stand for). */

/** l lookup, r read, s keep seen, w write flags, i insert, p post, k create below, x delete mailbox, t delete messages, e expunge, a administer. */
export const ALL_RIGHTS = 'lrswipkxtea';

/** Letters for `c` and `d` as clients of RFC 2086 mean them (RFC 4314 §2.1.1). */
const OBSOLETE: Readonly<Record<string, string>> = { c: 'kx', d: 'xte' };

/** Canonical form; undefined when a letter is unknown. */
export function parseRights(text: string): string | undefined {
  const wanted = new Set<string>();
  for (const letter of text) {
    const letters = OBSOLETE[letter] ?? letter;
    for (const one of letters) {
      if (!ALL_RIGHTS.includes(one)) return undefined;
      wanted.add(one);
    }
  }
  return canonical(wanted);
}

/** SETACL's `+x`, `-x` and `x` on what is there. */
export function changeRights(current: string, operation: 'add' | 'remove' | 'replace', rights: string): string {
  if (operation === 'replace') return canonical(new Set(rights));
  const result = new Set(current);
  for (const letter of rights) {
    if (operation === 'add') result.add(letter);
    else result.delete(letter);
  }
  return canonical(result);
}

export function hasRight(rights: string, right: string): boolean {
  return rights.includes(right);
}

/** Both together. */
export function joinRights(a: string, b: string): string {
  return canonical(new Set(a + b));
}

function canonical(letters: ReadonlySet<string>): string {
  return ALL_RIGHTS.split('')
    .filter((letter) => letters.has(letter))
    .join('');
}
