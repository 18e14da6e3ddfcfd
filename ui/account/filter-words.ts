/** A filter in a sentence, and between its form and the HTTP API. Pure. */
import type { TFunction } from 'i18next';
import type { MailFilter, WantedFilter } from './filters.ts';

export const conditions = ['from', 'to', 'subject', 'listId', 'text'] as const;

export interface FilterForm {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly listId: string;
  readonly text: string;
  readonly attachment: 'any' | 'yes' | 'no';
  readonly mailbox: string;
  readonly seen: boolean;
  readonly flag: boolean;
  readonly junk: 'ask' | 'always' | 'never';
  readonly discard: boolean;
  readonly stop: boolean;
  readonly targets: readonly string[];
}

export const emptyForm: FilterForm = {
  name: '',
  from: '',
  to: '',
  subject: '',
  listId: '',
  text: '',
  attachment: 'any',
  mailbox: '',
  seen: false,
  flag: false,
  junk: 'ask',
  discard: false,
  stop: false,
  targets: [],
};

export function formOf({ name, query, action }: MailFilter): FilterForm {
  return {
    name,
    from: query.from ?? '',
    to: query.to ?? '',
    subject: query.subject ?? '',
    listId: query.listId ?? '',
    text: query.text ?? '',
    attachment: query.ha === undefined ? 'any' : query.ha ? 'yes' : 'no',
    mailbox: action.mailbox ?? '',
    seen: action.seen === true,
    flag: action.flag === true,
    junk: action.spam === undefined ? 'ask' : action.spam ? 'always' : 'never',
    discard: action.delete === true,
    stop: action.stop === true,
    targets: action.targets ?? [],
  };
}

/** Empty fields go: null takes away what was there. */
export function wantedOf(form: FilterForm): WantedFilter {
  const text = (value: string): string | null => value.trim() || null;
  return {
    name: form.name.trim(),
    query: {
      ...Object.fromEntries(conditions.map((name) => [name, text(form[name])])),
      ha: form.attachment === 'any' ? null : form.attachment === 'yes',
    },
    action: {
      mailbox: form.mailbox || null,
      seen: form.seen || null,
      flag: form.flag || null,
      spam: form.junk === 'ask' ? null : form.junk === 'always',
      delete: form.discard || null,
      stop: form.stop || null,
      targets: [...form.targets],
    },
  };
}

export function hasCondition(form: FilterForm): boolean {
  return conditions.some((name) => form[name].trim() !== '') || form.attachment !== 'any';
}

export function hasAction(form: FilterForm): boolean {
  return (
    form.mailbox !== '' || form.seen || form.flag || form.junk !== 'ask' || form.discard || form.stop || form.targets.length > 0
  );
}

export interface FilterSentence {
  readonly condition: string;
  readonly deed: string;
}

/** "When the sender contains “news”, move it to News, mark it as read." */
export function sentenceOf(t: TFunction, filter: MailFilter, nameOf: (mailbox: string) => string): FilterSentence {
  const form = formOf(filter);
  const when = [
    ...conditions.flatMap((name) => (form[name] === '' ? [] : [t(`filters.fits.${name}`, { text: form[name] })])),
    ...(form.attachment === 'any'
      ? []
      : [t(form.attachment === 'yes' ? 'filters.fits.attachment' : 'filters.fits.noAttachment')]),
  ];
  const then = [
    ...(form.mailbox === '' ? [] : [t('filters.deed.mailbox', { name: nameOf(form.mailbox) })]),
    ...(form.seen ? [t('filters.deed.seen')] : []),
    ...(form.flag ? [t('filters.deed.flag')] : []),
    ...(form.junk === 'ask' ? [] : [t(form.junk === 'always' ? 'filters.deed.junk' : 'filters.deed.notJunk')]),
    ...(form.targets.length === 0 ? [] : [t('filters.deed.targets', { addresses: form.targets.join(', ') })]),
    ...(form.discard ? [t('filters.deed.discard')] : []),
    ...(form.stop ? [t('filters.deed.stop')] : []),
  ];
  return { condition: when.join(' · '), deed: then.join(' · ') };
}
