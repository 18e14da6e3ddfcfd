/**
 * What is being written, kept as a draft on the server a moment after each change: a closed window or a dead battery loses a sentence, not a letter. One save at a
 * time; each replaces the one before.
 */
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Fault, faultOf } from '../../lib/fault.ts';
import { deleteMessages, type Outgoing, submit } from './api.ts';

const saveAfterMs = 2_500;

export type SaveState = 'none' | 'saving' | 'saved' | 'failed';

export interface Draft {
  readonly state: SaveState;
  readonly fault: Fault | undefined;
  /** Saves now, if anything has changed since the last time. */
  readonly save: () => Promise<void>;
  /** Sends, in place of the draft. */
  readonly send: () => Promise<void>;
  /** Removes what was saved. */
  readonly discard: () => Promise<void>;
}

/** @param content what is to be saved; undefined while it is as it began */
export function useDraft(
  content: Omit<Outgoing, 'draft' | 'isDraft'> | undefined,
  stored: { mailbox: string; id: number } | undefined,
): Draft {
  const [state, setState] = useState<SaveState>('none');
  const [fault, setFault] = useState<Fault>();
  const draft = useRef(stored);
  const latest = useRef(content);
  const saved = useRef<string>(undefined);
  const running = useRef<Promise<void>>(Promise.resolve());
  const ended = useRef(false);
  latest.current = content;
  const written = content === undefined ? undefined : JSON.stringify(content);

  const save = useCallback((): Promise<void> => {
    running.current = running.current.then(async () => {
      const message = latest.current;
      if (message === undefined || ended.current) return;
      const text = JSON.stringify(message);
      if (text === saved.current) return;
      setState('saving');
      try {
        draft.current = await submit({ ...message, isDraft: true, draft: draft.current });
        saved.current = text;
        setFault(undefined);
        setState('saved');
      } catch (error) {
        setFault(faultOf(error));
        setState('failed');
      }
    });
    return running.current;
  }, []);

  useEffect(() => {
    if (written === undefined || written === saved.current) return undefined;
    const timer = window.setTimeout(() => void save(), saveAfterMs);
    return () => window.clearTimeout(timer);
  }, [written, save]);

  const send = useCallback(async (): Promise<void> => {
    await running.current;
    const message = latest.current;
    if (message === undefined) return;
    ended.current = true;
    try {
      await submit({ ...message, isDraft: false, draft: draft.current });
      draft.current = undefined;
    } catch (error) {
      ended.current = false;
      throw error;
    }
  }, []);

  const discard = useCallback(async (): Promise<void> => {
    ended.current = true;
    await running.current;
    const { current } = draft;
    draft.current = undefined;
    if (current !== undefined) await deleteMessages(current.mailbox, [current.id]);
  }, []);

  return { state, fault, save, send, discard };
}
