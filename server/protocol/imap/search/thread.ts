/** THREAD (RFC 5256 §3): ORDEREDSUBJECT and REFERENCES. Pure. */

/** What threading looks at. `subject` is the folded base subject; ids are compared as they are. */
export type ThreadRow = {
  readonly number: number;
  readonly dateMs: number;
  readonly subject: string;
  readonly subjectIsReply: boolean;
  readonly messageId: string | undefined;
  /** References, or the first valid id of In-Reply-To where it has none. */
  readonly references: readonly string[];
};

/** A message (or, without a row, the place of one that is not there) with its replies. */
export type ThreadNode = { row: ThreadRow | undefined; parent: ThreadNode | undefined; children: ThreadNode[] };

export function threadByOrderedSubject(rows: readonly ThreadRow[]): ThreadNode[] {
  const sorted = [...rows].sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : byDate(a, b)));
  const threads: ThreadNode[] = [];
  for (const row of sorted) {
    const last = threads.at(-1);
    const node = nodeOf(row);
    // Messages without a subject have the same, empty one.
    if (last !== undefined && last.row!.subject === row.subject) last.children.push(node);
    else threads.push(node);
  }
  return threads.sort((a, b) => byDate(a.row!, b.row!));
}

export function threadByReferences(rows: readonly ThreadRow[]): ThreadNode[] {
  const roots = pruned(linked(rows));
  sortSiblings(roots);
  const gathered = gatherSubjects(roots);
  sortTree(gathered);
  return gathered;
}

function nodeOf(row: ThreadRow | undefined): ThreadNode {
  return { row, parent: undefined, children: [] };
}

function byDate(a: ThreadRow, b: ThreadRow): number {
  return a.dateMs - b.dateMs || a.number - b.number;
}

/** Step 1 and 2: links by references; answers the roots. */
function linked(rows: readonly ThreadRow[]): ThreadNode[] {
  const byId = new Map<string, ThreadNode>();
  const nodes: ThreadNode[] = [];
  const nodeFor = (id: string): ThreadNode => {
    const known = byId.get(id);
    if (known !== undefined) return known;
    const node = nodeOf(undefined);
    byId.set(id, node);
    nodes.push(node);
    return node;
  };
  for (const row of rows) {
    let node: ThreadNode;
    const id = row.messageId;
    if (id === undefined || byId.get(id)?.row !== undefined) {
      // No Message-ID, or one that another message has: as if it had one of its own.
      node = nodeOf(row);
      nodes.push(node);
    } else {
      node = nodeFor(id);
      node.row = row;
    }
    let before: ThreadNode | undefined;
    for (const reference of row.references) {
      const at = nodeFor(reference);
      if (before !== undefined && at.parent === undefined && at !== before && !isAncestor(at, before)) adopt(before, at);
      before = at;
    }
    // The message's own last reference is right, whatever was guessed from others' references.
    if (node.parent !== undefined) leave(node);
    if (before !== undefined && before !== node && !isAncestor(node, before)) adopt(before, node);
  }
  return nodes.filter((node) => node.parent === undefined);
}

function adopt(parent: ThreadNode, child: ThreadNode): void {
  child.parent = parent;
  parent.children.push(child);
}

function leave(child: ThreadNode): void {
  const siblings = child.parent!.children;
  siblings.splice(siblings.indexOf(child), 1);
  child.parent = undefined;
}

function isAncestor(node: ThreadNode, of: ThreadNode): boolean {
  for (let at: ThreadNode | undefined = of; at !== undefined; at = at.parent) if (at === node) return true;
  return false;
}

/** Step 3: dummies go where they can. Depth may be as large as the mailbox, so this walks in post-order without recursion. */
function pruned(roots: readonly ThreadNode[]): ThreadNode[] {
  for (const node of postOrder(roots)) {
    node.children = node.children.flatMap((child) => {
      if (child.row !== undefined) return [child];
      for (const grandchild of child.children) grandchild.parent = node;
      return child.children;
    });
  }
  return roots.flatMap((root) => {
    if (root.row !== undefined) return [root];
    if (root.children.length > 1) return [root];
    const [only] = root.children;
    if (only === undefined) return [];
    only.parent = undefined;
    return [only];
  });
}

function postOrder(roots: readonly ThreadNode[]): ThreadNode[] {
  const order: ThreadNode[] = [];
  const stack = [...roots];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    order.push(node);
    stack.push(...node.children);
  }
  return order.reverse();
}

/** The message that stands for a node when roots are compared: its own, or its first child's. */
function faceOf(node: ThreadNode): ThreadRow {
  return (node.row ?? node.children[0]?.row)!;
}

/** Step 4: roots by date; a dummy counts as its earliest child. */
function sortSiblings(roots: ThreadNode[]): void {
  for (const root of roots) if (root.row === undefined) root.children.sort((a, b) => byDate(faceOf(a), faceOf(b)));
  roots.sort((a, b) => byDate(faceOf(a), faceOf(b)));
}

/** Step 5: roots with the same subject become one thread. */
function gatherSubjects(roots: readonly ThreadNode[]): ThreadNode[] {
  const table = new Map<string, ThreadNode>();
  for (const root of roots) {
    const { subject } = faceOf(root);
    if (subject === '') continue;
    const other = table.get(subject);
    const replaces =
      other === undefined ||
      (root.row === undefined && other.row !== undefined) ||
      (isReply(other) && !isReply(root) && (other.row === undefined) === (root.row === undefined));
    if (replaces) table.set(subject, root);
  }
  const gone = new Set<ThreadNode>();
  const replaced = new Map<ThreadNode, ThreadNode>();
  for (const root of roots) {
    const { subject } = faceOf(root);
    const first = subject === '' ? undefined : table.get(subject);
    if (first === undefined || first === root) continue;
    gone.add(root);
    if (first.row === undefined && root.row === undefined) {
      for (const child of root.children) adopt(first, child);
    } else if (first.row === undefined || (isReply(root) && !isReply(first))) {
      adopt(first, root);
    } else {
      const both = nodeOf(undefined);
      adopt(both, first);
      adopt(both, root);
      replaced.set(first, both);
      table.set(subject, both);
    }
  }
  return roots.filter((root) => !gone.has(root)).map((root) => replaced.get(root) ?? root);
}

function isReply(node: ThreadNode): boolean {
  return faceOf(node).subjectIsReply;
}

/** Step 6: siblings by date, at every level. */
function sortTree(roots: ThreadNode[]): void {
  for (const node of postOrder(roots)) node.children.sort((a, b) => byDate(faceOf(a), faceOf(b)));
  roots.sort((a, b) => byDate(faceOf(a), faceOf(b)));
}

/** `(1)(2 3 (4)(5 6))`, as one THREAD response lists it. Straight runs of replies nest nothing; only branches recurse. */
export function formatThreads(roots: readonly ThreadNode[]): string {
  let out = '';
  // A stack of what is still to be written: nodes and closing parentheses.
  const stack: (ThreadNode | ')')[] = [...roots].reverse();
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (at === ')') {
      out += ')';
      continue;
    }
    out += '(';
    let node: ThreadNode | undefined = at;
    let separator = '';
    let branches: ThreadNode[] = [];
    while (node !== undefined) {
      if (node.row !== undefined) {
        out += `${separator}${node.row.number}`;
        separator = ' ';
      }
      branches = node.children.length === 1 && node.row !== undefined ? [] : node.children;
      node = branches.length === 0 ? node.children[0] : undefined;
    }
    if (branches.length > 0) out += separator;
    stack.push(')', ...branches.reverse());
  }
  return out;
}
