/** Die ersten Schritte. */
import type { enSetup } from './en-setup.ts';

export const deSetup: typeof enSetup = {
  setup: {
    title: 'Erste Schritte',
    lead: 'Sieben kurze Schritte. Vor dem letzten wird nichts geschrieben, und Sie können sie wiederholen.',
    notLoaded: 'Die ersten Schritte konnten nicht geladen werden.',
    progress: 'Schritt {{step}} von {{all}}',
    offer: 'In sieben Schritten einrichten',
    offerLead: 'Name, Senden und das erste Postfach: zwei Minuten.',
    again: 'Die ersten Schritte wiederholen',
    step: {
      welcome: 'Willkommen',
      usage: 'Zweck',
      check: 'Prüfung',
      folder: 'Ordner',
      name: 'Name',
      mailbox: 'Postfach',
      apply: 'Abschluss',
    },
    welcome: { title: 'Willkommen bei Mallard', lead: 'Ihr eigener Mailserver. Zuerst: Wie möchten Sie das hier lesen?' },
    usage: {
      title: 'Wofür brauchen Sie ihn?',
      lead: 'Das entscheidet, wie Post hinausgeht und wer welche bringen darf. In den Einstellungen lässt es sich jederzeit ändern.',
      office: {
        name: 'Zu Hause oder im Büro',
        what: 'Post unter den Personen hier. Post nach draußen wartet, bis Sie einen Weg für sie wählen. Kein DNS nötig.',
      },
      relay: {
        name: 'Mit meiner Domain, Senden über ein Relay',
        what: 'Ein Anbieter trägt Ihre Post nach draußen. Geht hinter jedem Internetanschluss.',
      },
      internet: {
        name: 'Voller Internet-Server',
        what: 'Post geht direkt zu den Servern der Empfänger. Braucht eine feste Adresse, DNS-Einträge und einen offenen Port 25.',
      },
      testing: { name: 'Nur zum Testen', what: 'Alles Gesendete landet hier in einem Postfach. Nichts geht hinaus.' },
      relayHost: 'Server des Relays',
      relayUser: 'Benutzername dort',
      relayPassword: 'Kennwort dort',
      showPassword: 'Kennwort zeigen oder verbergen',
    },
    check: {
      title: 'Ein Blick auf diesen Rechner',
      lead: 'Was Mallard braucht und was im Weg steht. Warnungen müssen Sie nicht jetzt erledigen.',
      again: 'Noch einmal',
      ok: 'Gut',
      warn: 'Warnung',
      fail: 'Im Weg',
    },
    folder: {
      title: 'Wo alles liegt',
      lead: 'Ein Ordner enthält Post, Einstellungen, Zertifikate und Protokoll. Sichern Sie ihn, und Sie haben alles.',
      other: 'Ein anderer Ordner, etwa auf einer größeren Platte, wird beim Start genannt:',
      command: 'Befehl',
    },
    name: {
      title: 'Name und Zertifikat',
      lead: 'Mailprogramme erreichen den Server über seinen Namen, und das Zertifikat nennt ihn.',
      hostname: 'Name des Servers',
      hostnameHelp: 'Leer: der Name dieses Rechners. In einem lokalen Netz genügt das.',
      authority: 'Wer unterschreibt das Zertifikat?',
      own: 'Dieser Server selbst',
      ownHelp: 'Geht sofort. Geräte vertrauen ihm, wenn seine Zertifizierungsstelle auf ihnen installiert ist.',
      public: 'Eine öffentliche Stelle (Let’s Encrypt)',
      publicHelp:
        'Geräte vertrauen ihr schon. Der Name muss hierher führen und Port 80 vom Internet aus offen sein. Sie stimmen deren Bedingungen zu.',
      email: 'E-Mail für deren Hinweise',
      emailHelp: 'Kann leer bleiben.',
      certificate: 'Das Zertifikat entsteht hier',
      certificateLead:
        'Mallard hat eine eigene Zertifizierungsstelle und erneuert von selbst. Geräte vertrauen ihr, sobald ihr Zertifikat eingerichtet ist; „Gerät verbinden“ zeigt, wie.',
    },
    mailbox: {
      title: 'Das erste Postfach',
      further: 'Ein weiteres Postfach',
      lead: 'Damit können Sie alles gleich ausprobieren: empfangen, lesen, senden.',
      want: 'Postfach anlegen',
      passwordHelp: 'Eines wurde gemacht. Schreiben Sie es auf oder tippen Sie ein anderes.',
    },
    problem: {
      relayHost: 'Geben Sie den Server des Relays ein, etwa smtp.anbieter.example.',
      publicName: 'Ein öffentliches Zertifikat braucht einen vollen Namen wie mail.example.org.',
      adminPassword: 'Das Kennwort des Verwalters braucht mindestens 10 Zeichen, oder lassen Sie es leer.',
      hostname: 'Ein Name hat Buchstaben, Ziffern und Bindestriche, mit Punkten dazwischen: mail.example.org',
      address: 'Geben Sie eine Adresse wie anna@example.org ein, oder schalten Sie das Postfach ab.',
      password: 'Das Kennwort braucht mindestens 8 Zeichen.',
    },
    apply: {
      title: 'Bereit?',
      lead: 'Das wird jetzt getan. Der Mailserver startet dafür neu; das dauert ein paar Sekunden.',
      failed: 'Es wurde nicht fertig. Gehen Sie zurück und verbessern Sie es, oder versuchen Sie es noch einmal.',
      computerName: 'der Name dieses Rechners',
      noMailbox: 'jetzt keines',
      button: 'Einrichten',
      doing: {
        mailbox: 'Das Postfach wird angelegt …',
        password: 'Das Kennwort wird gesetzt …',
        settings: 'Die Einstellungen werden geschrieben …',
        waiting: 'Der Mailserver startet neu …',
      },
    },
    start: {
      title: 'Wann startet Mallard?',
      manual: { name: 'Wenn ich es starte', what: 'Gut zum Ausprobieren. Es endet, wenn man es anhält, oder mit dem Rechner.' },
      signIn: {
        name: 'Wenn ich mich am Rechner anmelde',
        what: 'Wird jetzt eingerichtet. Solange Sie abgemeldet sind, hat niemand Post.',
      },
      computer: {
        name: 'Mit dem Rechner, bevor sich jemand anmeldet',
        what: 'Das Richtige fürs Büro. Ein Administrator dieses Rechners richtet es einmal ein.',
      },
      noService:
        'Dieses System hat keine Diensteverwaltung, die Mallard kennt; lassen Sie Ihre „mallard start --no-open“ ausführen.',
      commands: 'Einmal von einem Administrator auszuführen',
      commandsLead: 'Mallard selbst darf das nicht ändern. In einem Terminal an diesem Rechner, nach diesem Schritt:',
    },
    admin: {
      title: 'Ein Kennwort für diese Seiten',
      lead: 'Von anderen Rechnern öffnen sich diese Seiten damit. An diesem Rechner geht weiter auch ein Anmeldelink. Ein Wiederherstellungsschlüssel zum Drucken wird dazu gemacht.',
      label: 'Kennwort des Verwalters',
    },
    done: {
      title: 'Es ist eingerichtet',
      lead: 'Verbinden Sie nun ein Telefon oder ein Mailprogramm und schreiben Sie die erste Nachricht.',
    },
    test: {
      send: 'Testnachricht an mich senden',
      subject: 'Gruß von Mallard',
      text: 'Diese Nachricht wurde von Ihrem eigenen Mailserver gesendet und zugestellt. Es funktioniert.',
      failed: 'Die Testnachricht wurde nicht gesendet.',
      underway: 'Sie ist unterwegs …',
      arrived: 'Sie ist im Posteingang angekommen',
    },
  },
};
