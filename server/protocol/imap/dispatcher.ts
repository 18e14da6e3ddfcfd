/**
 * Runs one command: the only place that checks state and turns faults into replies, that logs and counts, and that tells mailbox updates at a command's
 * end. A client never sees the text of an exception that is not a Fault.
 */
import { Fault, type FaultCode, isFault } from '../../base/fault.ts';
import type { CommandContext, CommandSpec, Completion, Invocation } from './command.ts';
import { parserLimits } from './reader-limits.ts';
import { findCommand } from './registry.ts';
import { UidRequired } from './search/prepare.ts';
import { ArgumentParser } from './wire/parser.ts';
import type { RawCommand } from './wire/raw-command.ts';

/** What happened, for the connection's own decisions (too many BADs in a row). */
export type Dispatched = { readonly status: 'OK' | 'NO' | 'BAD'; readonly name: string; readonly ms: number };

/** Parses, runs, replies. Never throws, except when the connection itself is broken beyond a reply. */
export async function dispatch(context: CommandContext, raw: RawCommand): Promise<Dispatched> {
  const startedAt = performance.now();
  const spec = findCommand(raw.name);
  const completion = await complete(context, raw, spec);
  context.out.tagged(raw.tag, completion.status, completion.text, completion.code);
  const ms = performance.now() - startedAt;
  // Names that the server does not know are client text; they stay out of the log.
  const name = spec === undefined ? 'unknown' : raw.name;
  if (context.log.enabled('debug')) {
    context.log.debug('command', {
      command: name,
      status: completion.status,
      code: completion.code,
      ms: Math.round(ms * 10) / 10,
    });
  }
  return { status: completion.status, name, ms };
}

async function complete(context: CommandContext, raw: RawCommand, spec: CommandSpec | undefined): Promise<Completion> {
  if (spec === undefined) return { status: 'BAD', text: 'Unknown command' };
  const { session } = context;
  if (!spec.states.includes(session.state)) return { status: 'BAD', code: 'CLIENTBUG', text: stateText(spec, session.state) };
  const uid = raw.name.startsWith('UID ');
  if (spec.byNumber === true && !uid && session.isEnabled('UIDONLY')) {
    return { status: 'BAD', code: 'UIDREQUIRED', text: 'Message numbers are not used after ENABLE UIDONLY' };
  }
  const invocation: Invocation = { tag: raw.tag, name: raw.name, uid, session };
  let completion: Completion;
  try {
    const parser = new ArgumentParser(raw, { ...parserLimits(context.settings), utf8: session.utf8 });
    const args = spec.parse(parser, invocation);
    if (needsPresent(spec)) await catchUp(context);
    completion = (await spec.run(context, args, invocation)) ?? { status: 'OK', text: `${raw.name} completed` };
  } catch (error) {
    completion = completionOf(error, context, raw.name);
  }
  if (session.state !== 'selected' && (!session.hasOtherNews || session.state === 'logout')) return completion;
  try {
    await context.tellUpdates({
      allowExpunge: spec.expunge === 'yes' || (spec.expunge === 'uid' && uid),
      uid,
      removes: spec.removes === true,
    });
  } catch (error) {
    // The view is of no use any more (the journal was trimmed past it): the client must come again.
    if (isFault(error) && error.kind === 'connection') throw error;
    // The command itself is done: only who asked for news is told that there is none to be had.
    if (spec.syncs === true && completion.status === 'OK') return completionOf(error, context, raw.name);
    context.log.debug('updates are not available', { command: raw.name, error });
  }
  return completion;
}

/** It looks at the selected mailbox: what others were told is done must be done here as well. */
function needsPresent(spec: CommandSpec): boolean {
  return spec.states.length === 1 && spec.states[0] === 'selected';
}

/** A client with several connections may hear an OK on one, from another worker, and rely on it on this one. Free while there is no other worker. */
async function catchUp({ session, ops, log }: CommandContext): Promise<void> {
  const view = session.boxOrNone?.view;
  if (view === undefined) return;
  try {
    await ops.views.refresh(view);
  } catch (error) {
    if (!isFault(error, 'UNAVAILABLE')) throw error;
    log.debug('the mailbox is shown as it was last known', { error });
  }
}

/** The reply for whatever a command threw. */
export function completionOf(error: unknown, context: Pick<CommandContext, 'log'>, name: string): Completion {
  if (!(error instanceof Fault)) {
    context.log.error('command failed', { command: name, error });
    return { status: 'NO', code: 'SERVERBUG', text: 'Internal error' };
  }
  switch (error.kind) {
    case 'syntax':
      return { status: 'BAD', code: error instanceof UidRequired ? 'UIDREQUIRED' : undefined, text: error.message };
    case 'user':
      return { status: 'NO', code: responseCode(error.code), text: error.message };
    case 'busy':
      context.log.warn('temporary failure', { command: name, error });
      return { status: 'NO', code: 'UNAVAILABLE', text: error.message };
    case 'server':
      context.log.error('command failed', { command: name, error });
      return { status: 'NO', code: 'SERVERBUG', text: 'Internal error' };
    case 'connection':
      throw error;
  }
}

/** Codes of RFC 5530 and their kin are the wire's own words; two are ours alone. */
function responseCode(code: FaultCode): string | undefined {
  return code === 'SYNTAX' || code === 'CLOSED' ? undefined : code;
}

function stateText(spec: CommandSpec, state: string): string {
  if (state === 'not-authenticated') return 'Log in first';
  if (!spec.states.includes('authenticated') && spec.states.includes('selected')) return 'Select a mailbox first';
  return 'Not allowed now';
}
