/** Reads one page of a collection in a stable order: by a field, then by id. */
import { type Collection, type Document, type Filter, ObjectId } from 'mongodb';
import { Fault } from '../base/fault.ts';
import { type CursorPosition, type Page, type PageRequest, encodeCursor, tryCursor } from './types-page.ts';

export async function readPage(
  collection: Collection<Document>,
  filter: Filter<Document>,
  request: PageRequest,
): Promise<Page<Document>> {
  const field = request.sortBy === undefined || request.sortBy === 'id' ? '_id' : request.sortBy;
  const backwards = request.previous !== undefined && request.next === undefined;
  const cursorText = request.next ?? request.previous;
  const from = cursorText === undefined ? undefined : tryCursor(cursorText);
  if (cursorText !== undefined && from === undefined) throw new Fault('syntax', 'SYNTAX', 'The cursor is not valid.');

  const ascending = (request.descending !== true) !== backwards;
  const way = ascending ? 1 : -1;
  const sort: Record<string, 1 | -1> = field === '_id' ? { _id: way } : { [field]: way, _id: way };
  const beyond = from === undefined ? filter : { $and: [filter, after(field, ascending, from)] };
  const [found, total] = await Promise.all([
    collection
      .find(beyond)
      .sort(sort)
      .limit(request.limit + 1)
      .toArray(),
    Object.keys(filter).length === 0 ? collection.estimatedDocumentCount() : collection.countDocuments(filter),
  ]);
  const more = found.length > request.limit;
  const results = found.slice(0, request.limit);
  if (backwards) results.reverse();
  const first = results[0];
  const last = results[results.length - 1];
  const position = (doc: Document): string => {
    const value = field === '_id' ? null : ((doc[field] ?? null) as string | number | null);
    return encodeCursor({ value, id: (doc['_id'] as ObjectId).toHexString() });
  };
  const hasNext = backwards ? from !== undefined : more;
  const hasPrevious = backwards ? more : from !== undefined;
  return {
    total,
    results,
    nextCursor: hasNext && last !== undefined ? position(last) : false,
    previousCursor: hasPrevious && first !== undefined ? position(first) : false,
  };
}

function after(field: string, ascending: boolean, from: CursorPosition): Filter<Document> {
  const operator = ascending ? '$gt' : '$lt';
  const id = ObjectId.createFromHexString(from.id);
  if (field === '_id') return { _id: { [operator]: id } };
  // A field that is missing sorts before all values, which no comparison with a value says.
  if (from.value === null) {
    const rest: Filter<Document>[] = ascending ? [{ [field]: { $ne: null } }] : [];
    return { $or: [...rest, { [field]: null, _id: { [operator]: id } }] };
  }
  if (!ascending)
    return { $or: [{ [field]: { $lt: from.value } }, { [field]: null }, { [field]: from.value, _id: { $lt: id } }] };
  return { $or: [{ [field]: { [operator]: from.value } }, { [field]: from.value, _id: { [operator]: id } }] };
}
