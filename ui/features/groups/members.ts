/** Addresses in a field where people paste lists of any kind: lines, commas, "Name <address>". Pure. */
export interface Members {
  /** Each once, as it was written. */
  readonly members: readonly string[];
  /** What is no address. */
  readonly wrong: readonly string[];
}

const address = /^[^\s@<>(),;:"]+@[^\s@<>(),;:"]+$/;

export function membersIn(text: string): Members {
  const seen = new Set<string>();
  const members: string[] = [];
  const wrong: string[] = [];
  for (const piece of text.split(/[\n,;]+/)) {
    const plain = (/<([^<>]+)>\s*$/.exec(piece)?.[1] ?? piece).trim();
    if (plain === '') continue;
    if (!address.test(plain)) wrong.push(plain);
    else if (!seen.has(plain.toLowerCase())) {
      seen.add(plain.toLowerCase());
      members.push(plain);
    }
  }
  return { members, wrong };
}
