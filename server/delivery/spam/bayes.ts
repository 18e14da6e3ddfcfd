/**
 * The learning filter's arithmetic: Robinson's probability of each word and Fisher's combination of them (chi-squared), as SpamBayes and Bogofilter found to
 * work. Pure: counts in, score out.
 */

export type WordCounts = { readonly spam: number; readonly ham: number };

/** Messages learnt. */
export type Totals = WordCounts;

export type Judgement = {
  /** 0 = surely wanted, 1 = surely spam, 0.5 = can't tell. */
  readonly score: number;
  /** The words that decided, the weightiest first, each with its own probability. */
  readonly reasons: readonly { readonly word: string; readonly probability: number }[];
};

/** Belief in a word that was never seen, and how many sightings outweigh it. */
const UNKNOWN = 0.5;
const STRENGTH = 0.45;
/** Words nearer to the middle than this decide nothing. */
const MIN_DEVIATION = 0.1;
const MAX_WORDS = 150;

export function probabilityOf(counts: WordCounts, totals: Totals): number {
  const spam = counts.spam / Math.max(1, totals.spam);
  const ham = counts.ham / Math.max(1, totals.ham);
  if (spam + ham === 0) return UNKNOWN;
  const seen = counts.spam + counts.ham;
  return (STRENGTH * UNKNOWN + seen * (spam / (spam + ham))) / (STRENGTH + seen);
}

export function judgeWords(words: ReadonlyMap<string, WordCounts>, totals: Totals): Judgement {
  const weighty = [...words]
    .map(([word, counts]) => ({ word, probability: probabilityOf(counts, totals) }))
    .filter(({ probability }) => Math.abs(probability - 0.5) >= MIN_DEVIATION)
    .sort((a, b) => Math.abs(b.probability - 0.5) - Math.abs(a.probability - 0.5) || (a.word < b.word ? -1 : 1))
    .slice(0, MAX_WORDS);
  if (weighty.length === 0) return { score: 0.5, reasons: [] };
  const n = weighty.length;
  const sumOf = (f: (probability: number) => number): number =>
    weighty.reduce((sum, { probability }) => sum + Math.log(f(probability)), 0);
  const spamminess = 1 - chiSquaredTail(-2 * sumOf((p) => 1 - p), 2 * n);
  const hamminess = 1 - chiSquaredTail(-2 * sumOf((p) => p), 2 * n);
  return { score: (1 + spamminess - hamminess) / 2, reasons: weighty.slice(0, 15) };
}

/** The probability that a chi-squared variable with an even number of degrees of freedom exceeds `value`. */
export function chiSquaredTail(value: number, degrees: number): number {
  const half = value / 2;
  // In logarithms: exp(-half) underflows for the values of a clear case.
  let term = -half;
  let sum = Math.exp(term);
  for (let i = 1; i < degrees / 2; i += 1) {
    term += Math.log(half / i);
    sum += Math.exp(term);
  }
  return Math.min(1, sum);
}
