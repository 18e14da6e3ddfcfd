/** Message identifiers (RFC 5322 §3.6.4) in Message-ID, In-Reply-To and References, normalised for threading. */

/** References grow with every reply: the first (the thread's root) and the last ones are what threading needs. */
const MAX_IDS = 200;
const MAX_ID_CHARS = 998;

/** All `<left@right>` of an unfolded value in order, without repeats; blanks inside are taken out. Other words are phrases or noise. */
export function parseMessageIds(value: string): string[] {
  const ids = new Set<string>();
  for (let open = value.indexOf('<'); open !== -1; ) {
    const close = value.indexOf('>', open + 1);
    if (close === -1) break;
    // `<a <b@c>`: the inner one is the id.
    const start = value.lastIndexOf('<', close);
    const id = normalizeId(value.slice(start + 1, close));
    if (id !== undefined) ids.add(id);
    open = value.indexOf('<', close + 1);
  }
  const list = [...ids];
  return list.length <= MAX_IDS ? list : [...list.slice(0, 1), ...list.slice(1 - MAX_IDS)];
}

/** The id of a Message-ID field. One without brackets but with an @ counts too: it is what replies will refer to, in brackets. */
export function parseMessageId(value: string): string | undefined {
  const [first] = parseMessageIds(value);
  if (first !== undefined) return first;
  const bare = /^[^\s<>@]{1,500}@[^\s<>]{1,490}$/.exec(value.trim());
  return bare === null ? undefined : `<${bare[0]}>`;
}

/** RFC 5256 §3 (REFERENCES, step 1): `<"01KF8JCEOCBS0045PS"@xxx.yyy.com>` and the unquoted form are the same id. */
function normalizeId(text: string): string | undefined {
  const id = text.replaceAll(/[ \t]/g, '');
  if (id === '' || id.length > MAX_ID_CHARS) return undefined;
  const quoted = /^"((?:[^"\\]|\\.)*)"(@.*)$/s.exec(id);
  if (quoted === null) return `<${id}>`;
  const local = (quoted[1] ?? '').replaceAll(/\\(.)/gs, '$1');
  return /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+$/.test(local) ? `<${local}${quoted[2]}>` : `<${id}>`;
}
