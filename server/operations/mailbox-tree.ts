/** Nodes to paths and back: the pure part of the mailbox tree. */
import { INBOX, SEPARATOR } from '../mail/mailbox-path.ts';
import type { MailboxId } from '../mail/ids.ts';
import type { MailboxNode } from '../store/mailbox-nodes.ts';
import type { MailboxInfo } from './contract.ts';

/** A ring of parents, which no change makes, would be followed no further. */
const MAX_DEPTH = 200;

/**
 * Mailboxes with their full paths: INBOX first, then by path, so parents come before children. A node whose parent is gone (its creation met a deletion) is shown at the
 * top level rather than lost.
 */
export function buildTree(nodes: readonly MailboxNode[]): MailboxInfo[] {
  const live = nodes.filter((node) => !node.deleted);
  const byId = new Map<MailboxId, MailboxNode>(live.map((node) => [node.id, node]));
  const paths = new Map<MailboxId, string>();
  const pathOf = (node: MailboxNode, depth: number): string => {
    const known = paths.get(node.id);
    if (known !== undefined) return known;
    const parent = node.parent === null || depth > MAX_DEPTH ? undefined : byId.get(node.parent);
    const path = parent === undefined ? node.name : `${pathOf(parent, depth + 1)}${SEPARATOR}${node.name}`;
    paths.set(node.id, path);
    return path;
  };
  const infos = live.map((node) => toInfo(node, pathOf(node, 0)));
  return infos.sort((a, b) => Number(b.path === INBOX) - Number(a.path === INBOX) || comparePaths(a.path, b.path));
}

/** Level by level, so that `a/b` follows `a` and precedes `a b`. */
function comparePaths(a: string, b: string): number {
  const left = a.split(SEPARATOR);
  const right = b.split(SEPARATOR);
  for (let level = 0; level < Math.min(left.length, right.length); level += 1) {
    const one = left[level] ?? '';
    const other = right[level] ?? '';
    if (one !== other) return one < other ? -1 : 1;
  }
  return left.length - right.length;
}

function toInfo(node: MailboxNode, path: string): MailboxInfo {
  return {
    id: node.id,
    user: node.user,
    path,
    uidValidity: node.uidValidity,
    uidNext: node.uidNext,
    modseq: node.modseq,
    counts: node.counts,
    ...(node.specialUse === undefined ? {} : { specialUse: node.specialUse }),
    subscribed: node.subscribed,
    noSelect: node.noSelect,
    hidden: node.hidden,
    retentionMs: node.retentionMs,
    createdAtMs: node.createdAtMs,
  };
}
