/**
 * Which names a LIST or LSUB shows, and with which attributes (RFC 3501 §6.3.8-9, RFC 5258, RFC 3348, RFC 6154). Pure: the user's mailboxes in, lines out.
 */
import { compileListPattern } from '../../mail/list-pattern.ts';
import { SEPARATOR } from '../../mail/mailbox-path.ts';
import type { MailboxInfo } from '../../operations/contract.ts';
import type { ListArguments } from './wire/list-args.ts';

export type ListLine = {
  readonly path: string;
  readonly attributes: readonly string[];
  /** RFC 5258 §3.5. */
  readonly childInfo: readonly ('SUBSCRIBED' | 'SPECIAL-USE')[];
  /** The mailbox behind the name, when it can be selected. */
  readonly mailbox: MailboxInfo | undefined;
};

/** `ghosts`: subscribed names without a mailbox. Lines come in the mailboxes' order, ghosts last. */
export function listMailboxes(mailboxes: readonly MailboxInfo[], ghosts: readonly string[], args: ListArguments): ListLine[] {
  const patterns = args.patterns.map((pattern) => compileListPattern(pattern, args.reference));
  const matches = (path: string): boolean => patterns.some((pattern) => pattern.matches(path));
  const { select } = args;
  const bySubscription = select.has('SUBSCRIBED');
  const byUse = select.has('SPECIAL-USE');
  const recursive = select.has('RECURSIVEMATCH');
  const selected = (name: Name): boolean =>
    (!bySubscription || name.subscribed) && (!byUse || name.mailbox?.specialUse !== undefined);

  const names = namesOf(mailboxes, ghosts, bySubscription);
  const parents = new Set(names.filter((name) => name.mailbox !== undefined).flatMap((name) => superiors(name.path)));
  const childInfo = recursive ? parentsOfSelected(names, selected, matches) : new Set<string>();
  const lines: ListLine[] = [];
  for (const name of names) {
    if (!matches(name.path)) continue;
    const isSelected = selected(name);
    const tellsChildren = childInfo.has(name.path);
    if (!isSelected && !tellsChildren) continue;
    const info: ('SUBSCRIBED' | 'SPECIAL-USE')[] = [];
    if (tellsChildren && bySubscription) info.push('SUBSCRIBED');
    if (tellsChildren && byUse) info.push('SPECIAL-USE');
    lines.push({
      path: name.path,
      attributes: attributesOf(name, parents, args),
      childInfo: info,
      mailbox: name.mailbox?.noSelect === true ? undefined : name.mailbox,
    });
  }
  return lines;
}

type Name = { readonly path: string; readonly mailbox: MailboxInfo | undefined; readonly subscribed: boolean };

function namesOf(mailboxes: readonly MailboxInfo[], ghosts: readonly string[], withGhosts: boolean): Name[] {
  const names: Name[] = mailboxes
    .filter((mailbox) => !mailbox.hidden)
    .map((mailbox) => ({ path: mailbox.path, mailbox, subscribed: mailbox.subscribed }));
  if (!withGhosts) return names;
  const known = new Set(names.map((name) => name.path));
  for (const path of ghosts) {
    if (known.has(path)) continue;
    known.add(path);
    names.push({ path, mailbox: undefined, subscribed: true });
  }
  // A superior of a ghost that is nothing by itself: RECURSIVEMATCH shows it as \NonExistent.
  for (const path of ghosts) {
    for (const superior of superiors(path)) {
      if (known.has(superior)) continue;
      known.add(superior);
      names.push({ path: superior, mailbox: undefined, subscribed: false });
    }
  }
  return names;
}

/** Names with a selected inferior that the patterns do not show by themselves (RFC 5258 §3.5: no redundant CHILDINFO). */
function parentsOfSelected(
  names: readonly Name[],
  selected: (name: Name) => boolean,
  matches: (path: string) => boolean,
): Set<string> {
  const parents = new Set<string>();
  for (const name of names) {
    if (!selected(name) || matches(name.path)) continue;
    for (const superior of superiors(name.path)) parents.add(superior);
  }
  return parents;
}

function attributesOf(name: Name, parents: ReadonlySet<string>, args: ListArguments): string[] {
  const attributes: string[] = [];
  const { mailbox } = name;
  if (mailbox === undefined) attributes.push('\\NonExistent');
  else if (mailbox.noSelect) attributes.push('\\Noselect');
  if (name.subscribed && (args.options.subscribed || args.select.has('SUBSCRIBED'))) attributes.push('\\Subscribed');
  attributes.push(parents.has(name.path) ? '\\HasChildren' : '\\HasNoChildren');
  if (mailbox?.specialUse !== undefined) attributes.push(mailbox.specialUse);
  return attributes;
}

/** LSUB: subscribed names, and with `%` the \Noselect superiors of subscribed ones that the pattern itself can't reach (RFC 3501 §6.3.9). */
export function listSubscribed(
  mailboxes: readonly MailboxInfo[],
  ghosts: readonly string[],
  reference: string,
  pattern: string,
): ListLine[] {
  const compiled = compileListPattern(pattern, reference);
  const subscribed = [
    ...mailboxes.filter((mailbox) => mailbox.subscribed && !mailbox.hidden).map((mailbox) => mailbox.path),
    ...ghosts,
  ];
  const shown = new Map<string, string[]>();
  for (const path of subscribed) if (compiled.matches(path)) shown.set(path, []);
  if (pattern.endsWith('%')) {
    for (const path of subscribed) {
      if (compiled.matches(path)) continue;
      for (const superior of superiors(path)) {
        if (!shown.has(superior) && compiled.matches(superior)) shown.set(superior, ['\\Noselect']);
      }
    }
  }
  return [...shown].map(([path, attributes]) => ({ path, attributes, childInfo: [], mailbox: undefined }));
}

function superiors(path: string): string[] {
  const found: string[] = [];
  for (let at = path.indexOf(SEPARATOR); at !== -1; at = path.indexOf(SEPARATOR, at + 1)) found.push(path.slice(0, at));
  return found;
}
