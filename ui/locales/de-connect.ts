/** Gerät verbinden. Schritte sind Zeilen. */
import type { enConnect } from './en-connect.ts';

export const deConnect: typeof enConnect = {
  device: {
    title: 'Gerät verbinden',
    lead: 'Kennwort und Werte für ein Telefon, ein Mailprogramm oder einen Drucker, Schritt für Schritt.',
    notLoaded: 'Das konnte nicht geladen werden.',
    emptyLead: 'Ein Gerät gehört zu einer Person. Fügen Sie die erste hinzu und kommen Sie dann wieder.',
    whose: 'Wem gehört das Gerät?',
    person: 'Person',
    personPlaceholder: 'Name oder Adresse',
    nobody: 'Niemand passt',
    which: 'Welches Programm?',
    password: 'Ein Kennwort für dieses Gerät',
    passwordLead:
      'Das Gerät bekommt ein eigenes Kennwort. Geht es verloren, wird nur dieses Kennwort entfernt, und alles andere läuft weiter.',
    make: 'Kennwort machen und Werte zeigen',
    ownPassword: 'Das Gerät meldet sich mit dem Kennwort dieser Person an.',
    show: 'Werte zeigen',
    made: 'Gemacht. Es steht unten, und nach Verlassen dieser Seite nie wieder.',
    notMade: 'Das Kennwort wurde nicht gemacht.',
    disabled: 'Diese Person ist gesperrt: Die Anmeldung wird abgelehnt, bis das aufgehoben ist.',
    values: 'Diese Werte eingeben',
    reachedAs: 'Name oder Adresse des Servers',
    reachedAsHelp: 'Ein Name ist besser als eine Nummer: Er bleibt, wenn sich das Netz ändert.',
    account: 'Konto',
    incoming: 'Posteingang ({{protocol}})',
    outgoing: 'Postausgang (SMTP)',
    field: { user: 'Benutzername', password: 'Kennwort', server: 'Server', port: 'Port', security: 'Sicherheit' },
    tls: { none: 'Keine', starttls: 'STARTTLS', implicit: 'SSL/TLS' },
    qr: 'QR-Code mit den Werten als Text',
    qrHelp: 'Die Kamera eines Telefons zeigt die Werte als Text zum Kopieren.',
    qrThunderbird: 'QR-Code für Thunderbird',
    qrThunderbirdHelp: 'In Thunderbird für Android: Konto hinzufügen, aus QR-Code importieren. Andere Apps: die Werte links.',
    allOff: 'Weder Lesen noch Senden ist eingeschaltet. Schalten Sie zuerst IMAP und Submission ein:',
    noSending: 'Senden ist nicht eingeschaltet: Dieses Gerät könnte nur lesen. Schalten Sie zuerst Submission ein:',
    onlyHere: 'Im Augenblick erreichen ihn nur Programme auf diesem Rechner. Ändern Sie, wer ihn erreichen kann:',
    steps: 'In {{client}}',
    check: 'Auf die erste Anmeldung warten',
    waiting: 'Warten, bis sich das Gerät anmeldet … Diese Seite merkt es von selbst.',
    connected: '{{name}} ist von {{client}} aus verbunden',
    firstSignIn: 'Angemeldet',
    authority: 'Wenn das Gerät vor dem Zertifikat warnt',
    authorityLead:
      'Der Server hat seine eigene Zertifizierungsstelle gemacht, die andere Geräte noch nicht kennen. Richten Sie sie einmal ein, dann vertrauen sie diesem Server, bis sie entfernt wird. Nehmen Sie ohne sie in einem fremden Netz nie eine Warnung hin.',
    authorityGet: 'Zertifikat der Stelle holen',
    authorityHow:
      'Windows: Datei öffnen, „Zertifikat installieren“, lokaler Computer, „Vertrauenswürdige Stammzertifizierungsstellen“.\nmacOS: Datei in der Schlüsselbundverwaltung öffnen, dann „Immer vertrauen“.\niPhone und iPad: Datei öffnen, Profil in den Einstellungen installieren, dann unter Allgemein › Info › Zertifikatsvertrauenseinstellungen einschalten.\nAndroid: Einstellungen › Sicherheit › Verschlüsselung & Anmeldedaten › Zertifikat installieren › CA-Zertifikat.\nThunderbird: Einstellungen › Datenschutz & Sicherheit › Zertifikate › Verwalten › Zertifizierungsstellen › Importieren.',
    profile: 'Kürzer: eine Datei für alles',
    profileLead:
      'Das Profil enthält das Konto, seine Server und das Kennwort. Öffnen Sie es auf dem Gerät selbst und bestätigen Sie es in den Einstellungen (am iPhone: Einstellungen › Allgemein › VPN & Geräteverwaltung).',
    profileGet: 'Profil holen',
    client: {
      thunderbird: {
        name: 'Thunderbird',
        what: 'Windows, macOS, Linux',
        steps:
          'Thunderbird öffnen, dann „Neues Konto“ › „E-Mail“.\nName, Adresse und das Kennwort von oben eingeben.\nFindet es die Server nicht, „Manuell einrichten“ wählen und die Werte von oben eingeben.\nAls Authentifizierung bei beiden Servern „Passwort, normal“ wählen.\n„Fertig“ drücken.',
      },
      outlook: {
        name: 'Outlook (klassisch)',
        what: 'Windows; nicht das neue Outlook',
        steps:
          'Das neue Outlook und Outlook für Telefone gehen über die Cloud von Microsoft, die keinen Server in Ihrem Netz erreicht. Benutzen Sie das klassische Outlook oder ein anderes Programm.\nSystemsteuerung › Mail › E-Mail-Konten › „Neu“ öffnen.\n„Manuelle Konfiguration“ wählen, dann „POP oder IMAP“.\nDie Werte von oben eingeben; Kontotyp IMAP.\nUnter „Weitere Einstellungen“ › „Postausgangsserver“ die Authentifizierung ankreuzen; unter „Erweitert“ Ports und Verschlüsselung eingeben.\n„Weiter“ drücken: Outlook prüft beide Server.',
      },
      apple: {
        name: 'Apple Mail',
        what: 'iPhone, iPad, Mac',
        steps:
          'Am Telefon Einstellungen › Apps › Mail › Mail-Accounts › Account hinzufügen › Andere › Mail-Account hinzufügen. Am Mac Mail › Account hinzufügen › Anderer Mail-Account.\nName, Adresse und das Kennwort von oben eingeben.\nIMAP wählen und beide Server mit Benutzername und Kennwort eingeben. Auch der Postausgang braucht sie.\nFragt es nach dem Zertifikat, siehe unten.\nSichern.',
      },
      android: {
        name: 'Android',
        what: 'Gmail, K-9, Thunderbird für Android',
        steps:
          'Die Mail-App öffnen und ein Konto hinzufügen; in Gmail „Andere“ wählen.\nDie Adresse eingeben, IMAP wählen, das Kennwort von oben eingeben.\nServer, Ports und Sicherheit von oben eingeben.\nFragt es nach dem Zertifikat, siehe unten.',
      },
      printer: {
        name: 'Drucker oder Scanner',
        what: 'Geräte, die nur senden',
        steps:
          'Die Seite des Geräts in einem Browser öffnen und „E-Mail“ oder „SMTP“ suchen.\nPostausgangsserver, Port, Benutzername und Kennwort von oben eingeben.\nAls Absender die Adresse dieser Person eingeben.\nTLS einschalten. Alte Geräte ohne TLS 1.2 brauchen eine Einstellung unter Einstellungen › Sicherheit.\nEine Testseite senden.',
      },
      other: {
        name: 'Anderes Programm',
        what: 'Alles mit IMAP oder POP3',
        steps:
          'Von Hand ein Konto hinzufügen und die Werte von oben eingeben.\nAls Authentifizierung ein einfaches Kennwort wählen; die Verbindung ist verschlüsselt.\nDer Postausgang braucht denselben Benutzernamen und dasselbe Kennwort.',
      },
    },
  },
};
