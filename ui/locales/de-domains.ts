/** Domains. */
import type { enDomains } from './en-domains.ts';

export const deDomains: typeof enDomains = {
  domains: {
    title: 'Domains',
    lead: 'Für Post mit der Welt braucht jede Domain Einträge im DNS. In einem lokalen Netz ist nichts davon nötig.',
    notLoaded: 'Die Domains konnten nicht geladen werden.',
    notChanged: 'Es wurde nicht geändert.',
    emptyTitle: 'Noch keine Domain',
    emptyLead: 'Eine Domain erscheint hier mit der ersten Adresse in ihr.',
    signed: 'Post wird unterschrieben (DKIM)',
    unsigned: 'Nicht unterschrieben',
    noServerName:
      'Der Server hat noch keinen Namen, darum steht hier {{name}}. Setzen Sie ihn in den Einstellungen (server.hostname).',
    recordsLead:
      'Tragen Sie diese dort ein, wo die Domain gekauft wurde. Name und Wert lassen sich einzeln kopieren, oder alles als Zonendatei.',
    dns: {
      checking: 'DNS wird gefragt …',
      allRight: 'DNS hat alles, was diese Domain braucht.',
      wrong_one: 'Ein Eintrag fehlt im DNS oder ist anders.',
      wrong_other: '{{count}} Einträge fehlen im DNS oder sind anders.',
      again: 'Noch einmal fragen',
      notChecked: 'DNS konnte nicht gefragt werden.',
      noAddress:
        '{{name}} hat keine Adresse im DNS: Niemand findet den Server unter seinem Namen. Tragen Sie einen A-Eintrag mit Ihrer Internetadresse ein.',
      state: {
        right: 'Richtig',
        missing: 'Fehlt',
        different: 'Anders',
        several: 'Mehr als einer',
        unknown: 'DNS antwortete nicht',
      },
      advice: {
        different: 'Im DNS steht stattdessen:',
        several: 'Es darf nur einen geben; andere übergehen jetzt alle. Im DNS stehen:',
      },
    },
    purpose: {
      mx: 'Wohin Post für die Domain geht',
      spf: 'Wer für die Domain senden darf (SPF)',
      dkim: 'Der Schlüssel, der die Unterschrift beweist (DKIM)',
      dmarc: 'Was andere mit gefälschter Post tun (DMARC)',
      imaps: 'Wo Mailprogramme lesen',
      submissions: 'Wo Mailprogramme senden',
      pop3s: 'Wo Mailprogramme abholen (POP3)',
      imap: 'Dasselbe zum Lesen, durch STARTTLS',
      submission: 'Dasselbe zum Senden, durch STARTTLS',
      pop3: 'Dasselbe für POP3, durch STARTTLS',
      sieve: 'Wo Mailprogramme Filter ablegen (ManageSieve)',
      autodiscover: 'Wo Outlook seine Einstellungen sucht',
    },
    nameOf: 'Name des Eintrags {{type}}',
    valueOf: 'Wert des Eintrags {{type}}',
    zone: 'Als Zonendatei speichern',
    makeKey: 'Schlüssel zum Unterschreiben machen',
    keyMade: 'Post von {{domain}} wird ab jetzt unterschrieben. Tragen Sie den neuen Eintrag im DNS ein.',
    removeKey: 'Schlüssel entfernen',
    keyRemoved: 'Post von {{domain}} wird nicht mehr unterschrieben.',
    askKey: 'Den Schlüssel von {{domain}} entfernen?',
    keyEffect:
      'Post geht ohne Unterschrift hinaus, und mehr davon gilt vielleicht als Spam. Der Schlüssel kann nicht zurückgeholt werden.',
    alias: {
      title: 'Domains, die für eine andere stehen',
      lead: 'Jede Adresse der einen gibt es auch bei der anderen, ohne sie zweimal anzulegen.',
      none: 'Keine.',
      alias: 'Weitere Domain',
      standsFor: 'steht für',
      added: '{{alias}} steht jetzt für {{domain}}.',
      remove: '{{alias}} entfernen',
      removed: '{{alias}} wurde entfernt.',
    },
  },
};
