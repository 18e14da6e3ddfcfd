/** Where copies go: an address, or an URL of smtp(s) or http(s). */
import type { ForwardTarget } from '../store/types-accounts.ts';
import { shownAddress } from './account-names.ts';
import { InvalidInput } from './refusal.ts';

/** More would make one message a flood. Lists have more members than a forward has ends. */
const MAX_TARGETS = 5_000;

export function forwardTargets(texts: readonly string[]): ForwardTarget[] {
  if (texts.length > MAX_TARGETS) throw new InvalidInput('targets', `At most ${MAX_TARGETS} targets`);
  return [...new Set(texts.map((text) => text.trim()).filter((text) => text !== ''))].map(forwardTarget);
}

function forwardTarget(text: string): ForwardTarget {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return { type: 'http', value: text };
  if (/^smtps?:\/\//i.test(text) && URL.canParse(text)) return { type: 'relay', value: text };
  const address = shownAddress(text);
  if (address === undefined) throw new InvalidInput('targets', `"${text.slice(0, 200)}" is no address and no smtp or http URL`);
  return { type: 'mail', value: address };
}
