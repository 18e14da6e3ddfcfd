/** Filterskripte einer Person. */
import type { enSieve } from './en-sieve.ts';

export const deSieve: typeof enSieve = {
  sieve: {
    lead: 'Regeln als Skripte in der Sprache Sieve. Eines davon arbeitet, nach den Filtern; auch Mailprogramme können sie verwalten (ManageSieve).',
    emptyTitle: 'Noch kein Skript',
    emptyLead: 'Ein Skript sagt, wohin Post geht: in welches Postfach, weiter an jemanden oder zurück.',
    add: 'Neues Skript',
    name: 'Name des Skripts',
    text: 'Inhalt',
    works: 'Dieses arbeitet',
    use: 'Arbeiten lassen',
    stop: 'Ausschalten',
    started: '{{name}} arbeitet jetzt.',
    stopped: 'Jetzt arbeitet kein Skript.',
    delete: 'Löschen',
    deleted: '{{name}} wurde gelöscht.',
    ask: '{{name}} löschen?',
    effect: 'Es lässt sich nicht zurückholen.',
    saved: '{{name}} ist richtig und wurde gespeichert.',
    notSaved: 'Es wurde nicht gespeichert.',
    wrong: 'Zeile {{line}}: {{problem}}',
    trouble: 'Das Skript {{name}} ging nicht; die Nachricht wurde behalten',
    troubleLine: 'Zeile {{line}}',
    choose: 'Welches Skript',
    example:
      '# Rundbriefe in ein eigenes Postfach\nrequire ["fileinto", "mailbox"];\nif exists "List-Id" {\n  fileinto :create "Rundbriefe";\n}\n',
    names: 'Was es verlangen kann',
  },
};
