/** Base subject extraction, RFC 5256 §2.1 with the grammar of its §5, in time linear in the subject. */

/** A subject beyond this is cut before it is looked at; nobody's Subject is that long. */
const MAX_CHARS = 8_192;

export type BaseSubject = {
  readonly text: string;
  /** Something that marks a reply or forward was taken off (RFC 5256 §3, "is a reply or forward"). */
  readonly isReply: boolean;
};

/** Takes a decoded subject down to its base subject. Case is kept; comparing is i;unicode-casemap's business. */
export function baseSubject(subject: string): BaseSubject {
  // (1) tabs, continuations and runs of blanks become one blank.
  const text = subject
    .slice(0, MAX_CHARS)
    .toWellFormed()
    .replaceAll(/[ \t\r\n]+/g, ' ');
  const lower = text.toLowerCase().length === text.length ? text.toLowerCase() : text;
  let start = 0;
  let end = text.length;
  let isReply = false;
  for (;;) {
    // (2) subj-trailer = "(fwd)" / WSP
    for (;;) {
      if (end > start && text[end - 1] === ' ') end--;
      else if (end - start >= 5 && lower.startsWith('(fwd)', end - 5)) {
        end -= 5;
        isReply = true;
      } else break;
    }
    // (3) to (5)
    const leader = skipLeaders(lower, start, end);
    start = leader.start;
    isReply ||= leader.isReply;
    // (6) subj-fwd = "[fwd:" subject "]"
    if (!(end - start >= 6 && lower.startsWith('[fwd:', start) && text[end - 1] === ']')) break;
    start += 5;
    end -= 1;
    isReply = true;
  }
  return { text: text.slice(start, end), isReply };
}

/** Steps (3) to (5): leaders (`*blob refwd` or a blank), and blobs where something remains behind them. */
function skipLeaders(lower: string, from: number, end: number): { start: number; isReply: boolean } {
  let start = from;
  let isReply = false;
  for (;;) {
    while (start < end && lower[start] === ' ') start++;
    // All blobs in front at once, so that a row of them is looked at once and not once for each.
    let afterBlobs = start;
    let beforeLast = start;
    for (let next = skipBlob(lower, afterBlobs, end); next !== -1; next = skipBlob(lower, afterBlobs, end)) {
      beforeLast = afterBlobs;
      afterBlobs = next;
    }
    const afterRefwd = skipRefwd(lower, afterBlobs, end);
    if (afterRefwd !== -1) {
      start = afterRefwd;
      isReply = true;
      continue;
    }
    // (4): a blob goes only if a non-empty subj-base remains.
    const rest = afterBlobs < end ? afterBlobs : beforeLast;
    if (rest === start) return { start, isReply };
    start = rest;
  }
}

/** subj-blob = "[" *BLOBCHAR "]" *WSP. Returns the offset behind it, -1 if there is none. */
function skipBlob(lower: string, start: number, end: number): number {
  if (start >= end || lower[start] !== '[') return -1;
  let i = start + 1;
  while (i < end && lower[i] !== ']' && lower[i] !== '[') i++;
  if (i >= end || lower[i] !== ']') return -1;
  for (i++; i < end && lower[i] === ' '; ) i++;
  return i;
}

/** subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":" */
function skipRefwd(lower: string, start: number, end: number): number {
  let i = start;
  if (lower.startsWith('re', i)) i += 2;
  else if (lower.startsWith('fw', i)) i += lower[i + 2] === 'd' ? 3 : 2;
  else return -1;
  while (i < end && lower[i] === ' ') i++;
  const afterBlob = skipBlob(lower, i, end);
  if (afterBlob !== -1) i = afterBlob;
  return i < end && lower[i] === ':' ? i + 1 : -1;
}
