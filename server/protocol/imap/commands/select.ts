/** SELECT, EXAMINE, CLOSE, UNSELECT, CHECK. */
import type { Uid } from '../../../mail/ids.ts';
import { type CommandSpec, AUTHENTICATED, SELECTED, command, noArguments, ok } from '../command.ts';
import { resolveMailbox, selectedRights } from '../mailbox-names.ts';
import type { MailboxInfo } from '../../../operations/contract.ts';
import type { ImapOutput } from '../output.ts';
import { resynchronise } from '../qresync.ts';
import { claimRecent, writeFlags } from '../updates.ts';
import { type SelectArguments, expectSelectArguments } from '../wire/select-args.ts';
import { responseCode } from '../wire/writer.ts';

const select = command<SelectArguments>({
  names: ['SELECT', 'EXAMINE'],
  states: AUTHENTICATED,
  rfc: '3501 §6.3.1-2, 9051 §6.3.2-3, 7162 §3.1.8, §3.2.5',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['CONDSTORE', 'QRESYNC', 'UIDPLUS', 'OBJECTID']),
  expunge: 'no',
  parse: (args) => expectSelectArguments(args),
  run: async (context, args, { name }) => {
    const { ops, session, out } = context;
    // RFC 7162 §3.2.5: QRESYNC must have been enabled.
    if (args.qresync !== undefined && !session.isEnabled('QRESYNC')) return { status: 'BAD', text: 'ENABLE QRESYNC first' };
    // RFC 3501 §6.3.1: also a SELECT that fails leaves nothing selected.
    if (session.state === 'selected') {
      session.unselect();
      out.untaggedStatus('OK', 'The former mailbox is closed', 'CLOSED');
    }
    const { mailbox, rights, name: shown } = await resolveMailbox(context, args.mailbox, { needs: 'r' });
    // RFC 4314 §5.2: READ-WRITE when something can be changed.
    const readOnly = name === 'EXAMINE' || !/[swte]/.test(rights);
    const hold = await ops.views.open(mailbox.user, mailbox.id);
    const box = session.select({ ...mailbox, path: shown }, hold, readOnly, rights);
    try {
      if (box.count > 0) await claimRecent(context, box, 1 as Uid, box.announced);
    } catch (error) {
      session.unselect();
      throw error;
    }
    box.recentTold();
    const { view } = box;
    writeFlags(out, view.keywords, readOnly, rights);
    out.untagged(`${box.count} EXISTS`);
    if (!session.isEnabled('IMAP4rev2')) {
      out.untagged(`${box.recentCount} RECENT`);
      const unseen = box.firstUnseen();
      if (unseen !== undefined && !session.isEnabled('UIDONLY'))
        out.untaggedStatus('OK', 'First unseen message', `UNSEEN ${unseen}`);
    }
    out.untaggedStatus('OK', 'UIDs are valid', `UIDVALIDITY ${view.uidValidity}`);
    out.untaggedStatus('OK', 'Predicted next UID', `UIDNEXT ${view.uidNext}`);
    out.untaggedStatus('OK', 'Highest mod-sequence', responseCode.highestModseq(view.modseq));
    out.untaggedStatus('OK', 'Mailbox id', responseCode.mailboxId(mailbox.id));
    if (session.isEnabled('IMAP4rev2')) writeSelected(out, session.mailbox);
    if (args.condstore) session.enable('CONDSTORE');
    if (args.qresync !== undefined) await resynchronise(context, args.qresync);
    return ok(`${name} completed`, readOnly ? 'READ-ONLY' : 'READ-WRITE');
  },
});

/** RFC 9051 §6.3.2: SELECT tells the mailbox's name and attributes. */
function writeSelected(out: ImapOutput, mailbox: MailboxInfo): void {
  const attributes = mailbox.specialUse === undefined ? '' : mailbox.specialUse;
  out.raw(`* LIST (${attributes}) "/" `).mailbox(mailbox.path).crlf();
}

const close = command({
  names: ['CLOSE'],
  states: SELECTED,
  rfc: '3501 §6.4.2',
  expunge: 'no',
  parse: noArguments,
  run: async ({ ops, session }) => {
    const { box } = session;
    const { user, mailbox } = box.view;
    const mayExpunge = !box.readOnly && (await selectedRights({ ops, session })).includes('e');
    const result = !mayExpunge ? undefined : await ops.messages.expunge(user, mailbox, { onlyDeleted: true });
    session.unselect();
    // RFC 7162 §3.2.7: the client keeps what it knows in step although it hears no EXPUNGE.
    const code = result !== undefined && session.isEnabled('QRESYNC') ? responseCode.highestModseq(result.modseq) : undefined;
    return ok('CLOSE completed', code);
  },
});

const unselect = command({
  names: ['UNSELECT'],
  states: SELECTED,
  rfc: '3691',
  capabilities: ({ state }) => (state === 'not-authenticated' ? [] : ['UNSELECT']),
  expunge: 'no',
  parse: noArguments,
  run: async ({ session }) => {
    session.unselect();
  },
});

const check = command({
  names: ['CHECK'],
  states: SELECTED,
  rfc: '3501 §6.4.1',
  expunge: 'yes',
  syncs: true,
  parse: noArguments,
  run: async () => {},
});

export const selectCommands: readonly CommandSpec[] = [select, close, unselect, check];
