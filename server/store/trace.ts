/** Traces in the database: one document per transaction, steps added as they happen. */
import type { AnyBulkWriteOperation, Collection, Document, Filter } from 'mongodb';
import type { Database } from './connect.ts';
import { guarded } from './connect.ts';
import { readPage } from './page.ts';
import type { TraceAddition, TraceRecord, TraceSearch, TraceStep, TraceStore } from './types-trace.ts';

type TraceDoc = { transaction: string; at: Date; expires: Date; keys: string[]; steps: TraceStep[] };

/** Of one message to many recipients, tried again and again: the newest. */
const MAX_STEPS = 500;

export function createTraceStore(database: Database): TraceStore {
  const traces: Collection<TraceDoc> = database.main.collection('traces');
  const relaxed = { writeConcern: { w: 1 as const } };

  return {
    add: (additions, keepMs) =>
      guarded(async () => {
        if (additions.length === 0) return;
        const writes = additions.map((addition): AnyBulkWriteOperation<TraceDoc> => upsertOf(addition, keepMs));
        try {
          await traces.bulkWrite(writes, { ordered: false, ...relaxed });
        } catch (error) {
          // Two workers made the same trace at one moment: the second one adds to it now.
          if ((error as { code?: unknown }).code !== 11000) throw error;
          const failed = (error as { writeErrors?: readonly { index: number }[] }).writeErrors ?? [];
          const again = failed.flatMap(({ index }) => writes[index] ?? []);
          if (again.length > 0) await traces.bulkWrite(again, { ordered: false, ...relaxed });
        }
      }),

    get: (transaction) =>
      guarded(async () => {
        const doc = await traces.findOne({ transaction });
        return doc === null ? undefined : fromDoc(doc);
      }),

    search: (search, request) =>
      guarded(async () => {
        const page = await readPage(traces as unknown as Collection<Document>, toFilter(search), {
          ...request,
          descending: true,
        });
        return { ...page, results: page.results.map((doc) => fromDoc(doc as unknown as TraceDoc)) };
      }),
  };
}

function upsertOf({ transaction, at, facts, keys, steps }: TraceAddition, keepMs: number): AnyBulkWriteOperation<TraceDoc> {
  const { to, ...single } = facts;
  return {
    updateOne: {
      filter: { transaction },
      update: {
        $setOnInsert: { at, expires: new Date(at.getTime() + keepMs) },
        ...(Object.keys(single).length === 0 ? {} : { $set: single }),
        $push: { steps: { $each: [...steps], $slice: -MAX_STEPS } },
        $addToSet: { keys: { $each: [...keys] }, ...(to === undefined ? {} : { to: { $each: [...to] } }) },
      } as Document,
      upsert: true,
    },
  };
}

function toFilter({ address, messageId, queueId, transaction, ip, user, subject, after, before }: TraceSearch): Filter<Document> {
  const keys = [address, messageId, queueId, ip].filter((key) => key !== undefined).map((key) => key.toLowerCase());
  return {
    ...(keys.length === 0 ? {} : { keys: { $all: keys } }),
    ...(transaction === undefined ? {} : { transaction }),
    ...(user === undefined ? {} : { user }),
    ...(subject === undefined ? {} : { subject: { $regex: subject.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), $options: 'i' } }),
    ...(after === undefined && before === undefined
      ? {}
      : { at: { ...(after === undefined ? {} : { $gte: after }), ...(before === undefined ? {} : { $lt: before }) } }),
  };
}

function fromDoc(doc: TraceDoc & Document): TraceRecord {
  const { _id, keys: _keys, expires: _expires, ...record } = doc;
  return record as unknown as TraceRecord;
}
