/** Paging through records by opaque cursors: stable under inserts and deletes, unlike page numbers. */

export type PageRequest = {
  /** 1 … 250. */
  readonly limit: number;
  readonly next?: string | undefined;
  readonly previous?: string | undefined;
  /** Field to sort by; default the id, which is the order of making. */
  readonly sortBy?: string;
  readonly descending?: boolean;
};

export type Page<T> = {
  readonly total: number;
  readonly results: T[];
  /** Cursors of the neighbouring pages, false where there is none. */
  readonly nextCursor: string | false;
  readonly previousCursor: string | false;
};

/** A cursor is the sort value and the id of the page's last (or first) record. */
export type CursorPosition = { readonly value: string | number | null; readonly id: string };

export function encodeCursor(position: CursorPosition): string {
  return Buffer.from(JSON.stringify([position.value, position.id])).toString('base64url');
}

/** Undefined when the text is no cursor of ours. */
export function tryCursor(text: string): CursorPosition | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (!Array.isArray(parsed) || parsed.length !== 2) return undefined;
    const [value, id] = parsed as [unknown, unknown];
    if (typeof id !== 'string' || !/^[0-9a-f]{24}$/.test(id)) return undefined;
    if (value !== null && typeof value !== 'string' && typeof value !== 'number') return undefined;
    return { value, id };
  } catch {
    return undefined;
  }
}
