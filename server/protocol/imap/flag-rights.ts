/** Which flags a user may change with which rights (RFC 4314 §4): `s` \Seen, `t` \Deleted, `w` all others. */
import { type Flag, SYSTEM_FLAGS } from '../../mail/flags.ts';
import { ALL_RIGHTS } from '../../mail/rights.ts';

export function mayChangeFlag(rights: string, flag: Flag): boolean {
  return rights.includes(flag === '\\Seen' ? 's' : flag === '\\Deleted' ? 't' : 'w');
}

/** True when no flag is out of reach: the usual case, decided without looking at flags. */
export function mayChangeAllFlags(rights: string): boolean {
  return rights === ALL_RIGHTS || /^(?=.*s)(?=.*w)(?=.*t)/.test(rights);
}

/** Every flag of a mailbox with these keywords that is out of reach. */
export function flagsOutOfReach(rights: string, keywords: readonly Flag[]): Flag[] {
  return mayChangeAllFlags(rights) ? [] : [...SYSTEM_FLAGS, ...keywords].filter((flag) => !mayChangeFlag(rights, flag));
}
