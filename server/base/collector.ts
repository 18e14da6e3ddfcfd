/**
 * How V8's collector counts the bytes of Buffers. By itself it begins a full collection after every 64 MB of them, however little of it is garbage that matters: a worker
 * that streams mail then spends half of its time there. Counted into the heap's own limit, the same bytes are collected when the process has grown by as much as its
 * live heap warrants. docs/performance.md has what was measured.
 */
import { setFlagsFromString } from 'node:v8';

/** To be called once, before the process does any work. */
export function tuneCollector(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
