/**
 * Collections of small administrative records (users, addresses, tokens, filters, …): ids in and out are hex text, conditions are plain data, writes are durable.
 * Conditions can only say what is listed in `Condition`, so nothing that a client sends can become a database operator. Fields that `sealed-fields.ts` names are
 * sealed in the database and plain in records; conditions can't look into them.
 */
import { type Collection, type Document, type Filter, ObjectId, type UpdateFilter } from 'mongodb';
import { Fault } from '../base/fault.ts';
import { type Database, duplicateKey, guarded } from './connect.ts';
import type { PageRequest, Page } from './types-page.ts';
import { readPage } from './page.ts';
import { openField, sealField, sealedFieldsOf } from './sealed-fields.ts';

/** A record as it is read: its fields, its id, and when it was made. */
export type Stored<T> = T & { readonly id: string; readonly created: Date };

type Scalar = string | number | boolean | null | Date;

export type Condition =
  | Scalar
  | Buffer
  | { readonly in: readonly (Scalar | Buffer)[] }
  | { readonly notIn: readonly Scalar[] }
  /** Array fields: has all of these. */
  | { readonly all: readonly Scalar[] }
  /** Case-insensitive substring. */
  | { readonly contains: string }
  | { readonly startsWith: string }
  /** Case-insensitive. */
  | { readonly endsWith: string }
  | { readonly exists: boolean }
  | { readonly from?: Date | number | string; readonly to?: Date | number | string };

/** Fields and `id`; a name with dots reaches into an object. `or`: one of these as well; `and`: all of these. */
export type Where = {
  readonly [field: string]: Condition | readonly Where[] | undefined;
  readonly or?: readonly Where[];
  readonly and?: readonly Where[];
};

export type Changes<T> = {
  readonly set?: { readonly [K in keyof T]?: T[K] | undefined };
  readonly unset?: readonly (keyof T & string)[];
  readonly increment?: { readonly [K in keyof T]?: number };
  /** Array fields: the value is in (once), or out. */
  readonly add?: { readonly [K in keyof T]?: unknown };
  readonly remove?: { readonly [K in keyof T]?: unknown };
};

export type ReadOptions = {
  readonly sort?: { readonly [field: string]: 1 | -1 };
  readonly limit?: number;
  readonly skip?: number;
};

/** The unique index that refused a record, by its fields. */
export class DuplicateRecord extends Fault {
  readonly fields: readonly string[];
  constructor(fields: readonly string[]) {
    super('user', 'ALREADYEXISTS', 'It exists already.');
    this.fields = fields;
  }
}

export type Records<T extends object> = {
  /** Throws DuplicateRecord. */
  readonly insert: (fields: T, options?: { readonly id?: string; readonly created?: Date }) => Promise<Stored<T>>;
  readonly get: (id: string) => Promise<Stored<T> | undefined>;
  readonly findOne: (where: Where, options?: ReadOptions) => Promise<Stored<T> | undefined>;
  readonly find: (where: Where, options?: ReadOptions) => Promise<Stored<T>[]>;
  readonly page: (where: Where, request: PageRequest) => Promise<Page<Stored<T>>>;
  readonly count: (where: Where) => Promise<number>;
  /** Changes one; answers it as it is then, undefined when none matches. Throws DuplicateRecord. */
  readonly update: (where: Where, changes: Changes<T>) => Promise<Stored<T> | undefined>;
  /** Changes or makes the one that matches: `where` must be equalities. */
  readonly upsert: (where: Where, changes: Changes<T>) => Promise<Stored<T>>;
  readonly updateAll: (where: Where, changes: Changes<T>) => Promise<number>;
  /** Answers how many are gone. */
  readonly delete: (where: Where) => Promise<number>;
  /** Takes one away and answers it. */
  readonly take: (where: Where) => Promise<Stored<T> | undefined>;
};

export type RecordsOptions = {
  /** Fields that hold ids of other records: ObjectIds in the database. */
  readonly ids?: readonly string[];
  /** Not worth a journaled write (counters, logs): acknowledged by memory. */
  readonly relaxed?: boolean;
};

export function createRecords<T extends object>(database: Database, name: string, options: RecordsOptions = {}): Records<T> {
  const collection: Collection<Document> = database.main.collection(name);
  const ids = new Set(options.ids ?? []);
  const concern = options.relaxed === true ? { writeConcern: { w: 1 as const } } : database.concerns.durable;

  const sealed = sealedFieldsOf(name);

  const toDoc = (fields: object): Document => {
    const doc: Document = {};
    for (const [field, value] of Object.entries(fields)) if (value !== undefined) doc[field] = toStored(field, value, ids);
    for (const field of sealed) if (field in doc) doc[field] = sealField(database.sealer, name, field, doc[field]);
    return doc;
  };
  const fromDoc = (doc: Document): Stored<T> => {
    const { _id, ...fields } = doc;
    const record: Document = { id: hex(_id), created: (_id as ObjectId).getTimestamp() };
    for (const [field, value] of Object.entries(fields)) record[field] = ids.has(field) ? hexes(value) : value;
    for (const field of sealed) if (field in doc) record[field] = openField(database.sealer, name, field, doc[field]);
    return record as Stored<T>;
  };
  const optional = (doc: Document | null): Stored<T> | undefined => (doc === null ? undefined : fromDoc(doc));
  const filter = (where: Where): Filter<Document> => toFilter(where, ids);
  const change = (changes: Changes<T>): UpdateFilter<Document> => toUpdate(changes as Changes<Record<string, unknown>>, toDoc);
  const write = async <R>(call: () => Promise<R>): Promise<R> => {
    try {
      return await call();
    } catch (error) {
      const fields = duplicateKey(error);
      if (fields !== undefined) throw new DuplicateRecord(Object.keys(fields));
      return guarded(() => Promise.reject(error));
    }
  };

  return {
    insert: async (fields, { id, created } = {}) => {
      const doc = { _id: id === undefined ? new ObjectId() : ObjectId.createFromHexString(id), ...toDoc(fields) };
      if (created !== undefined) Object.assign(doc, { created });
      await write(() => collection.insertOne(doc, concern));
      return fromDoc(doc);
    },
    get: async (id) => optional(await guarded(() => collection.findOne({ _id: ObjectId.createFromHexString(id) }))),
    findOne: async (where, { sort } = {}) =>
      optional(await guarded(() => collection.findOne(filter(where), sort === undefined ? {} : { sort: renameId(sort) }))),
    find: async (where, { sort, limit, skip } = {}) => {
      const cursor = collection.find(filter(where), sort === undefined ? {} : { sort: renameId(sort) });
      if (skip !== undefined) cursor.skip(skip);
      if (limit !== undefined) cursor.limit(limit);
      return (await guarded(() => cursor.toArray())).map(fromDoc);
    },
    page: async (where, request) => {
      const page = await guarded(() => readPage(collection, filter(where), request));
      return { ...page, results: page.results.map(fromDoc) };
    },
    count: (where) => guarded(() => collection.countDocuments(filter(where))),
    update: async (where, changes) =>
      optional(
        await write(() => collection.findOneAndUpdate(filter(where), change(changes), { returnDocument: 'after', ...concern })),
      ),
    upsert: async (where, changes) => {
      const doc = await write(() =>
        collection.findOneAndUpdate(filter(where), change(changes), { returnDocument: 'after', upsert: true, ...concern }),
      );
      if (doc === null) throw new Fault('server', 'SERVERBUG', 'An upsert gave nothing.');
      return fromDoc(doc);
    },
    updateAll: async (where, changes) =>
      (await write(() => collection.updateMany(filter(where), change(changes), concern))).modifiedCount,
    delete: async (where) => (await write(() => collection.deleteMany(filter(where), concern))).deletedCount,
    take: async (where) => optional(await write(() => collection.findOneAndDelete(filter(where), concern))),
  };
}

function toUpdate(changes: Changes<Record<string, unknown>>, toDoc: (fields: object) => Document): UpdateFilter<Document> {
  const update: Document = {};
  const set = toDoc(changes.set ?? {});
  if (Object.keys(set).length > 0) update['$set'] = set;
  if ((changes.unset ?? []).length > 0) update['$unset'] = Object.fromEntries(changes.unset!.map((field) => [field, 1]));
  if (changes.increment !== undefined) update['$inc'] = changes.increment;
  if (changes.add !== undefined) update['$addToSet'] = toDoc(changes.add);
  if (changes.remove !== undefined) update['$pull'] = toDoc(changes.remove);
  // MongoDB refuses an empty update.
  if (Object.keys(update).length === 0) update['$setOnInsert'] = {};
  return update;
}

function toFilter(where: Where, ids: ReadonlySet<string>): Filter<Document> {
  const filter: Document = {};
  for (const [field, condition] of Object.entries(where)) {
    if (condition === undefined) continue;
    if (field === 'or') filter['$or'] = (condition as readonly Where[]).map((one) => toFilter(one, ids));
    else if (field === 'and') filter['$and'] = (condition as readonly Where[]).map((one) => toFilter(one, ids));
    else if (field === 'id') filter['_id'] = toCondition('id', condition as Condition, new Set(['id']));
    else filter[field] = toCondition(field, condition as Condition, ids);
  }
  return filter;
}

function toCondition(field: string, condition: Condition, ids: ReadonlySet<string>): unknown {
  if (typeof condition !== 'object' || condition === null || condition instanceof Date || Buffer.isBuffer(condition))
    return toStored(field, condition, ids);
  if ('in' in condition) return { $in: condition.in.map((value) => toStored(field, value, ids)) };
  if ('notIn' in condition) return { $nin: condition.notIn.map((value) => toStored(field, value, ids)) };
  if ('all' in condition) return { $all: condition.all.map((value) => toStored(field, value, ids)) };
  if ('contains' in condition) return { $regex: escapeRegex(condition.contains), $options: 'i' };
  if ('startsWith' in condition) return { $regex: `^${escapeRegex(condition.startsWith)}` };
  if ('endsWith' in condition) return { $regex: `${escapeRegex(condition.endsWith)}$`, $options: 'i' };
  if ('exists' in condition) return { $exists: condition.exists };
  return {
    ...(condition.from === undefined ? {} : { $gte: toStored(field, condition.from, ids) }),
    ...(condition.to === undefined ? {} : { $lt: toStored(field, condition.to, ids) }),
  };
}

function toStored(field: string, value: unknown, ids: ReadonlySet<string>): unknown {
  if (!ids.has(field)) return value;
  if (Array.isArray(value)) return value.map((one) => toStored(field, one, ids));
  return typeof value === 'string' && ObjectId.isValid(value) ? ObjectId.createFromHexString(value) : value;
}

function hex(value: unknown): unknown {
  return value instanceof ObjectId ? value.toHexString() : value;
}

function hexes(value: unknown): unknown {
  return Array.isArray(value) ? value.map(hex) : hex(value);
}

function renameId(sort: Readonly<Record<string, 1 | -1>>): Record<string, 1 | -1> {
  return Object.fromEntries(Object.entries(sort).map(([field, way]) => [field === 'id' ? '_id' : field, way]));
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
