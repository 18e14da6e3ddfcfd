/** `5`, `5,7`, `5:9`, `5:*`: how calls name messages. */
import type { Uid } from '../../mail/ids.ts';
import { type UidSet, UidSetBuilder } from '../../mail/uid-set.ts';
import type { MailboxView } from '../../operations/contract.ts';

/** The UIDs among the view's that are meant. */
export function uidsOf(text: string, view: Pick<MailboxView, 'indexOf' | 'lowerBound' | 'count' | 'uidAt'>): UidSet {
  const builder = new UidSetBuilder();
  const [first = '', last] = text.split(':');
  if (last === undefined) {
    for (const one of text.split(',')) if (view.indexOf(Number(one) as Uid) !== -1) builder.add(Number(one));
    return builder.build();
  }
  const ends = [Number(first), last === '*' ? Number.POSITIVE_INFINITY : Number(last)];
  const [from, to] = [Math.min(...ends), Math.max(...ends)];
  for (let index = view.lowerBound(from as Uid); index < view.count && view.uidAt(index) <= to; index += 1)
    builder.add(view.uidAt(index));
  return builder.build();
}
