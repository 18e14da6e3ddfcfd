/** Was schiefging, nach dem Code des Fehlers: was geschah, und was zu tun ist. */
import type { enFault } from './en-fault.ts';

export const deFault: typeof enFault = {
  fault: {
    Offline: {
      what: 'Mallard antwortet nicht.',
      advice: 'Sehen Sie nach, ob es noch läuft und ob dieser Rechner es erreicht, und versuchen Sie es noch einmal.',
    },
    Garbled: {
      what: 'Die Antwort war nicht zu verstehen.',
      advice: 'Diese Seite und der Server haben vielleicht verschiedene Versionen. Laden Sie die Seite neu.',
    },
    Busy: {
      what: 'Etwas anderes dieser Art läuft gerade.',
      advice: 'Warten Sie, bis die andere Sicherung, Wiederherstellung oder Übernahme fertig ist, oder brechen Sie sie ab.',
    },
    NotABackup: {
      what: 'In diesem Ordner liegen keine Sicherungen von Mallard.',
      advice: 'Wählen Sie den Ordner, in dem mallard-backups.json liegt.',
    },
    BackupWrongKey: {
      what: 'Weder Passphrase noch Wiederherstellungsschlüssel passen.',
      advice: 'Achten Sie auf Groß- und Kleinschreibung; der Schlüssel steht auf dem ausgedruckten Blatt.',
    },
    BackupWrongVersion: {
      what: 'Die Sicherung stammt von einem neueren Mallard.',
      advice: 'Installieren Sie diese oder eine spätere Version und stellen Sie damit wieder her.',
    },
    BackupDamaged: {
      what: 'Die Sicherung ist beschädigt.',
      advice: 'Nichts wurde verändert. Wählen Sie eine andere; die Einzelheiten nennen die Datei.',
    },
    BackupDiskFull: {
      what: 'Wo die Sicherungen liegen, ist kein Platz mehr.',
      advice: 'Schaffen Sie Platz, heben Sie weniger Sicherungen auf oder wählen Sie einen anderen Datenträger.',
    },
    BackupUnreachable: {
      what: 'Der Ordner der Sicherungen ist nicht erreichbar.',
      advice: 'Ist der Datenträger angeschlossen, die Freigabe verbunden? Darf Mallard dort schreiben?',
    },
    BackupNotEmpty: {
      what: 'Dort ist schon etwas.',
      advice:
        'Stellen Sie einzelne Personen wieder her, oder sagen Sie, dass alles ersetzt werden soll; für Sicherungen nehmen Sie einen leeren Ordner.',
    },
    BackupRefused: { what: 'So geht das nicht.', advice: 'Die Einzelheiten sagen, warum.' },
    Unauthorized: { what: 'Sie sind nicht angemeldet.', advice: 'Melden Sie sich neu an und wiederholen Sie es.' },
    SignInRefused: {
      what: 'Adresse oder Kennwort stimmen nicht.',
      advice:
        'Auf Groß- und Kleinschreibung achten. Nach mehreren Versuchen lässt der Server warten; ein neues Kennwort setzt, wer den Server verwaltet.',
    },
    ForbiddenHost: {
      what: 'Der Server heißt nicht so.',
      advice:
        'Benutzen Sie die Adresse, die „mallard status“ ausgibt, oder tragen Sie den Namen in den Einstellungen ein (server.names).',
    },
    ForbiddenOrigin: {
      what: 'Die Anfrage kam von einer anderen Seite.',
      advice: 'Öffnen Sie Mallard in einem eigenen Tab und versuchen Sie es noch einmal.',
    },
    InsecureTransport: {
      what: 'Von einem anderen Rechner geht es nur verschlüsselt.',
      advice: 'Öffnen Sie die Seite mit https:// am Anfang der Adresse.',
    },
    OnlyHere: {
      what: 'Das geht nur am Rechner selbst.',
      advice: 'Melden Sie sich hier mit dem Kennwort an, oder tun Sie es am Server.',
    },
    WrongPassword: {
      what: 'Das Kennwort stimmt nicht.',
      advice: 'Achten Sie auf Großbuchstaben. Nach mehreren Versuchen müssen Sie warten.',
    },
    WrongCode: {
      what: 'Dieser Code stimmt nicht.',
      advice: 'Ein Code gilt einmal und eine halbe Minute; warten Sie auf den nächsten. Geht die Uhr des Telefons richtig?',
    },
    WeakPassword: {
      what: 'Dieses Kennwort ist zu leicht zu erraten.',
      advice: 'Die Einzelheiten sagen, warum. Nehmen Sie ein längeres.',
    },
    NoPassword: { what: 'Es gibt noch kein Kennwort.', advice: 'Setzen Sie eines am Server selbst, unter Sicherheit.' },
    PasskeyRefused: {
      what: 'Der Passkey wurde nicht benutzt.',
      advice: 'Browser oder Gerät brachen ab. Versuchen Sie es noch einmal, oder nehmen Sie das Kennwort.',
    },
    NotAllowed: {
      what: 'Das braucht einen Administrator dieses Rechners.',
      advice: 'Die Einzelheiten sagen, was dort auszuführen ist.',
    },
    NotFound: { what: 'Es ist nicht da.', advice: 'Vielleicht wurde es inzwischen entfernt. Gehen Sie zurück zur Liste.' },
    MethodNotAllowed: {
      what: 'Der Server kennt das nicht.',
      advice: 'Laden Sie die Seite neu: Sie ist vielleicht älter als der Server.',
    },
    BadRequest: {
      what: 'Der Server hat die Eingabe abgelehnt.',
      advice: 'Prüfen Sie die Werte; die Einzelheiten sagen, welche.',
    },
    InputValidationError: {
      what: 'Der Server hat die Eingabe abgelehnt.',
      advice: 'Prüfen Sie die Werte; die Einzelheiten sagen, welche.',
    },
    TooLarge: { what: 'Es ist zu groß.', advice: 'Versuchen Sie es mit weniger auf einmal.' },
    UnknownSetting: {
      what: 'Diese Einstellung gibt es nicht.',
      advice: 'Laden Sie die Seite neu: Sie ist vielleicht älter als der Server.',
    },
    InvalidSetting: { what: 'Der Wert ist nicht erlaubt.', advice: 'Die Einzelheiten sagen, was erlaubt ist.' },
    SettingConflict: {
      what: 'Der Wert passt nicht zu einer anderen Einstellung.',
      advice: 'Die Einzelheiten sagen, zu welcher.',
    },
    UnknownService: { what: 'Diesen Dienst gibt es nicht.', advice: 'Laden Sie die Seite neu.' },
    ServiceFailed: {
      what: 'Der Dienst kam nicht hoch.',
      advice: 'Seine letzten Worte stehen unter Dienste und im Protokoll.',
    },
    Unavailable: {
      what: 'Der Mailserver ist nicht bereit zu antworten.',
      advice: 'Vielleicht startet er gerade. Sehen Sie unter Dienste nach und versuchen Sie es dann noch einmal.',
    },
    TooMany: {
      what: 'Zu viel auf einmal.',
      advice: 'Warten Sie einen Augenblick, schließen Sie andere Fenster von Mallard, und versuchen Sie es noch einmal.',
    },
    Internal: {
      what: 'Im Server ging etwas schief.',
      advice: 'Das Protokoll sagt, was. Versuchen Sie es noch einmal; bleibt es dabei, melden Sie es mit den Einzelheiten.',
    },
    UserNotFound: {
      what: 'Diese Person ist nicht hier.',
      advice: 'Vielleicht wurde das Postfach inzwischen entfernt. Gehen Sie zurück zur Liste.',
    },
    ExternalAccountNotFound: { what: 'Dieses Konto ist nicht da.', advice: 'Es wurde vielleicht inzwischen entfernt.' },
    ExternalHostRefused: { what: 'Von diesem Server kann nicht abgeholt werden.', advice: 'Die Einzelheiten sagen, warum.' },
    ScriptNotFound: { what: 'Dieses Skript ist nicht da.', advice: 'Es wurde vielleicht inzwischen entfernt.' },
    ScriptActive: { what: 'Dieses Skript arbeitet.', advice: 'Schalten Sie es zuerst aus.' },
    SieveError: { what: 'Das Skript ist nicht richtig.', advice: 'Die Einzelheiten sagen, wo.' },
    UserExistsError: { what: 'Dieser Benutzername ist vergeben.', advice: 'Wählen Sie einen anderen.' },
    AddressExistsError: {
      what: 'Diese Adresse ist vergeben.',
      advice: 'Wählen Sie eine andere, oder entfernen Sie sie dort, wo sie jetzt ist.',
    },
    InsecurePasswordError: {
      what: 'Dieses Kennwort steht auf Listen bekannter Kennwörter.',
      advice: 'Wählen Sie ein anderes, oder lassen Sie eines machen.',
    },
    MissingPrivileges: { what: 'Das ist nicht erlaubt.', advice: 'Dafür braucht es einen Verwalter.' },
    OverQuotaError: { what: 'Das Postfach ist voll.', advice: 'Geben Sie mehr Speicher oder entfernen Sie Post.' },
    ChangeNotAllowed: { what: 'Der Server erlaubt diese Änderung nicht.', advice: 'Die Einzelheiten sagen, warum.' },
    NotPermitted: { what: 'Der Server erlaubt das nicht.', advice: 'Die Einzelheiten sagen, warum.' },
  },
};
