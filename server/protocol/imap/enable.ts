/** Switching extensions on, by ENABLE or by first use, with what has to be told then. */
import type { CommandContext } from './command.ts';
import type { EnabledFeature } from './session.ts';
import { responseCode } from './wire/writer.ts';

/** True when it was off. */
export function enableFeature(context: Pick<CommandContext, 'session' | 'out'>, feature: EnabledFeature): boolean {
  const { session, out } = context;
  const hadCondstore = session.condstore;
  if (!session.enable(feature)) return false;
  out.utf8 = session.utf8;
  // RFC 7162 §3.1.2.1: the first CONDSTORE enabling command in the selected state brings HIGHESTMODSEQ.
  const box = session.boxOrNone;
  if (!hadCondstore && session.condstore && box !== undefined) {
    out.untaggedStatus('OK', 'CONDSTORE is on', responseCode.highestModseq(box.view.modseq));
  }
  return true;
}
