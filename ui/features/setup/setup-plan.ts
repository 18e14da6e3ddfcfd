/**
 * The answers of the first steps, and what they come to: a change of settings and, perhaps, a mailbox. Pure. Nothing is written before the end; run again,
 * the steps begin with what is set.
 */
import type { SettingEntry, StartMode } from '../../../app/appliance/control/contract.ts';
import type { NewPerson } from '../../lib/people.ts';

export const usages = ['office', 'relay', 'internet', 'testing'] as const;
export type Usage = (typeof usages)[number];

export interface Answers {
  readonly usage: Usage;
  readonly relayHost: string;
  readonly relayUser: string;
  readonly relayPassword: string;
  readonly hostname: string;
  /** A certificate of a public authority (ACME) instead of the own one alone. */
  readonly publicCertificate: boolean;
  readonly certificateEmail: string;
  /** For these pages; empty: none is set now. */
  readonly adminPassword: string;
  /** Undefined: as it is. */
  readonly startMode: StartMode['mode'] | undefined;
  /** Undefined: no mailbox is wanted now. */
  readonly person: NewPerson | undefined;
}

type Settings = ReadonlyMap<string, SettingEntry>;

export function answersFrom(settings: Settings): Omit<Answers, 'person'> {
  const text = (name: string): string => {
    const value = settings.get(name)?.value;
    return typeof value === 'string' && value !== '***' ? value : '';
  };
  return {
    usage: usageFrom(text('outbound.mode'), settings.get('outbound.mode')?.origin),
    relayHost: text('outbound.relay.host'),
    relayUser: text('outbound.relay.username'),
    relayPassword: '',
    hostname: text('server.hostname'),
    publicCertificate: settings.get('acme.enabled')?.value === true,
    certificateEmail: text('acme.email'),
    adminPassword: '',
    startMode: undefined,
  };
}

/** Most begin on a home or office network; a mode that somebody has chosen says more. */
function usageFrom(mode: string, origin: SettingEntry['origin'] | undefined): Usage {
  if (origin === undefined || origin === 'default') return 'office';
  if (mode === 'relay') return 'relay';
  if (mode === 'direct') return 'internet';
  return mode === 'catch' ? 'testing' : 'office';
}

/** The settings that differ from what is in force. */
export function settingsOf(answers: Answers, settings: Settings): Readonly<Record<string, unknown>> {
  const wanted: Record<string, unknown> = {
    'server.hostname': answers.hostname.trim(),
    'outbound.mode': { office: 'paused', relay: 'relay', internet: 'direct', testing: 'catch' }[answers.usage],
    // Only who gets mail from the Internet has to be open to other servers.
    'smtp.host': answers.usage === 'internet' || answers.usage === 'relay' ? 'any' : 'localhost',
  };
  wanted['acme.enabled'] = wantsAcme(answers);
  if (wantsAcme(answers)) wanted['acme.email'] = answers.certificateEmail.trim();
  if (answers.usage === 'relay') {
    wanted['outbound.relay.host'] = answers.relayHost.trim();
    wanted['outbound.relay.username'] = answers.relayUser.trim();
    if (answers.relayPassword !== '') wanted['outbound.relay.password'] = answers.relayPassword;
  }
  if (answers.usage === 'testing' && answers.person !== undefined) wanted['outbound.catchAddress'] = answers.person.address;
  // A setting that this appliance does not have is not asked for.
  return Object.fromEntries(
    Object.entries(wanted).filter(([name, value]) => settings.has(name) && settings.get(name)?.value !== value),
  );
}

/** Only a server that the Internet reaches by its name can have one. */
export function wantsAcme({ publicCertificate, usage }: Answers): boolean {
  return publicCertificate && (usage === 'internet' || usage === 'relay');
}

/** What keeps a step from being left. */
export function problemOf(
  step: number,
  answers: Answers,
): 'relayHost' | 'hostname' | 'publicName' | 'adminPassword' | 'address' | 'password' | undefined {
  if (step === 1 && answers.usage === 'relay' && answers.relayHost.trim() === '') return 'relayHost';
  if (step === 4 && answers.hostname.trim() !== '' && !/^[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)*$/u.test(answers.hostname.trim()))
    return 'hostname';
  if (step === 4 && wantsAcme(answers) && !answers.hostname.trim().includes('.')) return 'publicName';
  if (step === 5 && answers.adminPassword !== '' && Array.from(answers.adminPassword).length < 10) return 'adminPassword';
  if (step === 5 && answers.person !== undefined) {
    if (!/^[^@\s]+@[^@\s]+$/.test(answers.person.address)) return 'address';
    if (answers.person.password.length < 8) return 'password';
  }
  return undefined;
}
