/**
 * Mailbox names as paths of levels separated by `/`.
 *
 * A `MailboxPath` is normalised: NFC, and a first level that spells INBOX in any case is `INBOX` (RFC 9051 §5.1: the name is special without
 * regard to case; `inbox/lists` is therefore a child of INBOX). All other names are case-sensitive. `%` and `*` are allowed (RFC 9051 §5.1
 * calls them valid, and mail moved from other servers may carry them); a first level starting with `#` is kept for namespaces (§5.1.2.1).
 */
import { type Outcome, accept, refuse } from './outcome.ts';

declare const mailboxPath: unique symbol;
export type MailboxPath = string & { readonly [mailboxPath]: true };

export const SEPARATOR = '/';
export const INBOX = 'INBOX' as MailboxPath;

export type MailboxPathFault =
  | 'empty'
  | 'empty-level'
  | 'forbidden-character'
  | 'reserved-namespace'
  | 'level-too-long'
  | 'path-too-long'
  | 'too-deep';

export type MailboxPathLimits = {
  /** UTF-8 octets of one level. */
  readonly levelBytes: number;
  /** UTF-8 octets of the whole path. */
  readonly pathBytes: number;
  readonly depth: number;
};

/** Levels of 512 characters, 128 of them: what clients of the HTTP API may ask for. */
export const DEFAULT_MAILBOX_PATH_LIMITS: MailboxPathLimits = { levelBytes: 2_048, pathBytes: 128 * 2_049, depth: 128 };

/** C0, DEL, C1, line and paragraph separator: RFC 5198 §2, RFC 9051 §5.1 (Net-Unicode). */
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * Checks and normalises a name that a person or client gave. One trailing separator is dropped: CREATE says by it that inferiors will follow
 * (RFC 9051 §6.3.4).
 */
export function parseMailboxPath(
  name: string,
  limits: MailboxPathLimits = DEFAULT_MAILBOX_PATH_LIMITS,
): Outcome<MailboxPath, MailboxPathFault> {
  // Cheap refusal first: NFC never shrinks a name to less than a third of its length.
  if (name.length > limits.pathBytes * 3) return refuse('path-too-long');
  if (FORBIDDEN.test(name) || !name.isWellFormed()) return refuse('forbidden-character');
  let path = name.normalize('NFC');
  if (path.endsWith(SEPARATOR)) path = path.slice(0, -1);
  if (path === '') return refuse('empty');
  if (Buffer.byteLength(path) > limits.pathBytes) return refuse('path-too-long');
  const levels = path.split(SEPARATOR);
  if (levels.length > limits.depth) return refuse('too-deep');
  for (const level of levels) {
    if (level === '') return refuse('empty-level');
    if (Buffer.byteLength(level) > limits.levelBytes) return refuse('level-too-long');
  }
  if (path.startsWith('#')) return refuse('reserved-namespace');
  return accept(normaliseMailboxName(path) as MailboxPath);
}

/** NFC and INBOX in capitals, without any check: what a name is looked up by when it need not be creatable. */
export function normaliseMailboxName(name: string): string {
  const path = name.normalize('NFC');
  return /^inbox(?:\/|$)/i.test(path) ? INBOX + path.slice(INBOX.length) : path;
}

export function splitPath(path: MailboxPath): string[] {
  return path.split(SEPARATOR);
}

/** Joins levels that came from `splitPath`. */
export function joinPath(levels: readonly string[]): MailboxPath {
  return levels.join(SEPARATOR) as MailboxPath;
}

/** The superior mailbox, undefined at the top level. */
export function parentPath(path: MailboxPath): MailboxPath | undefined {
  const at = path.lastIndexOf(SEPARATOR);
  return at === -1 ? undefined : (path.slice(0, at) as MailboxPath);
}

/** The last level: what a person calls the mailbox. */
export function leafName(path: MailboxPath): string {
  return path.slice(path.lastIndexOf(SEPARATOR) + 1);
}

/** Every superior, from the top level down, without the path itself. */
export function superiorPaths(path: MailboxPath): MailboxPath[] {
  const superiors: MailboxPath[] = [];
  for (let at = path.indexOf(SEPARATOR); at !== -1; at = path.indexOf(SEPARATOR, at + 1))
    superiors.push(path.slice(0, at) as MailboxPath);
  return superiors;
}

/** True when `path` lies below `superior`, at any depth. */
export function isInferior(path: MailboxPath, superior: MailboxPath): boolean {
  return path.length > superior.length && path.startsWith(superior) && path[superior.length] === SEPARATOR;
}

/** Where an inferior (or the mailbox itself) goes when `from` is renamed to `to`. */
export function rebasePath(path: MailboxPath, from: MailboxPath, to: MailboxPath): MailboxPath {
  return (to + path.slice(from.length)) as MailboxPath;
}
