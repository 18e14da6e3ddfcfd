/**
 * A user's Sieve script in delivery, after filters and forwards: runs it, and turns what it wants into a decision. Whatever goes wrong, the message goes where it would go
 * without the script, and the user is told.
 */
import type { Logger } from '../base/log.ts';
import { LruCache } from '../base/lru.ts';
import type { Config } from '../config/schema.ts';
import type { MailboxId, UserId } from '../mail/ids.ts';
import type { AnalyzedMessage } from '../mime/types.ts';
import type { Operations } from '../operations/contract.ts';
import type { SieveScript, SieveScripts } from '../operations/sieve-scripts.ts';
import { compileScript, type Script } from '../sieve/binder.ts';
import { SieveFault } from '../sieve/fault.ts';
import { SieveMessage } from '../sieve/message.ts';
import type { Action, SieveEnvironment, SieveProblem, SieveResult, Vacation } from '../sieve/result.ts';
import { runScript } from '../sieve/run.ts';
import type { Placement, RuleDecision, RuleInput, TraceSink } from './hooks.ts';

export type SieveParts = {
  readonly config: Config;
  readonly operations: Operations;
  readonly scripts: SieveScripts;
  readonly trace?: TraceSink;
  readonly log: Logger;
  readonly now: () => number;
  /** Durable when it answers true; false: it was not sent, and said so. `key` tells one redirect of a message from another. */
  readonly redirect: (input: RuleInput, message: AnalyzedMessage, address: string, key: string) => Promise<boolean>;
  readonly answer: (input: RuleInput, message: AnalyzedMessage, vacation: Vacation) => Promise<void>;
};

export type SieveRules = {
  /** `base`: what is decided without the script. */
  readonly apply: (
    script: SieveScript,
    input: RuleInput,
    message: AnalyzedMessage,
    base: RuleDecision & { readonly spam: boolean },
  ) => Promise<RuleDecision>;
};

const COMPILED = 500;

export function createSieveRules(parts: SieveParts): SieveRules {
  const { config, operations, scripts, trace, log, now } = parts;
  const compiled = new LruCache<string, Script | SieveFault>(COMPILED);

  const compile = (text: string): Script => {
    let script = compiled.get(text);
    if (script === undefined) {
      try {
        script = compileScript(text);
      } catch (error) {
        if (!(error instanceof SieveFault)) throw error;
        script = error;
      }
      compiled.set(text, script);
    }
    if (script instanceof SieveFault) throw script;
    return script;
  };

  const apply: SieveRules['apply'] = async (script, input, message, base) => {
    const { user } = input.account;
    const { spam, ...without } = base;
    const subject = new SieveMessage(input.raw);
    const result = await run(script, input, subject);
    if (result.problem !== undefined) {
      await tellProblem(script, input, result.problem);
      return without;
    }
    const [rejection] = result.actions.filter((action) => action.kind === 'reject');
    if (rejection !== undefined) return { reject: oneLine(rejection.text) };
    const problems: string[] = [];
    const placements = await place(result.actions, input, subject, base, problems);
    let redirected = 0;
    for (const [index, action] of result.actions.entries()) {
      if (action.kind !== 'redirect') continue;
      const raw = subject.bytesWith(action.fields);
      const sent = await parts.redirect(
        raw === undefined ? input : { ...input, raw },
        message,
        action.address,
        `:sieve:${index}`,
      );
      if (sent) redirected += 1;
      else problems.push(`not redirected to ${action.address}`);
    }
    // What was to go elsewhere and did not is not lost.
    if (placements.length === 0 && problems.length > 0) placements.push({ mailbox: base.mailbox, flags: base.flags ?? [] });
    tell(script, input, result.actions, problems);
    const vacation = result.actions.find((action) => action.kind === 'vacation');
    const after = async (): Promise<void> => {
      for (const { mark, ms } of result.marks) await scripts.mark(user, mark, new Date(now() + ms));
      await without.after?.();
      if (vacation !== undefined && !spam) await parts.answer(input, message, vacation);
    };
    return placements.length === 0 ? { discard: true, after, redirected: redirected > 0 } : { placements, after };
  };

  async function run(script: SieveScript, input: RuleInput, subject: SieveMessage): Promise<SieveResult> {
    try {
      return await runScript(compile(script.text), subject, environmentOf(input));
    } catch (error) {
      if (!(error instanceof SieveFault)) throw error;
      return { actions: [], marks: [], problem: { line: error.line, text: error.message } };
    }
  }

  function environmentOf({ account, address, envelope, origin, spam }: RuleInput): SieveEnvironment {
    const at = new Date(now());
    return {
      envelopeFrom: envelope.from,
      envelopeTo: address,
      now: at,
      mailboxExists: async (name) => (await operations.mailboxes.findByPath(account.user, name))?.noSelect === false,
      isMarked: (mark) => scripts.isMarked(account.user, mark, at),
      spamScore: spam?.score,
      items: new Map([
        ['domain', config.hostname.slice(config.hostname.indexOf('.') + 1)],
        ['host', config.hostname],
        ['location', 'MDA'],
        ['name', 'Mallard'],
        ['phase', 'during'],
        ['remote-host', origin.hello],
        ['remote-ip', origin.remoteAddress],
      ]),
      limits: config.sieve,
    };
  }

  /** One placement for each mailbox; what can't be filed goes where it would go without the script. */
  async function place(
    actions: readonly Action[],
    input: RuleInput,
    subject: SieveMessage,
    base: RuleDecision,
    problems: string[],
  ): Promise<Placement[]> {
    const { user } = input.account;
    const placements: Placement[] = [];
    const inbox = await operations.mailboxes.inboxOf(user);
    // Where a message without any rule goes: then INBOX by name is the same place.
    const plain = base.mailbox === undefined && input.label === undefined && input.origin.quarantine !== true;
    const add = (mailbox: MailboxId | undefined, flags: readonly string[], raw: Buffer | undefined): void => {
      const placed = mailbox ?? (plain ? inbox : undefined);
      if (placements.some((one) => (one.mailbox ?? (plain ? inbox : undefined)) === placed)) return;
      placements.push({ mailbox, flags: [...new Set([...(base.flags ?? []), ...flags])], ...(raw === undefined ? {} : { raw }) });
    };
    for (const action of actions) {
      if (action.kind === 'keep') add(base.mailbox, action.flags, subject.bytesWith(action.fields));
      if (action.kind !== 'fileinto') continue;
      const mailbox = await mailboxNamed(user, action.mailbox, action.create, problems);
      add(mailbox ?? base.mailbox, action.flags, subject.bytesWith(action.fields));
    }
    return placements;
  }

  async function mailboxNamed(user: UserId, name: string, create: boolean, problems: string[]): Promise<MailboxId | undefined> {
    const found = await operations.mailboxes.findByPath(user, name);
    if (found !== undefined && !found.noSelect) return found.id;
    if (create) {
      try {
        return (await operations.mailboxes.create(user, name, { subscribed: true })).id;
      } catch (error) {
        problems.push(`the mailbox ${name} could not be made: ${error instanceof Error ? error.message : 'failed'}`);
        return undefined;
      }
    }
    problems.push(`there is no mailbox ${name}`);
    return undefined;
  }

  function tell(script: SieveScript, input: RuleInput, actions: readonly Action[], problems: readonly string[]): void {
    const did = actions.map(describe);
    const text = `Sieve script ${JSON.stringify(script.name)}: ${did.length === 0 ? 'discard' : did.join(', ')}`;
    record(input, problems.length === 0 ? text : `${text}; ${problems.join('; ')}`);
    if (problems.length > 0) noteTrouble(script, input, { line: 0, text: problems.join('; ') });
  }

  async function tellProblem(script: SieveScript, input: RuleInput, problem: SieveProblem): Promise<void> {
    log.info('a Sieve script failed; the message is kept', { user: input.account.user, script: script.name, ...problem });
    record(input, `Sieve script ${JSON.stringify(script.name)}, line ${problem.line}: ${problem.text} The message is kept.`);
    noteTrouble(script, input, problem);
  }

  /** For the user's eyes; mail does not wait for it. */
  function noteTrouble(script: SieveScript, input: RuleInput, { line, text }: SieveProblem): void {
    scripts
      .tellTrouble(input.account.user, { at: new Date(now()), script: script.name, line, text: text.slice(0, 500) })
      .catch((error: unknown) => log.warn('trouble of a Sieve script could not be written down', { error }));
  }

  function record({ origin, account }: RuleInput, text: string): void {
    trace?.record({ kind: 'rule', transaction: origin.transactionId, atMs: now(), account: account.user, rule: 'sieve', text });
  }

  return { apply };
}

function describe(action: Action): string {
  switch (action.kind) {
    case 'fileinto':
      return `file into ${action.mailbox}`;
    case 'redirect':
      return `redirect to ${action.address}`;
    default:
      return action.kind;
  }
}

function oneLine(text: string): string {
  const line = text
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim()
    .slice(0, 400);
  return line === '' ? 'The message was refused by its recipient' : line;
}
