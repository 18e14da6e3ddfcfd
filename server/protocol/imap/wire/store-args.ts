/** STORE arguments (RFC 9051 §6.4.6, RFC 7162 §3.1.3). */
import type { Flag, FlagOperation } from '../../../mail/flags.ts';
import type { Modseq } from '../../../mail/ids.ts';
import type { SequenceSet } from '../../../mail/sequence-set.ts';
import type { ArgumentParser } from './parser.ts';

export type StoreArguments = {
  readonly set: SequenceSet;
  readonly operation: FlagOperation;
  /** `.SILENT`: no untagged FETCH, except for what the client can't know (MODSEQ under CONDSTORE). */
  readonly silent: boolean;
  /** Canonical, duplicates possible. */
  readonly flags: readonly Flag[];
  /** Only messages whose MODSEQ is not above this are changed. */
  readonly unchangedSince: Modseq | undefined;
};

/** ` set [ (UNCHANGEDSINCE n)] [+|-]FLAGS[.SILENT] flags` to the end of the command; the flags may lack parentheses (§9 store-att-flags). */
export function expectStoreArguments(parser: ArgumentParser): StoreArguments {
  parser.expectSp();
  const set = parser.expectSequenceSet();
  parser.expectSp();
  let unchangedSince: Modseq | undefined;
  if (parser.peekIs('(')) {
    parser.expectList(() => {
      if (parser.expectKeyword('a STORE modifier') !== 'UNCHANGEDSINCE') throw parser.fault('Unknown STORE modifier');
      parser.expectSp();
      unchangedSince = parser.expectModseq();
    });
    parser.expectSp();
  }
  const operation = parser.tryChar('+') ? 'add' : parser.tryChar('-') ? 'remove' : 'replace';
  const word = parser.expectKeyword('FLAGS');
  if (word !== 'FLAGS' && word !== 'FLAGS.SILENT') throw parser.fault('Expected FLAGS');
  parser.expectSp();
  const flags = parser.peekIs('(') ? parser.expectFlagList() : expectBareFlags(parser);
  parser.expectEnd();
  return { set, operation, silent: word === 'FLAGS.SILENT', flags, unchangedSince };
}

function expectBareFlags(parser: ArgumentParser): Flag[] {
  const flags: Flag[] = [];
  do flags.push(parser.expectFlag());
  while (parser.trySp());
  return flags;
}
